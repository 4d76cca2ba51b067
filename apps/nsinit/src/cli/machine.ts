import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import process from 'node:process';
import type { CapabilityName } from '@ts-c/capabilities';
import { parseSubordinateIds, type IdMapping } from '@ts-c/namespaces';
import { findCommand } from '../find-command.ts';
import { capabilitiesIn } from './specs/capability.ts';

/** Which ids a new user namespace gets; what is absent is the caller's own id as root, and no other. */
interface AutomaticMappings {
  readonly uid?: readonly IdMapping[];
  readonly gid?: readonly IdMapping[];
}

/** What describing a container asks of this machine, and only where it is needed. */
export interface Machine {
  /** Ids for a user namespace that nobody gave any for. */
  automaticMappings(): AutomaticMappings;
  /** The capabilities that this process may keep. */
  ownCapabilities(): readonly CapabilityName[];
}

/** The largest number of ids that a range can have. */
const allIds = 2 ** 32 - 2;

/** This machine. */
export const thisMachine: Machine = { automaticMappings, ownCapabilities };

/**
 * Root gets every id that it has as it is: the same owners everywhere, but no power over the host. Others get their own id as root,
 * and behind it the ranges of subuid(5), if newuidmap(1) is there to map them.
 */
function automaticMappings(): AutomaticMappings {
  const uid = process.geteuid?.() ?? 0;
  if (uid === 0) return { uid: everyId('uid_map'), gid: everyId('gid_map') };
  if (!findCommand('newuidmap') || !findCommand('newgidmap')) return {};
  const name = nameOfUser();
  const user = { id: uid, ...(name === undefined ? {} : { name }) };
  const [users, groups] = ['/etc/subuid', '/etc/subgid'].map((path) =>
    parseSubordinateIds(read(path), user),
  );
  if (!users?.length || !groups?.length) return {};
  return {
    uid: [{ containerId: 0, hostId: uid, size: 1 }, ...users],
    gid: [{ containerId: 0, hostId: process.getegid?.() ?? 0, size: 1 }, ...groups],
  };
}

/** The ids that this user namespace has, each as itself. */
function everyId(map: string): IdMapping[] {
  return read(`/proc/self/${map}`)
    .trim()
    .split('\n')
    .map((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return { containerId: first, hostId: first, size: Math.min(count, allIds - first) };
    });
}

function ownCapabilities(): readonly CapabilityName[] {
  const [, permitted = '0'] = /^CapPrm:\s*([0-9a-f]+)/m.exec(read('/proc/self/status')) ?? [];
  return capabilitiesIn(BigInt(`0x${permitted}`));
}

function nameOfUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A user id without a line in passwd(5).
    return undefined;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
