import {
  CLOSE_RANGE,
  closeRange,
  execve,
  exitGroup,
  Memory,
  sendFailure,
  type ErrnoCode,
  type Problem,
  type Program,
  type Value,
} from '@ts-c/syscall';

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
  const missing = program.variable('missing');
  program.guard(
    () => {
      // Whatever is open beyond is the host's. Nothing of it may reach the command.
      program.call(closeRange, closeFrom, 0xffff_ffff, CLOSE_RANGE.CLOEXEC);
      if (file.includes('/')) {
        program.attempt(
          ['ENOENT', 'ENOTDIR'],
          () => program.call(execve, file, argv, envp),
          () => refuse(program, missing, 'ENOENT', `no such file or directory, execve '${file}'`),
        );
        return;
      }
      const denied = program.variable('denied');
      for (const directory of searchPath(environment)) {
        program.attempt(['ENOENT', 'ENOTDIR'], () =>
          program.attempt(
            ['EACCES'],
            () => program.call(execve, `${directory}/${file}`, argv, envp),
            // As execvp(3) has it: what may not be executed is no answer as long as there are more directories.
            () => program.set(denied, 1),
          ),
        );
      }
      program.expect(
        denied,
        { equals: 0 },
        problem('EACCES', `permission denied, execve '${file}' (found in PATH, not executable)`),
      );
      refuse(
        program,
        missing,
        'ENOENT',
        `no such file or directory, execve '${file}' (not found in PATH)`,
      );
    },
    () => {
      sendFailure(program, program.failure());
      program.when(missing, { equals: 1 }, () => program.try(exitGroup, notFound));
      program.try(exitGroup, notExecutable);
    },
  );
}

function refuse(program: Program, missing: Value, code: ErrnoCode, message: string): void {
  program.set(missing, 1);
  program.expect(missing, { equals: 0 }, problem(code, message));
}

function problem(code: ErrnoCode, message: string): Problem {
  return { code, message: `${code}: ${message}` };
}

function searchPath(environment: readonly string[]): string[] {
  const value =
    [...environment]
      .reverse()
      .find((entry) => entry.startsWith('PATH='))
      ?.slice('PATH='.length) ?? defaultPath;
  // An empty entry is the current directory.
  return value
    .split(':')
    .map((directory) => (directory === '' ? '.' : directory.replace(/(?<=.)\/$/, '')));
}
