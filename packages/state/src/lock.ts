import * as fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { StateError } from './error.ts';
import { tryFlock, unlock } from './flock.ts';

const { O_DIRECTORY, O_RDONLY } = fs.constants;

/** An exclusive lock on a directory, until it is disposed of or the process ends. */
export class DirectoryLock implements Disposable, AsyncDisposable {
  readonly directory: string;
  #fd: number | undefined;

  /** @internal */
  constructor(directory: string, fd: number) {
    this.directory = directory;
    this.#fd = fd;
  }

  /** Gives the lock back. Doing so twice is fine. */
  release(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    unlock(fd);
    fs.closeSync(fd);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

/** How long {@link waitForLock} waits. */
export interface LockOptions {
  /** Ends the waiting; its reason is what is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait at most; without end by default. */
  readonly timeout?: number | undefined;
}

/**
 * Locks a directory against others who lock it, by flock(2) on the directory itself: no file is made, and the lock ends with the
 * process. It holds between processes, and between two callers in one process.
 *
 * @throws {StateError} `ERR_LOCKED` where somebody else has it.
 * @throws {Error} of open(2) where there is no such directory.
 */
export function lockDirectory(directory: string): DirectoryLock {
  for (;;) {
    const fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY);
    let locked = false;
    try {
      if (!tryFlock(fd)) {
        throw new StateError(
          'ERR_LOCKED',
          `another process has locked the directory ${directory}`,
          directory,
        );
      }
      locked = leadsTo(directory, fd);
    } finally {
      if (!locked) fs.closeSync(fd);
    }
    if (locked) return new DirectoryLock(directory, fd);
  }
}

/**
 * Locks a directory, waiting until it is free. The waiting is done by timers, from 1 to 50 milliseconds apart: neither the event
 * loop nor a thread of the pool is blocked.
 *
 * @throws {StateError} `ERR_LOCKED` when the time is over.
 * @throws the reason of the signal, when it aborts.
 */
export async function waitForLock(
  directory: string,
  { signal, timeout = Number.POSITIVE_INFINITY }: LockOptions = {},
): Promise<DirectoryLock> {
  const end = performance.now() + timeout;
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    signal?.throwIfAborted();
    try {
      return lockDirectory(directory);
    } catch (error) {
      const isLocked = error instanceof StateError && error.code === 'ERR_LOCKED';
      if (!isLocked || performance.now() >= end) throw error;
    }
    await pauseFor(Math.min(pause, end - performance.now()), signal);
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(Math.max(1, milliseconds), undefined, signal && { signal });
  } catch (error) {
    // What Node throws here is an AbortError around the reason.
    signal?.throwIfAborted();
    throw error;
  }
}

/** Is the open directory still the one of that name? It may have been removed, and made anew, before it was locked. */
function leadsTo(directory: string, fd: number): boolean {
  const opened = fs.fstatSync(fd, { bigint: true });
  const named = fs.statSync(directory, { bigint: true });
  return opened.ino === named.ino && opened.dev === named.dev;
}
