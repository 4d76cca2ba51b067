import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CgroupError } from '../error.ts';
import { PriorityWatch } from './epoll.ts';
import type { Source } from './queue.ts';

/** An error with a code of the kernel's. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Codes by which files of a cgroup say that it is gone. */
export const goneCodes = ['ENOENT', 'ENODEV'] as const;

/** The error for a file of a cgroup that can't be used: what is missing is told apart. */
export function fileError(error: unknown, directory: string, file: string): unknown {
  if (!hasCode(error, ...goneCodes)) return error;
  const path = join(directory, file);
  return existsSync(directory)
    ? new CgroupError(
        'ERR_NO_CONTROLLER',
        `the cgroup has no file ${path}: this kernel does not have it, or its controller is not enabled for the cgroup`,
        { path, cause: error },
      )
    : removedError(directory, error);
}

/** The error for a cgroup that is not, or no longer, there. */
export function removedError(directory: string, cause?: unknown): CgroupError {
  return new CgroupError(
    'ERR_CGROUP_REMOVED',
    `there is no cgroup ${directory}: it has been removed or was never made`,
    { path: directory, cause },
  );
}

/** Reads a file of a cgroup; undefined where the cgroup is gone. */
export function readCgroupFile(directory: string, file: string): string | undefined {
  try {
    return readFileSync(join(directory, file), 'utf8');
  } catch (error) {
    if (hasCode(error, ...goneCodes)) return undefined;
    throw error;
  }
}

/** A file of a cgroup that stays open. */
export class OpenFile {
  readonly fd: number;
  #isOpen = true;

  /** @throws {CgroupError} (`ERR_CGROUP_REMOVED`, `ERR_NO_CONTROLLER`) where it is not there; else Node's error. */
  constructor(directory: string, file: string, flags: 'r' | 'r+' = 'r') {
    try {
      this.fd = openSync(file === '' ? directory : join(directory, file), flags);
    } catch (error) {
      throw fileError(error, directory, file);
    }
  }

  /** What it holds now; undefined once the cgroup is gone. */
  read(): string | undefined {
    const buffer = Buffer.alloc(4096);
    try {
      // The kernel counts a change as seen when the file is read from its start.
      return buffer.toString('utf8', 0, readSync(this.fd, buffer, 0, buffer.length, 0));
    } catch (error) {
      if (hasCode(error, 'ENODEV')) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.fd);
  }
}

/** Tells when the kernel says that an open file has changed, and closes it in the end. */
export function fileSource(file: OpenFile, listener: () => void): Source {
  let watch: PriorityWatch;
  try {
    watch = new PriorityWatch(file.fd, listener);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
  return {
    ref: () => watch.ref(),
    unref: () => watch.unref(),
    [Symbol.dispose]: () => {
      // In this order: what is closed first would be watched by its number, which the next file gets.
      watch[Symbol.dispose]();
      file[Symbol.dispose]();
    },
  };
}

/** The lines `key number` of a file such as memory.events. */
export function parseCounters(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  return new Map(
    lines.filter(({ length }) => length === 2).map(([key = '', value]) => [key, Number(value)]),
  );
}
