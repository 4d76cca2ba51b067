import { accessSync, closeSync, constants, fchmodSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { prefixed } from './calls.ts';
import { live } from './live/live.ts';
import { fd, flags, oneOf, text, uint } from './parameter.ts';
import type { Image } from './program/compile.ts';
import { syscall } from './syscall.ts';

const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, EXEC: 0x10 } as const;
const SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8, EXEC: 0x20 } as const;
const FCNTL = { F_DUPFD_CLOEXEC: 1030, F_ADD_SEALS: 1033 } as const;

const memfdCreate = syscall(
  'memfd_create',
  [text('name'), flags('flags', prefixed('MFD_', MFD))],
  'fd',
);
const addSeals = syscall('fcntl', [
  fd('fd'),
  oneOf('op', FCNTL),
  flags('seals', prefixed('F_SEAL_', SEAL)),
]);
const duplicate = syscall('fcntl', [fd('fd'), oneOf('op', FCNTL), uint('minimum')], 'fd');

/**
 * How many file descriptors a child may be given: they are laid over the numbers from 0 before it executes ours, which is above
 * them.
 */
export function mostDescriptors(reportFd: number): number {
  return Math.max(64, reportFd + 1);
}

/**
 * An executable without a name: a sealed memfd, or where the kernel or a sysctl refuses that, an unlinked file. It lasts until
 * it is disposed of, and may be started any number of times.
 */
export class Executable implements Disposable {
  readonly image: Image;
  readonly #fd: number;
  #closed = false;

  /**
   * @param name What it is called in /proc/PID/maps.
   * @throws {Error} `ERR_NOT_EXECUTABLE` where neither a memfd nor a file in any of the usual places can be executed.
   */
  constructor(image: Image, name = 'ts-c') {
    this.image = image;
    this.#fd = sealedMemory(image, name) ?? unlinkedFile(image);
  }

  /** The path to start it by, for a child of this process. */
  get path(): string {
    if (this.#closed) throw new Error('this executable has been disposed of');
    return `/proc/self/fd/${this.#fd}`;
  }

  [Symbol.dispose](): void {
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }
}

/** memfd_create(2) and the seals of fcntl(2); nothing where the kernel or `vm.memfd_noexec` says no. */
function sealedMemory({ bytes, recording }: Image, name: string): number | undefined {
  const descriptor = openMemory(name);
  if (descriptor === undefined) return undefined;
  try {
    writeAll(descriptor, bytes);
    const seals = SEAL.SEAL | SEAL.SHRINK | SEAL.GROW | SEAL.WRITE;
    live.attempt(
      ['EINVAL'],
      () => live.call(addSeals, descriptor, FCNTL.F_ADD_SEALS, seals | SEAL.EXEC),
      // Before Linux 6.3 there was no F_SEAL_EXEC either.
      () => live.call(addSeals, descriptor, FCNTL.F_ADD_SEALS, seals),
    );
    return lift(descriptor, recording.reportFd);
  } finally {
    closeSync(descriptor);
  }
}

function openMemory(name: string): number | undefined {
  const open = (more: number): void => {
    descriptor = Number(live.call(memfdCreate, name, MFD.CLOEXEC | MFD.ALLOW_SEALING | more));
  };
  let descriptor: number | undefined;
  live.attempt(['EACCES', 'ENOSYS', 'EPERM'], () =>
    live.attempt(
      ['EINVAL'],
      () => open(MFD.EXEC),
      // Before Linux 6.3 there was no MFD_EXEC: every memfd could be executed.
      () => open(0),
    ),
  );
  return descriptor;
}

/** A file that is unlinked from the start, open for reading only: one that is open for writing can't be executed. */
function unlinkedFile({ bytes, recording }: Image): number {
  const refusals: Error[] = [];
  for (const directory of new Set(['/dev/shm', '/run', '/var/tmp', '/tmp', tmpdir()])) {
    try {
      return writeUnlinked(directory, bytes, recording.reportFd);
    } catch (error) {
      refusals.push(error as Error);
    }
  }
  const places = refusals.map(({ message }) => message).join('; ');
  throw Object.assign(
    new Error(
      `nothing can be executed: memfd_create is refused, and so is a file in each of the usual places (${places})`,
      { cause: refusals.at(-1) },
    ),
    { code: 'ERR_NOT_EXECUTABLE' },
  );
}

function writeUnlinked(directory: string, bytes: Uint8Array, reportFd: number): number {
  const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
  const writer = openSync(directory, O_TMPFILE | constants.O_RDWR, 0o700);
  try {
    writeAll(writer, bytes);
    fchmodSync(writer, 0o555);
    const path = `/proc/self/fd/${writer}`;
    // Refused on a file system that is mounted noexec.
    accessSync(path, constants.X_OK);
    const reader = openSync(path, constants.O_RDONLY);
    try {
      return lift(reader, reportFd);
    } finally {
      closeSync(reader);
    }
  } finally {
    closeSync(writer);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(descriptor, bytes, done);
}

/** A copy of a file descriptor further up, out of the way of a child's own. */
function lift(descriptor: number, reportFd: number): number {
  const minimum = mostDescriptors(reportFd);
  return Number(live.call(duplicate, descriptor, FCNTL.F_DUPFD_CLOEXEC, minimum));
}
