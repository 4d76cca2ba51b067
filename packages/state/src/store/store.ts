import * as fs from 'node:fs';
import { join } from 'node:path';
import { hasCode, StateError } from '../error.ts';
import { corrupt, removeFile } from '../files.ts';
import { lockDirectory } from '../lock.ts';
import { checkId, isId } from './id.ts';
import { recordFileNames, writeRecord, type ContainerRecord } from './record.ts';
import { defaultRoot, prepareRoot } from './root.ts';
import { isAlive, readStatus, type ContainerState } from './status.ts';

/** The containers of a store, and what stood in the way of reading others. */
export interface Listing {
  readonly containers: readonly ContainerState[];
  readonly problems: readonly { readonly id: string; readonly error: Error }[];
}

/** Options of a {@link ContainerStore}. */
export interface StoreOptions {
  /**
   * Removes what else there is of a container that has ended, before its record goes. If it throws, the record stays and the next
   * attempt tries again.
   */
  readonly tidy?: (record: ContainerRecord) => void;
}

/** A directory without a record is left alone for so many milliseconds: its container is on its way. */
const patience = 10_000;

/**
 * Containers by id: a directory for each, below one root.
 *
 * A container's directory is made by its own supervisor (mkdir(2); EEXIST means that the id is in use) and removed by it at the
 * end: {@link recordFileNames}, then the directory. So nothing is left when the process that wrote the record is killed. What a
 * killed supervisor leaves, {@link ContainerStore.list} removes.
 */
export class ContainerStore {
  readonly root: string;
  readonly #tidy: (record: ContainerRecord) => void;

  constructor(root: string = defaultRoot(), { tidy = () => {} }: StoreOptions = {}) {
    this.root = root;
    this.#tidy = tidy;
  }

  /**
   * Makes the root directory where it is missing; to be done before a container is made.
   *
   * @returns its absolute path.
   * @throws {StateError} `ERR_STATE_ROOT` where others could write to it.
   */
  prepare(): string {
    return prepareRoot(this.root);
  }

  /**
   * The directory of a container, which need not be there.
   *
   * @throws {StateError} `ERR_INVALID_ID`
   */
  directory(id: string): string {
    checkId(id);
    return join(this.root, id);
  }

  /**
   * Writes the record of a container, whose directory has to be there.
   *
   * @throws {StateError} `ERR_NO_SUCH_CONTAINER` where it is not.
   */
  write(record: ContainerRecord): void {
    const directory = this.directory(record.id);
    try {
      writeRecord(directory, record);
    } catch (error) {
      throw hasCode(error, 'ENOENT') ? this.#missing(record.id, error) : error;
    }
  }

  /**
   * Reads what is known of a container, and looks at what it is doing.
   *
   * @throws {StateError} `ERR_NO_SUCH_CONTAINER`, or `ERR_STATE_CORRUPT` where its record can't be used.
   */
  read(id: string): ContainerState {
    const directory = this.directory(id);
    const state = readStatus(directory, id);
    if (!state.record && !fs.existsSync(directory)) throw this.#missing(id);
    return state;
  }

  /** Reads them all, in the order of their ids; those that are stale are removed first. It does not throw for one that is broken. */
  list(): Listing {
    this.prune();
    const containers: ContainerState[] = [];
    const problems: { id: string; error: Error }[] = [];
    for (const id of this.#ids()) {
      try {
        containers.push(this.read(id));
      } catch (error) {
        if (hasCode(error, 'ERR_NO_SUCH_CONTAINER')) continue;
        problems.push({ id, error: error instanceof Error ? error : new Error(String(error)) });
      }
    }
    return { containers, problems };
  }

  /**
   * Removes what containers have left whose init and supervisor are both gone, unless they were to be kept. Where that is not
   * possible, they stay.
   *
   * @returns the ids of those it has removed.
   */
  prune(): readonly string[] {
    return this.#ids().filter((id) => {
      try {
        return this.#isStale(id) && this.#pruneLocked(id);
      } catch {
        // Somebody else's, just removed, in use, or broken: reading it says so.
        return false;
      }
    });
  }

  /**
   * Removes the record of a container that has ended.
   *
   * @param options.force Removes one whose record is missing or can't be read, too.
   * @throws {StateError} `ERR_CONTAINER_RUNNING`, `ERR_NO_SUCH_CONTAINER`, or `ERR_STATE_CORRUPT`, also where its directory holds
   *   files that are not of a store.
   */
  remove(id: string, { force = false }: { readonly force?: boolean } = {}): void {
    const directory = this.directory(id);
    let state: ContainerState | undefined;
    try {
      state = this.read(id);
    } catch (error) {
      if (!force || !hasCode(error, 'ERR_STATE_CORRUPT')) throw error;
    }
    const isInUse = state?.record
      ? state.status !== 'stopped' || isAlive(state.record.supervisor)
      : state !== undefined && !force;
    if (isInUse) {
      const doing = state?.status === 'stopped' ? 'stopping' : state?.status;
      const message = `container ${id} is ${doing}: kill it, or wait for its end`;
      throw new StateError('ERR_CONTAINER_RUNNING', message, directory);
    }
    if (state?.record) this.#tidy(state.record);
    removeDirectory(directory);
  }

  /**
   * Finds the id that begins so: the id itself, or the only one of which it is the beginning.
   *
   * @throws {StateError} `ERR_NO_SUCH_CONTAINER`, or `ERR_AMBIGUOUS_ID` where several begin so.
   */
  resolve(prefix: string): string {
    checkId(prefix);
    const found = this.#ids().filter((id) => id.startsWith(prefix));
    if (found.includes(prefix)) return prefix;
    const [id, ...others] = found;
    if (id === undefined) throw this.#missing(prefix);
    if (others.length === 0) return id;
    throw new StateError(
      'ERR_AMBIGUOUS_ID',
      `${found.length} containers have an id that begins with ${prefix}: ${found.join(', ')}`,
      this.root,
    );
  }

  #ids(): string[] {
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(this.root, { withFileTypes: true });
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
    return entries
      .filter((entry) => entry.isDirectory() && isId(entry.name))
      .map((entry) => entry.name)
      .toSorted();
  }

  #isStale(id: string): boolean {
    const directory = this.directory(id);
    const { status, record } = readStatus(directory, id);
    if (!record) return Date.now() - fs.statSync(directory).mtimeMs > patience;
    return status === 'stopped' && !record.keep && !isAlive(record.supervisor);
  }

  #pruneLocked(id: string): boolean {
    const lock = lockDirectory(this.directory(id));
    try {
      // Once more, now that it can't be another's any more.
      if (!this.#isStale(id)) return false;
      const { record } = readStatus(lock.directory, id);
      if (record) this.#tidy(record);
      removeDirectory(lock.directory);
      return true;
    } finally {
      lock.release();
    }
  }

  #missing(id: string, cause?: unknown): StateError {
    return new StateError(
      'ERR_NO_SUCH_CONTAINER',
      `there is no container ${id} in ${this.root}`,
      join(this.root, id),
      { cause },
    );
  }
}

/** Removes the directory of a container, or nothing of it where it holds anything that is not ours. */
function removeDirectory(directory: string): void {
  const foreign = fs.readdirSync(directory).filter((name) => !recordFileNames.includes(name));
  if (foreign.length > 0) throw corrupt(directory, `it holds ${foreign.join(', ')}`);
  for (const name of recordFileNames) removeFile(join(directory, name));
  fs.rmdirSync(directory);
}
