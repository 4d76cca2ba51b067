import { checkInteger } from '@ts-c/syscall';
import { invalid } from './invalid.ts';

/** A range of user or group ids: those inside the user namespace, and what they are outside. See user_namespaces(7). */
export interface IdMapping {
  /** First id inside. */
  readonly containerId: number;
  /** First id outside. */
  readonly hostId: number;
  /** How many ids. */
  readonly size: number;
}

/** Who writes the id maps of a new user namespace. */
export type MapWriter =
  /** The process itself: it may map its own id and no other. */
  | 'self'
  /** A process that stayed outside, with CAP_SETUID and CAP_SETGID there. */
  | 'helper'
  /** newuidmap(1) and newgidmap(1), set-user-id programs that know the ranges of subuid(5). */
  | 'newuidmap';

/** The maps of a user namespace, and who writes them. */
export interface Mappings {
  readonly uid: readonly IdMapping[];
  readonly gid: readonly IdMapping[];
  readonly writer: MapWriter;
}

const maximumId = 2n ** 32n - 2n;
// The kernel takes 340 lines since Linux 4.15.
const maximumLines = 340;

/**
 * Checks a list of mappings.
 *
 * @param name What to call it in an error: `uidMappings`.
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for ids out of range, an empty range, ranges that overlap, or too many.
 */
export function checkMappings(name: string, mappings: readonly IdMapping[]): void {
  if (mappings.length > maximumLines)
    throw invalid(`${name}: the kernel takes ${maximumLines} ranges at most`);
  mappings.forEach(({ containerId, hostId, size }, index) => {
    checkInteger(`${name}[${index}].containerId`, containerId, 0n, maximumId);
    checkInteger(`${name}[${index}].hostId`, hostId, 0n, maximumId);
    checkInteger(`${name}[${index}].size`, size, 1n, maximumId + 1n);
    if (BigInt(containerId + size) > maximumId + 1n || BigInt(hostId + size) > maximumId + 1n) {
      throw invalid(`${name}[${index}]: the range goes beyond the last id, ${maximumId}`);
    }
  });
  for (const side of ['containerId', 'hostId'] as const) {
    const sorted = mappings.toSorted((a, b) => a[side] - b[side]);
    sorted.slice(1).forEach((mapping, index) => {
      const before = sorted[index];
      if (before && before[side] + before.size > mapping[side]) {
        throw invalid(`${name}: ranges overlap at ${side} ${mapping[side]}`);
      }
    });
  }
}

/** Writes mappings as /proc/PID/uid_map takes them. */
export function formatMappings(mappings: readonly IdMapping[]): string {
  return mappings
    .map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`)
    .join('');
}

/** The one mapping that anybody may have: root inside is the caller outside. */
export function ownMapping(hostId: number): readonly IdMapping[] {
  return [{ containerId: 0, hostId, size: 1 }];
}

/** Who may write these maps, given who asks: root with a helper, others alone for their own id, else through newuidmap. */
export function mapWriter(
  uid: readonly IdMapping[],
  gid: readonly IdMapping[],
  caller: { readonly uid: number; readonly gid: number },
): MapWriter {
  if (caller.uid === 0) return 'helper';
  const own = (list: readonly IdMapping[], id: number): boolean =>
    list.length === 1 && list[0]?.hostId === id && list[0].size === 1;
  return own(uid, caller.uid) && own(gid, caller.gid) ? 'self' : 'newuidmap';
}

/** Ranges of subordinate ids of a user in the text of /etc/subuid or /etc/subgid: see subuid(5). */
export function parseSubordinateIds(
  text: string,
  user: { readonly name?: string; readonly id: number },
): IdMapping[] {
  let next = 1;
  const ranges: IdMapping[] = [];
  for (const line of text.split('\n')) {
    const [owner, start, count] = line.split(':');
    if (owner !== user.name && owner !== String(user.id)) continue;
    const [hostId, size] = [Number(start), Number(count)];
    if (!Number.isSafeInteger(hostId) || !Number.isSafeInteger(size) || size < 1) continue;
    ranges.push({ containerId: next, hostId, size });
    next += size;
  }
  return ranges;
}
