import * as fs from 'node:fs';
import { errnoNumber, live, pidfdOpen, pidfdSendSignal, SIGNAL } from '@ts-c/syscall';
import { hasCode } from './error.ts';

/**
 * Which process: a pid is used again once its process is gone, but never with the same start time.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the boot, in decimal: field 22 of /proc/PID/stat, see proc_pid_stat(5). */
  readonly startTime: string;
}

/** A signal by name or number. */
export type SignalName = keyof typeof SIGNAL;

interface Stat {
  readonly startTime: string;
  readonly ended: boolean;
}

/**
 * When a process started, in clock ticks since the boot.
 *
 * @throws {Error} `ESRCH` where there is no such process.
 */
export function processStartTime(pid: number): string {
  const stat = readStat(pid);
  if (!stat) throw noSuchProcess('open', `process ${pid} is not there`);
  return stat.startTime;
}

/** Is the process of this pid the one that started then, and does it still run? One that has ended but has not been waited for does not. */
export function isSameProcess(pid: number, startTime: string): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.startTime === startTime && !stat.ended;
}

/** A process held by its pidfd: whatever happens to its pid, this is never another one. */
export class ProcessHandle implements ProcessIdentity, Disposable {
  readonly pid: number;
  readonly startTime: string;
  #fd: number | undefined;

  /** @internal */
  constructor(identity: ProcessIdentity, fd: number) {
    this.pid = identity.pid;
    this.startTime = identity.startTime;
    this.#fd = fd;
  }

  /** The pidfd, which becomes readable when the process ends; see pidfd_open(2). It belongs to this handle. */
  get fd(): number {
    if (this.#fd === undefined) throw new Error(`the handle of process ${this.pid} is closed`);
    return this.#fd;
  }

  /**
   * Sends it a signal, by pidfd_send_signal(2).
   *
   * @throws {SystemError} `ESRCH` where it is gone, `EPERM` where it is somebody else's.
   */
  kill(signal: SignalName | number): void {
    const number = signalNumber(signal);
    live.section('@ts-c/state', `signal process ${this.pid}`, () =>
      live.call(pidfdSendSignal, this.fd, number, null, 0),
    );
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/**
 * Opens a process by pidfd_open(2), then makes sure that it is the one that started at that time.
 *
 * @throws {Error} `ESRCH` where it has ended, or its pid is another's by now.
 */
export function openProcess(pid: number, startTime: string): ProcessHandle {
  const fd = Number(
    live.section('@ts-c/state', `open process ${pid}`, () => {
      try {
        return live.call(pidfdOpen, pid, 0);
      } catch (error) {
        if (!hasCode(error, 'ESRCH')) throw error;
        throw noSuchProcess('pidfd_open', `process ${pid} has ended`, error);
      }
    }),
  );
  // Only now: had the pid changed hands before it was opened, the start time is the new process's.
  const stat = readStat(pid);
  if (stat && stat.startTime === startTime && !stat.ended) {
    return new ProcessHandle({ pid, startTime }, fd);
  }
  fs.closeSync(fd);
  const isOther = stat !== undefined && stat.startTime !== startTime;
  throw noSuchProcess(
    'pidfd_open',
    `process ${pid} has ended${isOther ? ', and its pid belongs to another process now' : ''}`,
  );
}

/**
 * Sends a signal to a process, and to no other that has its pid by now.
 *
 * @throws {SystemError} `ESRCH` where it has ended, `EPERM` where it is somebody else's.
 */
export function sendSignal(identity: ProcessIdentity, signal: SignalName | number): void {
  const process = openProcess(identity.pid, identity.startTime);
  try {
    process.kill(signal);
  } finally {
    process[Symbol.dispose]();
  }
}

/** The name of a signal; real-time signals count from SIGRTMIN, which is 34 to programs that use the C library. */
export function signalName(number: number): string {
  const name = Object.entries(SIGNAL).find(([, value]) => value === number)?.[0];
  return name ?? (number >= 34 && number <= 64 ? `SIGRTMIN+${number - 34}` : `signal ${number}`);
}

function signalNumber(signal: SignalName | number): number {
  const number = typeof signal === 'number' ? signal : SIGNAL[signal];
  if (Number.isInteger(number) && number >= 0 && number <= 64) return number;
  throw Object.assign(
    new TypeError(
      `signal: expected a name such as SIGTERM or a number from 0 to 64, got ${String(signal)}`,
    ),
    { code: 'ERR_INVALID_ARG_VALUE' },
  );
}

function readStat(pid: number): Stat | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  let text: string;
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  return parseStat(text);
}

/** Reads a line of /proc/PID/stat. The name in it may hold spaces and parentheses: fields are counted from the last one. */
export function parseStat(text: string): Stat {
  // The first of these is field 3, the state.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state = '', threads = '', startTime = ''] = [fields[0], fields[17], fields[19]];
  // A process whose first thread has ended while others go on looks like a zombie, too.
  const ended = (state === 'Z' || state === 'X') && Number(threads) <= 1;
  return { startTime, ended };
}

function noSuchProcess(syscall: string, problem: string, cause?: unknown): Error {
  const error = new Error(`ESRCH: no such process, ${syscall}: ${problem}`, { cause });
  return Object.assign(error, { code: 'ESRCH', errno: -errnoNumber('ESRCH'), syscall });
}
