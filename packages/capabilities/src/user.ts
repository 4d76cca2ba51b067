import { problem } from './error.ts';

/** Who a process is to be. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly additionalGids: readonly number[];
  /** The home directory, where passwd(5) names one. */
  readonly home?: string;
  readonly name?: string;
}

/** The texts that names are looked up in; a missing file is no error. */
export interface AccountSources {
  /** Text of a passwd(5). */
  readonly passwd?: string;
  /** Text of a group(5). */
  readonly group?: string;
}

/** An entry of passwd(5). */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** An entry of group(5). */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const largestId = 2 ** 31 - 1;

/**
 * Finds out who is meant by the `user` of a configuration: `name`, `uid`, `name:group` or `uid:gid`, or nobody in particular: root.
 *
 * A name is matched first, by name or by number. Only a number may be without an entry. A group that is named stands alone; without
 * one, all groups that list the user come along. Fields beyond the second are ignored, as libcontainer 1.1.0 did.
 *
 * @throws {Error} `ERR_UNKNOWN_USER`, `ERR_UNKNOWN_GROUP`, or `ERR_ID_RANGE` for a number above 2147483647.
 */
export function resolveUser(spec: string, sources: AccountSources = {}): ResolvedUser {
  const [user = '', group = ''] = spec.split(':');
  const entries = parsePasswd(sources.passwd ?? '');
  const entry = user === '' ? entries.find(({ uid }) => uid === 0) : entries.find(({ name, uid }) => name === user || String(uid) === user);
  const uid = entry?.uid ?? (user === '' ? 0 : parseId(user, 'user', 'ERR_UNKNOWN_USER', 'etc/passwd'));
  const groups = parseGroup(sources.group ?? '');
  const who = entry ? { home: entry.home, name: entry.name } : {};
  if (group !== '') {
    const found = groups.find(({ name, gid }) => name === group || String(gid) === group);
    return { uid, gid: found?.gid ?? parseId(group, 'group', 'ERR_UNKNOWN_GROUP', 'etc/group'), additionalGids: [], ...who };
  }
  const isNamed = user !== '' && entry !== undefined;
  const additionalGids = isNamed ? groups.filter(({ members }) => members.includes(entry.name)).map(({ gid }) => gid) : [];
  return { uid, gid: entry?.gid ?? 0, additionalGids, ...who };
}

/** The home directory of a user: what passwd(5) says, or `/`. */
export function homeOf({ home }: ResolvedUser): string {
  return home === undefined || home === '' ? '/' : home;
}

/** Reads a passwd(5). Blank lines are passed over; missing fields are empty, and ids that are no numbers 0. */
export function parsePasswd(text: string): PasswdEntry[] {
  return linesOf(text).map(([name = '', , uid, gid, , home = '']) => ({ name, uid: idOf(uid), gid: idOf(gid), home }));
}

/** Reads a group(5). Blank lines are passed over; missing fields are empty, and ids that are no numbers 0. */
export function parseGroup(text: string): GroupEntry[] {
  return linesOf(text).map(([name = '', , gid, members = '']) => ({
    name,
    gid: idOf(gid),
    members: members.split(',').filter((member) => member !== ''),
  }));
}

function linesOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(':'));
}

// The kernel's ids end at 2^32 - 2; -1 means "leave it as it is" to setresuid(2), and must never come out of a file.
const kernelLimit = 2 ** 32 - 2;

function idOf(text: string | undefined): number {
  const number = /^\d+$/.test(text ?? '') ? Number(text) : 0;
  if (number <= kernelLimit) return number;
  throw problem('ERR_ID_RANGE', `id ${text} in an account file is beyond ${kernelLimit}, the last one there can be`, { id: text });
}

/** An id in decimal: nothing else is taken for one, and nothing is cut off. */
function parseId(text: string, kind: 'user' | 'group', code: 'ERR_UNKNOWN_USER' | 'ERR_UNKNOWN_GROUP', file: string): number {
  if (!/^\d+$/.test(text)) {
    throw problem(code, `Unable to find ${kind} ${text}: it is not in the container's ${file}, and no number`, { [kind]: text });
  }
  const number = Number(text);
  if (number <= largestId) return number;
  throw problem('ERR_ID_RANGE', `${kind} ${text} is out of range: ids go from 0 to ${largestId}`, { [kind]: text });
}
