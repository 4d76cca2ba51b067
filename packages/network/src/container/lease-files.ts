import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoNumber, flock, isErrno, live, LOCK } from '@ts-c/syscall';

/** The leases of one bridge. */
export interface LeaseFacts {
  /** Addresses that are leased, or were by containers that were killed and have not been swept. */
  readonly addresses: ReadonlySet<string>;
  /** The id of the lease of an address; undefined where nobody holds one. */
  holderOf(address: string): string | undefined;
}

/** What there is to know of a lease by its file. */
export interface LeaseFile {
  /** Whose it is. */
  readonly id: string;
  /** The host's end of the container's veth; empty where it has none. */
  readonly device: string;
  /** Does its supervisor live? */
  readonly isLocked: boolean;
}

/** Is a device there, and does the container that it leads to live, and not just end? */
export type IsInUse = (device: string) => boolean;

/** Leases as their files tell, each looked at when it is asked for: few of them ever are. */
export class LeaseFiles implements LeaseFacts {
  readonly #directory: string;
  readonly #isInUse: IsInUse;
  #addresses: ReadonlySet<string> | undefined;

  /** @param directory That of a bridge. There are none where it is not there, or may not be looked at. */
  constructor(directory: string, isInUse: IsInUse) {
    this.#directory = directory;
    this.#isInUse = isInUse;
  }

  get addresses(): ReadonlySet<string> {
    return (this.#addresses ??= new Set(listOf(this.#directory)));
  }

  holderOf(address: string): string | undefined {
    const lease = readLease(join(this.#directory, address));
    if (!lease) return undefined;
    const { id, device, isLocked } = lease;
    return isLocked || (device !== '' && this.#isInUse(device)) ? id : undefined;
  }
}

/** Reads a lease, as it is at this moment. */
export function readLease(path: string): LeaseFile | undefined {
  // Most often it is not there, and an exception takes longer than a look.
  if (!existsSync(path)) return undefined;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const [id = '', device = ''] = readFileSync(file, 'utf8').split('\n');
    return { id, device, isLocked: hasLock(file) };
  } finally {
    closeSync(file);
  }
}

/** Is a file locked by somebody? Looked at with a lock that many can have, and taken away at once. */
function hasLock(file: number): boolean {
  try {
    live.call(flock, file, LOCK.SH | LOCK.NB);
    return false;
  } catch (error) {
    if (isErrno(error, 'EAGAIN')) return true;
    throw error;
  }
}

/** The names in a directory; none where it is not there, or not ours to look at. */
export function listOf(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  try {
    return readdirSync(directory);
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES'].some((code) => errno === -errnoNumber(code as 'EACCES')))
      return [];
    throw error;
  }
}
