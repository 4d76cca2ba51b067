import {
  spawn as spawnProcess,
  type ChildProcess,
  type SpawnOptions,
  type StdioOptions,
} from 'node:child_process';
import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerError, problemError, SystemError } from './error.ts';
import { invalid } from './check.ts';
import { Executable, mostDescriptors } from './executable.ts';
import { pathsOf } from './paths.ts';
import { live } from './live/live.ts';
import { Memory } from './memory.ts';
import { formatCall } from './syscall.ts';
import { problemErrno, type Image } from './program/compile.ts';
import { Program } from './program/program.ts';
import { failedReport, reportSize } from './program/report.ts';
import { AF_UNIX, SOCK, socketpair } from './socket-calls.ts';

/** A message of a running Program: its kind, and 32 bytes. */
export interface Report {
  readonly kind: number;
  readonly payload: Buffer;
}

/** Options of {@link spawn}: those of `child_process.spawn` that make sense for a Program. */
export interface ProgramOptions extends Pick<
  SpawnOptions,
  | 'argv0'
  | 'cwd'
  | 'detached'
  | 'gid'
  | 'killSignal'
  | 'serialization'
  | 'signal'
  | 'timeout'
  | 'uid'
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
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for more than 63 streams.
 * @throws {Error} `ERR_NOT_EXECUTABLE` where nothing can be executed at all.
 */
export function spawn(
  program: Program | Executable,
  options: ProgramOptions = {},
  onReport?: (report: Report) => void,
): ProgramProcess {
  const executable = program instanceof Program ? new Executable(program.compile()) : program;
  const ends = socketPair();
  try {
    const { stdio = 'pipe', ...rest } = options;
    const { image } = executable;
    const child = spawnProcess(executable.path, [], {
      ...rest,
      env: {},
      stdio: withReports(stdio, image.recording.reportFd, ends.theirs),
    });
    const reader = new ReportReader(image, child, onReport);
    const control = openControl(ends.ours, reader);
    // What was reported before the end is told before the end.
    child.prependListener('exit', () => reader.drain(control, ends.ours));
    return { process: child, control };
  } catch (error) {
    closeSync(ends.ours);
    throw error;
  } finally {
    closeSync(ends.theirs);
    if (program instanceof Program) executable[Symbol.dispose]();
  }
}

function socketPair(): { readonly ours: number; readonly theirs: number } {
  const ends = new Memory(8);
  live.call(socketpair, AF_UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0, ends);
  return { ours: Number(ends.get('i32', 0)), theirs: Number(ends.get('i32', 4)) };
}

function withReports(stdio: StdioOptions, reportFd: number, socket: number): StdioOptions {
  const list = typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio];
  // As child_process.spawn does for what it is not told about.
  while (list.length < reportFd) list.push(list.length < 3 ? 'pipe' : 'ignore');
  list.splice(reportFd, 0, socket);
  const most = mostDescriptors(reportFd);
  if (list.length > most) throw invalid('stdio', `at most ${most - 1} streams`, list.length - 1);
  return list;
}

/** The stream of our end. It reads into one small buffer: those that Node takes by itself are as large as a container's program. */
function openControl(fd: number, reader: ReportReader): Socket {
  const control = new Socket({
    fd,
    // Our end may be closed, and the last reports still arrive.
    allowHalfOpen: true,
    onread: {
      buffer: new Uint8Array(16 * reportSize),
      callback: (count, buffer) => {
        reader.take(buffer.subarray(0, count));
        return true;
      },
    },
  });
  control.on('error', ignore);
  control.on('end', () => control.end());
  control.resume();
  return control;
}

/** Puts reports together from what arrives, and passes them on. With that of a failure an answer of the kernel's may come. */
class ReportReader {
  readonly #image: Image;
  readonly #child: ChildProcess;
  readonly #onReport: ((report: Report) => void) | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(image: Image, child: ChildProcess, onReport: ((report: Report) => void) | undefined) {
    this.#image = image;
    this.#child = child;
    this.#onReport = onReport;
  }

  /** Takes bytes as they arrive; they are copied. */
  take(bytes: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= reportSize) {
      const kind = Number(this.#rest.readBigUInt64LE(0));
      const payload = this.#rest.subarray(8, reportSize);
      const isFailure = kind === failedReport;
      const end = reportSize + (isFailure ? Number(payload.readBigUInt64LE(16)) : 0);
      if (this.#rest.length < end) return;
      const answer = this.#rest.subarray(reportSize, end);
      this.#rest = this.#rest.subarray(end);
      if (isFailure) this.#child.emit('error', explain(this.#image, payload, answer));
      else this.#onReport?.({ kind, payload });
    }
  }

  /** Takes what lies in the socket at this moment. */
  drain(control: Socket, fd: number): void {
    const buffer = new Uint8Array(16 * reportSize);
    try {
      while (!control.destroyed) {
        const count = readSync(fd, buffer);
        if (count === 0) return;
        this.take(buffer.subarray(0, count));
      }
    } catch {
      // EAGAIN: that was all.
    }
  }
}

/** Turns the report of a failed call into the error that it is. */
function explain(image: Image, payload: Buffer, bytes: Buffer): Error {
  const node = image.nodeAt(payload.readBigUInt64LE(0));
  const errno = -Number(payload.readBigInt64LE(8));
  if (!node) return new Error(`a Program failed with error ${errno} at an unknown step`);
  if (node.kind === 'problem' || errno === problemErrno) {
    const problem =
      node.kind === 'problem' ? node.problem : { code: 'ERR_UNKNOWN', message: 'unknown problem' };
    return problemError(problem, node.section);
  }
  if (node.kind === 'refusal') {
    const { answer, section, step } = node;
    return answerError(
      answer,
      {
        errno,
        syscall: answer.syscall,
        ...section,
        step: { number: step, of: image.recording.steps, call: answer.call },
      },
      bytes,
    );
  }
  const { syscall: called, args, section, step } = node;
  return new SystemError({
    errno,
    syscall: called.name,
    ...pathsOf(called, args, () => undefined),
    ...section,
    step: { number: step, of: image.recording.steps, call: formatCall(called, args) },
  });
}

const ignore = (): void => {};
