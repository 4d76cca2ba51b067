import fs from 'node:fs';
import { CgroupError } from '../error.ts';
import { reserveDescriptor, returnDescriptor } from './descriptors.ts';
import { Keys, Scanner, type Limit, type Quantity } from './scanner.ts';

/** The directory of a cgroup in the hierarchy of a controller; undefined where that is not there. */
export type DirectoryOf = (controller: string) => string | undefined;

/** A directory of the cgroup, as it was when it was looked at. */
interface Directory {
  readonly path: string;
  readonly identity: bigint;
  names: ReadonlySet<string>;
}

interface StatFile {
  readonly name: string;
  readonly path: string;
  readonly directory: Directory | undefined;
  absent: boolean;
  /** -1 while it is not open. */
  fd: number;
}

// Reading is synchronous and what was read is parsed before the next file: one buffer and one scanner serve all cgroups.
let buffer: Buffer | undefined;
const scanner = new Scanner();
const keysOfFiles = new Map<string, Keys>();

/** The files of one cgroup, which are opened once and read again and again. */
export class StatFiles {
  readonly #directoryOf: DirectoryOf;
  readonly #keepOpen: boolean;
  readonly #directories = new Map<string, Directory | undefined>();
  readonly #files = new Map<string, StatFile>();
  #controllers: string | undefined;
  /** Directories of which a file has gone. */
  readonly #doubted = new Set<Directory>();

  constructor(directoryOf: DirectoryOf, keepOpen: boolean) {
    this.#directoryOf = directoryOf;
    this.#keepOpen = keepOpen;
  }

  /**
   * The text of a file, to be parsed before anything else is read; undefined where there is no such file.
   *
   * @throws {CgroupError} (`ERR_CGROUP_REMOVED`) where the cgroup is gone.
   * @throws An error of the file system else: `EACCES`, `EMFILE`.
   */
  read(controller: string, name: string): Scanner | undefined {
    const file = this.#files.get(name) ?? this.#add(controller, name);
    if (file.absent) return undefined;
    const length = this.#readFile(file);
    return length === -1 || buffer === undefined
      ? undefined
      : scanner.reset(buffer, length, file.path);
  }

  /** The number that a file holds, alone on a line. */
  integer(controller: string, name: string): Quantity | undefined {
    const text = this.read(controller, name);
    if (text === undefined) return undefined;
    text.more();
    const value = text.integer();
    text.endLine();
    return value;
  }

  /** The number that a file holds, or `max`. */
  limit(controller: string, name: string): Limit | undefined {
    return this.read(controller, name)?.limit();
  }

  /** The names and numbers that a file holds. */
  flat(controller: string, name: string): Record<string, Quantity> | undefined {
    return this.read(controller, name)?.flat(keysOf(name));
  }

  /** The names of the files that a controller has. */
  names(controller: string): ReadonlySet<string> {
    return this.#directory(controller)?.names ?? new Set();
  }

  /**
   * Looks, in version 2, whether the parent has enabled or disabled controllers since the last time: their files come and go.
   *
   * @throws {CgroupError} (`ERR_CGROUP_REMOVED`) where there is no directory of the cgroup at all.
   */
  refresh(controllers: readonly string[]): void {
    for (const { path, identity } of this.#doubted)
      if (identityOf(path) !== identity) throw removed(path);
    if (this.#files.size === 0) this.#expectDirectory(controllers);
    const [first = ''] = controllers;
    const enabled = this.read(first, 'cgroup.controllers')?.rest();
    if (enabled === this.#controllers) return;
    if (this.#controllers !== undefined) this.#lookAgain();
    this.#controllers = enabled;
  }

  /** Closes all files. They are opened again when they are read again. */
  close(): void {
    for (const file of this.#files.values()) closeFile(file);
    this.#files.clear();
    this.#directories.clear();
    this.#doubted.clear();
    this.#controllers = undefined;
  }

  #expectDirectory(controllers: readonly string[]): void {
    const paths = controllers.flatMap((controller) => this.#directoryOf(controller) ?? []);
    const [path] = paths;
    if (path === undefined || paths.some((each) => this.#look(each) !== undefined)) return;
    throw new CgroupError('ERR_CGROUP_REMOVED', `${path}: there is no such cgroup`, { path });
  }

  #add(controller: string, name: string): StatFile {
    const directory = this.#directory(controller);
    const file: StatFile = {
      name,
      path: `${directory?.path ?? ''}/${name}`,
      directory,
      absent: directory === undefined || !directory.names.has(name),
      fd: -1,
    };
    this.#files.set(name, file);
    return file;
  }

  #directory(controller: string): Directory | undefined {
    const path = this.#directoryOf(controller);
    return path === undefined ? undefined : this.#look(path);
  }

  #look(path: string): Directory | undefined {
    if (this.#directories.has(path)) return this.#directories.get(path);
    const identity = identityOf(path);
    const directory =
      identity === undefined ? undefined : { path, identity, names: new Set(fs.readdirSync(path)) };
    this.#directories.set(path, directory);
    return directory;
  }

  #lookAgain(): void {
    for (const directory of this.#directories.values()) {
      if (directory !== undefined) directory.names = new Set(fs.readdirSync(directory.path));
    }
    for (const file of this.#files.values()) {
      file.absent = file.directory?.names.has(file.name) !== true;
      if (file.absent) closeFile(file);
    }
  }

  /** Fills the buffer; -1 if there is nothing to be read. */
  #readFile(file: StatFile): number {
    try {
      if (file.fd !== -1) return fill(file.fd);
      const fd = fs.openSync(file.path, 'r');
      if (this.#keepOpen && reserveDescriptor()) {
        file.fd = fd;
        return fill(fd);
      }
      try {
        return fill(fd);
      } finally {
        fs.closeSync(fd);
      }
    } catch (error) {
      return this.#refused(file, error as NodeJS.ErrnoException);
    }
  }

  #refused(file: StatFile, error: NodeJS.ErrnoException): -1 {
    // The kernel has the file, but it was told at boot to leave out what it is about.
    if (error.code === 'EOPNOTSUPP') return -1;
    if (error.code !== 'ENODEV' && error.code !== 'ENOENT') throw error;
    const { directory, path } = file;
    closeFile(file);
    // One that was made anew under the same name is another one.
    if (directory !== undefined && !this.#isRemoved(directory)) {
      file.absent = true;
      // Perhaps because it is being removed at this very moment: the files go first.
      this.#doubted.add(directory);
      return -1;
    }
    throw removed(directory?.path ?? path, error);
  }

  /** Is a directory gone, or about to go? Its files go first; for the first of them that is waited for, 50 milliseconds at most. */
  #isRemoved(directory: Directory): boolean {
    for (let tries = this.#doubted.has(directory) ? 0 : 10; ; tries -= 1) {
      if (identityOf(directory.path) !== directory.identity) return true;
      if (tries === 0) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function removed(path: string, cause?: unknown): CgroupError {
  const message = `${path}: the cgroup was removed`;
  return new CgroupError('ERR_CGROUP_REMOVED', message, { path, cause });
}

function keysOf(name: string): Keys {
  const known = keysOfFiles.get(name);
  if (known !== undefined) return known;
  const keys = new Keys();
  keysOfFiles.set(name, keys);
  return keys;
}

function identityOf(path: string): bigint | undefined {
  return fs.statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** Reads a file from its start: the kernel makes all of its text in one go, so one read sees one moment. */
function fill(fd: number): number {
  buffer ??= Buffer.allocUnsafeSlow(16_384);
  let length = fs.readSync(fd, buffer, 0, buffer.length, 0);
  while (length === buffer.length) {
    buffer = Buffer.allocUnsafeSlow(buffer.length * 2);
    length = fs.readSync(fd, buffer, 0, buffer.length, 0);
  }
  return length;
}

function closeFile(file: StatFile): void {
  if (file.fd === -1) return;
  fs.closeSync(file.fd);
  file.fd = -1;
  returnDescriptor();
}
