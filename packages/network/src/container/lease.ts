import { dirname } from 'node:path';
import {
  AT_FDCWD,
  close,
  fd,
  flock,
  LOCK,
  long,
  Memory,
  mkdirat,
  openat,
  OPEN,
  syscall,
  write,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { fail } from './refusals.ts';

/** Where leases are, unless somebody says otherwise: for as long as the machine runs. */
export const leaseRoot = '/run/ts-c/network';

/** An address of a bridge, or of another device of the host, that one container has. */
export interface Lease {
  /** The bridge, or the other device. */
  readonly bridge: string;
  readonly address: string;
  /** Of the container, and of its table of nf_tables. */
  readonly id: string;
  /** The host's end of the container's veth: as long as that leads to a container, the address is in use. */
  readonly device?: string | undefined;
  /** Is there a file of a container that was killed, which is taken over? Unless so, a file that is there is a reason not to. */
  readonly isLeft?: boolean | undefined;
}

/** The id of a table of nf_tables: the first of a container has that of the container. */
export const tableId = (container: string, index: number): string =>
  index === 0 ? container : `${container}..${index}`;
/** The container whose table it is. */
export const containerOf = (id: string): string => id.replace(/\.\.\d+$/, '');

/** ftruncate(2). */
const ftruncate = syscall('ftruncate', [fd('fd'), long('length')]);
const directoryFlags = OPEN.RDONLY | OPEN.DIRECTORY | OPEN.CLOEXEC | OPEN.NOFOLLOW;

/** Opens the directory of all leases, which is made if it is not there. Only root may write in it. */
export function openLeases(kernel: Kernel, root: string): Value {
  for (const directory of [dirname(root), root])
    kernel.attempt(['EEXIST'], () => kernel.call(mkdirat, AT_FDCWD, directory, 0o755));
  return kernel.call(openat, AT_FDCWD, root, directoryFlags, 0);
}

/**
 * Does `body` while nobody else gives or takes leases, makes or removes bridges. Nobody does so for long, and the kernel unlocks what
 * a process had locked that was killed: flock(2).
 *
 * A lock belongs to what has been opened. So it is taken away by hand: a child may have a share in that.
 */
export function whileLocked(kernel: Kernel, leases: Value, body: () => void): void {
  kernel.call(flock, leases, LOCK.EX);
  kernel.ensure(body, () => kernel.call(flock, leases, LOCK.UN));
}

/**
 * Takes a lease: a file that is locked for as long as the supervisor lives. One that is there and not locked is what is left of a
 * container that was killed. It may be taken over if the plan has looked at it: the container may have outlived its supervisor, and there
 * is more of it to remove. Needs {@link whileLocked}.
 *
 * @returns the file descriptor that holds it.
 * @throws {Error} `EADDRINUSE` where somebody else has the address.
 */
export function takeLease(
  kernel: Kernel,
  leases: Value,
  { bridge, address, isLeft = false }: Lease,
): Value {
  kernel.attempt(['EEXIST'], () => kernel.call(mkdirat, leases, bridge, 0o755));
  const path = `${bridge}/${address}`;
  const refuse = (): void =>
    fail(kernel, {
      code: 'EADDRINUSE',
      message: `EADDRINUSE: another container has the address ${address} on ${bridge}, flock '${path}'`,
      syscall: 'flock',
      path,
    });
  const flags = OPEN.RDWR | OPEN.CREAT | OPEN.NOFOLLOW | OPEN.CLOEXEC | (isLeft ? 0 : OPEN.EXCL);
  let lease: Value = -1;
  kernel.attempt(
    ['EEXIST'],
    () => (lease = kernel.call(openat, leases, path, flags, 0o644)),
    refuse,
  );
  kernel.attempt(
    ['EAGAIN'],
    () => kernel.call(flock, lease, LOCK.EX | LOCK.NB),
    () => {
      kernel.call(close, lease);
      refuse();
    },
  );
  return lease;
}

/** Writes into a lease whose it is: the id of the container and the device, a line each. By that is found what a killed one has left. */
export function signLease(kernel: Kernel, file: Value, { id, device }: Lease): void {
  const content = Buffer.from(device === undefined ? `${id}\n` : `${id}\n${device}\n`);
  kernel.call(ftruncate, file, 0);
  kernel.call(write, file, new Memory(content), content.length);
}
