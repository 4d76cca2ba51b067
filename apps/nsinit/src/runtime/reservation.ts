import {
  AT,
  AT_FDCWD,
  close,
  flock,
  LOCK,
  type Memory,
  mkdirat,
  OPEN,
  openat,
  unlinkat,
  write,
  type Program,
  type Slot,
  type Value,
} from '@ts-c/syscall';
import { recordFileNames, stateFileNames } from '@ts-c/state';

/**
 * What a supervisor has on disk for as long as its container exists. The supervisor makes and removes it itself, so that it goes
 * even if whoever started the container is gone.
 */
export interface Reservation {
  /** Steps that make it. */
  reserve(program: Program): void;
  /**
   * Steps that remove it.
   *
   * @param status That of the container's first process, as waitid(2) gives it, if there was one.
   * @param left What is 1 where something of the container is left that whoever reads the record has to find.
   */
  release(program: Program, status: Memory | undefined, left?: Slot): void;
}

const owner = '@ts-c/state';
const directoryFlags = OPEN.RDONLY | OPEN.DIRECTORY | OPEN.CLOEXEC;
/** Of `siginfo_t`: what says how the process ended. */
const statusSize = 32;

/**
 * A directory of its own under the store's, named by the container's id: mkdirat(2) fails where that id is in use.
 *
 * @param keep Leave the directory, and the exit status in it, when the container has ended.
 */
export function reserveId(root: string, id: string, keep: boolean): Reservation {
  let parent: Value = -1;
  let directory: Value = -1;
  let made: Slot | undefined;
  return {
    reserve: (program) =>
      program.section(owner, `the directory of container ${id}`, () => {
        made = program.variable('made');
        parent = program.call(openat, AT_FDCWD, root, directoryFlags, 0);
        program.call(mkdirat, parent, id, 0o700);
        // From here on it is ours, and not that of a container of the same id.
        program.set(made, 1);
        directory = program.call(openat, parent, id, directoryFlags | OPEN.NOFOLLOW, 0);
        // As long as it is locked its supervisor is alive: what can be locked may be swept.
        program.call(flock, directory, LOCK.EX | LOCK.NB);
      }),
    release: (program, status, left) =>
      program.section(owner, `the end of container ${id}`, () => {
        if (keep && status) {
          const file = program.try(
            openat,
            directory,
            'exit',
            OPEN.WRONLY | OPEN.CREAT | OPEN.CLOEXEC,
            0o600,
          );
          program.try(write, file, status, statusSize);
          program.try(close, file);
          return;
        }
        program.unless(made ?? 0, { equals: 0 }, () => {
          program.unless(left ?? 0, { equals: 1 }, () => {
            for (const name of recordFileNames) program.try(unlinkat, directory, name, 0);
            program.try(unlinkat, parent, id, AT.REMOVEDIR);
          });
        });
      }),
  };
}

/** The directory that `nsinit exec` runs in, locked as long as its container lives; `state.json` in it goes with the container. */
export function reserveDirectory(path: string): Reservation {
  let directory: Value = -1;
  let locked: Slot | undefined;
  return {
    reserve: (program) =>
      program.section(owner, 'the lock of the directory', () => {
        locked = program.variable('locked');
        directory = program.call(openat, AT_FDCWD, path, directoryFlags, 0);
        program.call(flock, directory, LOCK.EX | LOCK.NB);
        program.set(locked, 1);
      }),
    release: (program) =>
      program.section(owner, 'state.json', () =>
        program.unless(locked ?? 0, { equals: 0 }, () => {
          for (const name of stateFileNames) program.try(unlinkat, directory, name, 0);
        }),
      ),
  };
}
