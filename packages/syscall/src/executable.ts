import { closeSync, constants, fchmodSync, openSync, writeSync } from 'node:fs';
import { prefixed } from './calls.ts';
import { isErrno } from './error.ts';
import { live } from './live/live.ts';
import { fd, flags, oneOf, text, uint } from './parameter.ts';
import type { Image } from './program/compile.ts';
import { syscall } from './syscall.ts';

const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, EXEC: 0x10 } as const;
const SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8, EXEC: 0x20 } as const;
const FCNTL = { F_DUPFD_CLOEXEC: 1030, F_ADD_SEALS: 1033 } as const;

const memfdCreate = syscall('memfd_create', [text('name'), flags('flags', prefixed('MFD_', MFD))], 'fd');
const addSeals = syscall('fcntl', [fd('fd'), oneOf('op', FCNTL), flags('seals', prefixed('F_SEAL_', SEAL))]);
const duplicate = syscall('fcntl', [fd('fd'), oneOf('op', FCNTL), uint('minimum')], 'fd');

// A child's own file descriptors are laid over the low numbers before it executes ours.
const lowest = 64;

/**
 * An executable without a name: a sealed memfd, or where the kernel or a sysctl refuses that, an unlinked file. It lasts until
 * it is disposed of, and may be started any number of times.
 */
export class Executable implements Disposable {
  readonly image: Image;
  readonly #fd: number;
  #closed = false;

  /** @throws {SystemError} where neither a memfd nor a file in any of the usual places can be executed. */
  constructor(image: Image, name = 'ts-c') {
    this.image = image;
    this.#fd = sealedMemory(image.bytes, name) ?? unlinkedFile(image.bytes);
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
function sealedMemory(bytes: Uint8Array, name: string): number | undefined {
  let created: number | undefined;
  live.attempt(['EINVAL', 'EACCES', 'ENOSYS', 'EPERM'], () => {
    created = open(name, MFD.EXEC);
  });
  if (created === undefined) {
    // Before Linux 6.3 there was no MFD_EXEC: every memfd could be executed.
    live.attempt(['EACCES', 'ENOSYS', 'EPERM'], () => {
      created = open(name, 0);
    });
  }
  if (created === undefined) return undefined;
  const descriptor = created;
  writeAll(descriptor, bytes);
  const seals = SEAL.SEAL | SEAL.SHRINK | SEAL.GROW | SEAL.WRITE;
  try {
    live.call(addSeals, descriptor, FCNTL.F_ADD_SEALS, seals | SEAL.EXEC);
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    live.call(addSeals, descriptor, FCNTL.F_ADD_SEALS, seals);
  }
  return lift(descriptor);
}

function open(name: string, more: number): number {
  return Number(live.call(memfdCreate, name, MFD.CLOEXEC | MFD.ALLOW_SEALING | more));
}

/** A file that is unlinked from the start, open for reading only: one that is open for writing can't be executed. */
function unlinkedFile(bytes: Uint8Array): number {
  const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
  let refusal: unknown;
  for (const directory of ['/dev/shm', '/run', '/var/tmp', '/tmp']) {
    try {
      const writer = openSync(directory, O_TMPFILE | constants.O_RDWR, 0o700);
      try {
        writeAll(writer, bytes);
        fchmodSync(writer, 0o500);
        return lift(openSync(`/proc/self/fd/${writer}`, constants.O_RDONLY));
      } finally {
        closeSync(writer);
      }
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(descriptor, bytes, done);
}

/** Moves a file descriptor up, out of the way of a child's own. */
function lift(descriptor: number): number {
  try {
    return Number(live.call(duplicate, descriptor, FCNTL.F_DUPFD_CLOEXEC, lowest));
  } finally {
    closeSync(descriptor);
  }
}
