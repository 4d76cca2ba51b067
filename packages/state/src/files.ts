import * as fs from 'node:fs';
import { join } from 'node:path';
import { hasCode, StateError } from './error.ts';
import { tryFlock, unlock } from './flock.ts';

// By name, for the constants are missing where Node runs on something else than Linux.
const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;

/** No record of ours comes near this many bytes. */
const largest = 16 * 1024 * 1024;

/** The name under which a file is written before it takes its place. It is fixed, so that whoever cleans up knows it. */
export function temporaryName(name: string): string {
  return `.${name}.tmp`;
}

/**
 * Writes a file so that readers, and a crash at any moment, only ever see the old one or the new one, and whole: written beside
 * it, fsync(2), rename(2), fsync(2) of the directory.
 *
 * @throws {StateError} `ERR_LOCKED` where another process is writing the same file at this moment.
 */
export function writeFile(directory: string, name: string, text: string, mode: number): void {
  const path = join(directory, temporaryName(name));
  const fd = openTemporary(path, mode);
  try {
    fs.ftruncateSync(fd, 0);
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) {
      written += fs.writeSync(fd, bytes, written, bytes.length - written, written);
    }
    fs.fsyncSync(fd);
    fs.renameSync(path, join(directory, name));
  } catch (error) {
    fs.rmSync(path, { force: true });
    throw error;
  } finally {
    unlock(fd);
    fs.closeSync(fd);
  }
  syncDirectory(directory);
}

/** Opens a file of the temporary name that is ours alone, be it new or what a crash has left. */
function openTemporary(path: string, mode: number): number {
  for (;;) {
    const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode);
    try {
      if (!tryFlock(fd)) {
        throw new StateError('ERR_LOCKED', `another process is writing ${path}`, path);
      }
      if (isStill(fd, path)) return fd;
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
    // Its former owner has just renamed it.
    fs.closeSync(fd);
  }
}

/** Is the open file the one that the path leads to, a regular file with no other name? */
function isStill(fd: number, path: string): boolean {
  const opened = fs.fstatSync(fd, { bigint: true });
  const named = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (named && (!named.isFile() || named.nlink > 1n)) fs.unlinkSync(path);
  else if (named) return named.ino === opened.ino && named.dev === opened.dev;
  return false;
}

function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Reads a regular file, and nothing else: no link is followed, and a FIFO does not make it wait.
 *
 * @returns undefined where there is no such file.
 * @throws {StateError} `ERR_STATE_CORRUPT` where it is something else, or far too large.
 */
export function readFile(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'ELOOP', 'ENXIO')) {
      throw corrupt(path, 'it is not a regular file', error);
    }
    throw error;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw corrupt(path, 'it is not a regular file');
    if (stat.size > largest) throw corrupt(path, `it has ${stat.size} bytes`);
    return fs.readFileSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Removes a file; that it is not there is fine. */
export function removeFile(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** The error about a file that does not hold what it should. */
export function corrupt(path: string, problem: string, cause?: unknown): StateError {
  const options = cause === undefined ? undefined : { cause };
  return new StateError('ERR_STATE_CORRUPT', `cannot use ${path}: ${problem}`, path, options);
}
