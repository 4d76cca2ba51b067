import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoNumber, flock, isErrno, live, LOCK } from '@ts-c/syscall';

/** The leases of one bridge. */
export interface LeaseFacts {
  /** Addresses that are leased, or were by containers that were killed and have not been swept. */
  readonly addresses: ReadonlySet<string>;
  /** Looks at the lease of an address, if there is one. */
  look(address: string): LeaseLook | undefined;
}

/** What there is to say of a lease: whose it is, or was. */
export interface LeaseLook {
  /** The id of who holds it; undefined where nobody does. */
  readonly holder?: string | undefined;
  /** The id of who has left it, and maybe a table of nf_tables; undefined where somebody else has that id by now. */
  readonly left?: string | undefined;
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
  readonly #root: string;
  readonly #bridge: string;
  readonly #isInUse: IsInUse;
  #addresses: ReadonlySet<string> | undefined;

  /** Those of a bridge. There are none where its directory is not there, or may not be looked at. */
  constructor(root: string, bridge: string, isInUse: IsInUse) {
    this.#root = root;
    this.#bridge = bridge;
    this.#isInUse = isInUse;
  }

  get addresses(): ReadonlySet<string> {
    return (this.#addresses ??= new Set(listOf(join(this.#root, this.#bridge))));
  }

  look(address: string): LeaseLook | undefined {
    const lease = readLease(join(this.#root, this.#bridge, address));
    if (!lease) return undefined;
    const { id } = lease;
    if (isHeld(lease, this.#isInUse)) return { holder: id };
    const others = [...readLeases(this.#root).values()].flat().filter((each) => each.id === id);
    return others.some((each) => isHeld(each, this.#isInUse)) ? {} : { left: id };
  }
}

/** Does the supervisor live that has it locked, or the container without one? */
export function isHeld({ device, isLocked }: LeaseFile, isInUse: IsInUse): boolean {
  return isLocked || (device !== '' && isInUse(device));
}

/** A lease, and its address. */
export interface FoundLease extends LeaseFile {
  readonly address: string;
}

/** Reads all leases there are, by the names of their bridges. */
export function readLeases(root: string): ReadonlyMap<string, readonly FoundLease[]> {
  return new Map(
    listOf(root).map((name) => [
      name,
      listOf(join(root, name)).flatMap((address) => {
        const lease = readLease(join(root, name, address));
        return lease ? [{ ...lease, address }] : [];
      }),
    ]),
  );
}

/** Reads a lease, as it is at this moment. */
function readLease(path: string): LeaseFile | undefined {
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
function listOf(directory: string): readonly string[] {
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
