import process from 'node:process';
import { isErrno } from '@ts-c/syscall';
import { stopOutputProcessing } from './settings.ts';

/** The side of a terminal that is typed on: a `tty.ReadStream`. Without `isTTY` it is no terminal. */
export interface RawStream extends NodeJS.EventEmitter {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  readonly fd?: number;
  setRawMode?(raw: boolean): unknown;
}

const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const ours = new WeakSet<(...args: never[]) => void>();

/**
 * Turns raw mode on: termios(3), `cfmakeraw`. What is typed arrives as it is typed, ctrl-C included.
 *
 * It is turned off again by the function that is returned, and where it does not come to that: as the process exits, as an
 * exception that nobody catches ends it, and as SIGINT, SIGTERM or SIGHUP ends it, unless somebody else listens to that signal and
 * so decides what it does. Only SIGKILL, SIGABRT and a crash leave the terminal as it is. After a stop it is turned on again.
 *
 * @returns what gives the terminal back as it was. It does so once.
 */
export function enterRawMode(stdin: RawStream): () => void {
  if (!stdin.isTTY || !stdin.setRawMode) return () => {};
  const was = stdin.isRaw ?? false;
  const set = (raw: boolean): void => {
    stdin.setRawMode?.(raw);
    if (!raw || stdin.fd === undefined) return;
    try {
      // Node's raw mode still puts a carriage return before a line feed, which the other terminal has done, or was told not to do.
      stopOutputProcessing(stdin.fd);
    } catch (error) {
      // It has hung up since.
      if (!isErrno(error, 'EIO', 'ENOTTY', 'EBADF')) throw error;
    }
  };

  const restore = (): void => {
    if (!remove()) return;
    // A terminal that is gone can't be restored, and says so by an event.
    stdin.on('error', ignore);
    set(was);
    stdin.off('error', ignore);
  };
  const onException = (): void => {
    const isHandled = process.listenerCount('uncaughtException') > 0;
    // The terminal has to be back before Node prints what happened.
    if (!isHandled && !process.hasUncaughtExceptionCaptureCallback()) restore();
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listeners(signal).some((listener) => !ours.has(listener))) return;
    restore();
    // Nobody else listens: the signal does what it would have done.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const onContinue = (): void => {
    // Whoever had the terminal in the meantime has changed it behind Node's back.
    set(false);
    set(true);
  };
  ours.add(onSignal);

  set(true);
  process.on('exit', restore);
  process.on('uncaughtExceptionMonitor', onException);
  process.on('SIGCONT', onContinue);
  for (const signal of deadly) process.on(signal, onSignal);
  let removed = false;
  const remove = (): boolean => {
    if (removed) return false;
    removed = true;
    process.off('exit', restore);
    process.off('uncaughtExceptionMonitor', onException);
    process.off('SIGCONT', onContinue);
    for (const signal of deadly) process.off(signal, onSignal);
    return true;
  };
  return restore;
}

const ignore = (): void => {};
