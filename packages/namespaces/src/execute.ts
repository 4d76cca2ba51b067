import {
  AT_FDCWD,
  CLOSE_RANGE,
  closeRange,
  execve,
  exitGroup,
  Memory,
  sendFailure,
  type ErrnoCode,
  type Problem,
  type Program,
} from '@ts-c/syscall';
import { faccessat } from './calls.ts';
import { fail } from './fail.ts';

/** Exit status of a command that was found but can't be executed. */
export const notExecutable = 126;
/** Exit status of a command that was not found. */
export const notFound = 127;

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A command to become. */
export interface Command {
  /** A path, or a name without a slash to be looked up in the `PATH` of `environment`. */
  readonly file: string;
  /** All arguments, the name that the command sees itself by first. */
  readonly argv: readonly string[];
  /** The whole environment, as `KEY=VALUE`. */
  readonly environment: readonly string[];
  /** The lowest file descriptor that the command does not get; 3 unless it is to have more than the standard ones. */
  readonly closeFrom?: number;
}

/**
 * Steps that replace the process by a command, as execvp(3) does: a name without a slash is tried in each directory of `PATH`. If
 * that fails the error is reported, and the process ends with status 127 where nothing was found, 126 otherwise.
 *
 * @throws {TypeError} where a string holds a NUL.
 */
export function execute(program: Program, command: Command): void {
  const { file, environment, closeFrom = 3 } = command;
  const argv = Memory.strings('argv', command.argv);
  const envp = Memory.strings('environment', environment);
  // Listings and errors are printed and logged, where no secret belongs.
  envp.describe = () => `[${environment.map(withoutValue).join(', ')}]`;
  const missing = program.variable('missing');
  const refuse = (): void => {
    program.set(missing, 1);
    fail(program, problem('ENOENT', 'no such file or directory', file));
  };
  program.guard(
    () => {
      // Whatever is open beyond is the host's. Nothing of it may reach the command.
      program.call(closeRange, closeFrom, 0xffff_ffff, CLOSE_RANGE.CLOEXEC);
      const become = (path: string): void => void program.call(execve, path, argv, envp);
      if (file.includes('/')) executePath(program, file, become, refuse);
      else searchAndExecute(program, file, searchPath(environment), become, refuse);
    },
    () => {
      sendFailure(program, program.failure());
      program.when(missing, { equals: 1 }, () => program.try(exitGroup, notFound));
      program.try(exitGroup, notExecutable);
    },
  );
}

function executePath(
  program: Program,
  file: string,
  become: (path: string) => void,
  refuse: () => void,
): void {
  program.attempt(
    ['ENOENT', 'ENOTDIR'],
    () => become(file),
    () => {
      program.attempt(
        ['ENOENT', 'ENOTDIR'],
        () => {
          program.call(faccessat, AT_FDCWD, file, 0);
          const reason = 'the interpreter or loader that the file names is not there';
          fail(program, problem('ENOENT', reason, file));
        },
        refuse,
      );
    },
  );
}

function searchAndExecute(
  program: Program,
  file: string,
  directories: readonly string[],
  become: (path: string) => void,
  refuse: () => void,
): void {
  const denied = program.variable('denied');
  for (const directory of directories) {
    program.attempt(['ENOENT', 'ENOTDIR'], () =>
      program.attempt(
        ['EACCES'],
        () => become(`${directory}/${file}`),
        // As execvp(3) has it: what may not be executed is no answer as long as there are more directories.
        () => program.set(denied, 1),
      ),
    );
  }
  const reason = 'permission denied (found in PATH, not executable)';
  program.expect(denied, { equals: 0 }, problem('EACCES', reason, file));
  refuse();
}

const withoutValue = (entry: string): string => `"${entry.split('=', 1)[0]}=..."`;

function problem(code: ErrnoCode, reason: string, path: string): Problem {
  return { code, message: `${code}: ${reason}, execve '${path}'`, syscall: 'execve', path };
}

function searchPath(environment: readonly string[]): string[] {
  const value =
    environment.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ??
    defaultPath;
  // An empty entry is the current directory.
  return value
    .split(':')
    .map((directory) => (directory === '' ? '.' : directory.replace(/(?<=.)\/$/, '')));
}
