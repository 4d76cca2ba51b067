import { spawn as spawnProcess, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { SystemError } from './error.ts';
import { Executable } from './executable.ts';
import { pathsOf } from './paths.ts';
import { problemErrno, type Image } from './program/compile.ts';
import { Program } from './program/program.ts';
import { failedReport, reportSize } from './program/report.ts';

/** A message of a running Program: its kind, and 32 bytes. */
export interface Report {
  readonly kind: number;
  readonly payload: Buffer;
}

/** Options of {@link spawn}: those of `child_process.spawn` that make sense for a Program. */
export interface ProgramOptions extends Pick<
  SpawnOptions,
  'argv0' | 'cwd' | 'detached' | 'gid' | 'killSignal' | 'signal' | 'timeout' | 'uid'
> {
  /**
   * Standard input, output and error, and more, as of `child_process.spawn`. The Program's `reportFd` belongs to its reports: what
   * stands there in this list, and behind it, arrives one higher.
   */
  readonly stdio?: StdioOptions | undefined;
}

/** A Program that runs. */
export interface ProgramProcess {
  readonly process: ChildProcess;
  /** Where messages to the Program go; it reads them from its `reportFd`. */
  readonly control: Duplex;
}

/**
 * Starts a Program as a process of its own, compiled for this machine.
 *
 * A failing call of the Program arrives as the `error` event of the process, a {@link SystemError} that names the step; other
 * reports go to `onReport`. The process then ends with status 125.
 *
 * @param program The Program, or an {@link Executable} of it that is started more than once.
 * @throws {SystemError} where nothing can be executed at all.
 */
export function spawn(
  program: Program | Executable,
  options: ProgramOptions = {},
  onReport?: (report: Report) => void,
): ProgramProcess {
  const executable = program instanceof Program ? new Executable(program.compile()) : program;
  try {
    const { stdio = 'pipe', ...rest } = options;
    const { reportFd } = executable.image.recording;
    const child = spawnProcess(executable.path, [], { ...rest, env: {}, stdio: withReports(stdio, reportFd) });
    const control = child.stdio[reportFd] as unknown as Duplex | undefined;
    // Without a control stream the process has not come to be; its `error` event says why.
    control?.on('error', ignore);
    if (control) readReports(control, executable.image, child, onReport);
    return { process: child, control: control as Duplex };
  } finally {
    if (program instanceof Program) executable[Symbol.dispose]();
  }
}

function withReports(stdio: StdioOptions, reportFd: number): StdioOptions {
  const list = typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio];
  while (list.length < reportFd) list.push('pipe');
  return [...list.slice(0, reportFd), 'pipe', ...list.slice(reportFd)] as StdioOptions;
}

function readReports(
  control: Duplex,
  image: Image,
  child: ChildProcess,
  onReport: ((report: Report) => void) | undefined,
): void {
  let rest: Buffer = Buffer.alloc(0);
  control.on('data', (chunk: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (rest.length >= reportSize) {
      const kind = Number(rest.readBigUInt64LE(0));
      const payload = rest.subarray(8, reportSize);
      rest = rest.subarray(reportSize);
      if (kind === failedReport) child.emit('error', explain(image, payload));
      else onReport?.({ kind, payload });
    }
  });
}

/** Turns the report of a failed call into the error that it is. */
function explain(image: Image, payload: Buffer): Error {
  const node = image.nodeAt(payload.readBigUInt64LE(0));
  const errno = -Number(payload.readBigInt64LE(8));
  if (!node) return new Error(`a Program failed with error ${errno} at an unknown step`);
  if (node.kind === 'problem' || errno === problemErrno) {
    const problem = node.kind === 'problem' ? node.problem : { code: 'ERR_UNKNOWN', message: 'unknown problem' };
    return Object.assign(new Error(problem.message), { code: problem.code, ...node.section });
  }
  const { syscall, args, section, step } = node;
  const call = `${syscall.name}(${syscall.parameters.map((parameter, index) => parameter.format(args[index])).join(', ')})`;
  return new SystemError({
    errno,
    syscall: syscall.name,
    ...pathsOf(syscall, args, () => undefined),
    ...section,
    step: { number: step, of: image.recording.steps, call },
  });
}

const ignore = (): void => {};
