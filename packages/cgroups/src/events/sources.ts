import { watch as watchDirectory } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Source } from './queue.ts';

/** Several sources as one. They are ended in reverse. */
export class Sources implements Source {
  readonly #all: Source[] = [];
  #isReferenced = true;

  add(source: Source): void {
    this.#all.push(source);
    if (!this.#isReferenced) source.unref();
  }

  /** Ends those there are; others may be added. */
  clear(): void {
    for (const source of this.#all.splice(0).toReversed()) source[Symbol.dispose]();
  }

  ref(): void {
    this.#isReferenced = true;
    for (const source of this.#all) source.ref();
  }

  unref(): void {
    this.#isReferenced = false;
    for (const source of this.#all) source.unref();
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}

/** Starts sources one after the other, and ends those that have been started when one can't be. */
export function startAll(start: (sources: Sources) => void): Sources {
  const sources = new Sources();
  try {
    start(sources);
  } catch (error) {
    sources[Symbol.dispose]();
    throw error;
  }
  return sources;
}

/**
 * Tells when one of these entries of a directory is made, removed or written to, inotify(7). All of a process share one inotify instance.
 *
 * @throws Node's error, where the directory is gone (`ENOENT`) or too many are watched (`ENOSPC`: raise `fs.inotify.max_user_watches`).
 */
export function entriesSource(
  directory: string,
  concerns: (entry: string) => boolean,
  listener: () => void,
): Source {
  const watcher = watchDirectory(directory, (_, entry) => {
    if (entry === null || concerns(entry)) listener();
  });
  // It has an error only when the watch ends by itself; the listener then sees what is left.
  watcher.on('error', listener);
  return {
    ref: () => void watcher.ref(),
    unref: () => void watcher.unref(),
    [Symbol.dispose]: () => watcher.close(),
  };
}

/**
 * Tells when a cgroup may have been removed. Its own files don't tell, and neither does its directory while one of them is open; the one
 * above does.
 */
export function removalSource(directory: string, listener: () => void): Source {
  const name = basename(directory);
  return entriesSource(dirname(directory), (entry) => entry === name, listener);
}

/** Something that has to be closed when the sources before it have ended. */
export function closing(close: () => void): Source {
  return { ref: () => undefined, unref: () => undefined, [Symbol.dispose]: close };
}

/** A timer that can be set again and again, each time for longer: for what the kernel tells nobody. */
export class GrowingTimer implements Source {
  readonly #listener: () => void;
  readonly #first: number;
  readonly #longest: number;
  #next: number;
  #timer: NodeJS.Timeout | undefined;
  #isReferenced = true;

  /** Times are in milliseconds; each is double the one before. */
  constructor(first: number, longest: number, listener: () => void) {
    this.#first = first;
    this.#longest = longest;
    this.#next = first;
    this.#listener = listener;
  }

  set(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#listener, this.#next);
    if (!this.#isReferenced) this.#timer.unref();
    this.#next = Math.min(this.#next * 2, this.#longest);
  }

  /** Stops it, and lets it begin with the first time again. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#next = this.#first;
  }

  ref(): void {
    this.#isReferenced = true;
    this.#timer?.ref();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#timer?.unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
