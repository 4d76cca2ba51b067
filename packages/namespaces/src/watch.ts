import {
  exitGroup,
  Memory,
  pidfdSendSignal,
  PR,
  prctl,
  read,
  SIGNAL,
  write,
  type Program,
  type Value,
  POLL,
  pollfd,
  ppoll,
} from '@ts-c/syscall';
import {
  CLD,
  getpid,
  kill,
  P,
  siginfo,
  signalfd4,
  signalfdInfo,
  SIG_SETMASK,
  sigprocmask,
  waitid,
  WEXITED,
} from './calls.ts';
import { messages, messageSize, reports } from './protocol.ts';

/** What the supervisor holds of its child. */
export interface Child {
  readonly pidfd: Value;
  /** A pipe whose other end closes as the child executes its command, or ends; a byte in it says that it has come to do the former. */
  readonly executed: Value;
  /** Where a byte lets the child proceed. */
  readonly proceed: Value | undefined;
}

/** A child to be watched, and what to do when it is gone. */
export interface Watched extends Child {
  readonly beforeKill: ((program: Program) => void) | undefined;
  readonly release: ((program: Program, status: Memory) => void) | undefined;
}

const SFD_CLOEXEC = 0o2000000;
const SI_KERNEL = 0x80;

// The descriptors that the supervisor waits for, in the order of their pollfds.
const watched = { child: 0, executed: 1, signals: 2, control: 3 } as const;

/** Steps that wait for the child and serve it until it ends, and then end the same way. */
export function watchChild(program: Program, child: Watched): void {
  const signals = program.call(signalfd4, -1, allSignals(), 8, SFD_CLOEXEC);
  const fds = new Memory(Object.keys(watched).length * pollfd.size);
  // That its other end is closed is told in any case; the byte in it alone is no news.
  for (const index of [watched.child, watched.signals, watched.control])
    fds.set('u16', index * pollfd.size + pollfd.events, POLL.IN);
  fds.describe = () => `[${Object.keys(watched).join(', ')}]`;
  const watch = (index: number, descriptor: Value): void =>
    program.store(fds, index * pollfd.size + pollfd.fd, 4, descriptor);
  watch(watched.child, child.pidfd);
  watch(watched.executed, child.executed);
  watch(watched.signals, signals);
  watch(watched.control, program.reportFd);
  // The kernel looks away from a negative descriptor.
  serve(program, child, signals, fds, (index) => watch(index, -1));
  endLike(program, child);
}

function serve(
  program: Program,
  child: Watched,
  signals: Value,
  fds: Memory,
  forget: (index: number) => void,
): void {
  program.loop((leave, again) => {
    program.attempt(
      ['EINTR'],
      () => program.call(ppoll, fds, Object.keys(watched).length, null, null, 8),
      again,
    );
    const on = (index: number, body: () => void): void => {
      const events = program.load(fds, index * pollfd.size + pollfd.events, 4);
      program.unless(events, { equals: 0, mask: 0xffff_0000 }, body);
    };
    // First: a command may be over by the time that we look, and has been started all the same.
    on(watched.executed, () => {
      const count = program.call(read, child.executed, new Memory(1), 1);
      program.when(count, { equals: 1 }, () => reports.started.send(program));
      forget(watched.executed);
      again();
    });
    on(watched.child, leave);
    on(watched.signals, () => {
      forwardSignal(program, child.pidfd, signals);
      again();
    });
    on(watched.control, () => obey(program, child, () => forget(watched.control)));
  });
}

/** A signal that somebody sent goes to the child. One of the terminal's has reached the child already, as it did us. */
function forwardSignal(program: Program, pidfd: Value, signals: Value): void {
  const info = new Memory(signalfdInfo.size);
  program.call(read, signals, info, signalfdInfo.size);
  program.unless(program.load(info, signalfdInfo.code, 4), { equals: SI_KERNEL }, () =>
    program.try(pidfdSendSignal, pidfd, program.load(info, signalfdInfo.signal, 4), null, 0),
  );
}

/** Does as the process says that started us. When that is gone, so is the reason to live on. */
function obey(program: Program, child: Watched, forget: () => void): void {
  const message = new Memory(messageSize);
  const count = program.try(read, program.reportFd, message, messageSize);
  program.unless(count, { equals: messageSize }, () => {
    forget();
    killChild(program, child);
  });
  program.when(count, { equals: messageSize }, () => {
    const kind = program.load(message, 0, 8);
    const { proceed } = child;
    if (proceed !== undefined)
      program.when(kind, { equals: messages.proceed }, () => letProceed(program, proceed));
    program.when(kind, { equals: messages.release }, forget);
  });
}

/** Ends with the exit status of the child, or by the signal that ended it. */
function endLike(program: Program, child: Watched): void {
  const status = new Memory(siginfo.size);
  program.call(waitid, P.PIDFD, child.pidfd, status, WEXITED, null);
  child.release?.(program, status);
  const value = program.load(status, siginfo.status, 4);
  program.when(program.load(status, siginfo.code, 4), { equals: CLD.EXITED }, () =>
    program.try(exitGroup, value),
  );
  // One core dump is enough.
  program.try(prctl, PR.SET_DUMPABLE, 0, 0, 0, 0);
  program.try(kill, program.try(getpid), value);
  program.try(sigprocmask, SIG_SETMASK, new Memory(8), null, 8);
  // Only a signal that does nothing by itself leads here.
  program.try(exitGroup, 255);
}

/** All signals but SIGCHLD, which is of no concern to the child. */
export function allSignals(): Memory {
  const set = new Memory(8).set('u64', 0, (2n ** 64n - 1n) & ~(1n << BigInt(SIGNAL.SIGCHLD - 1)));
  set.describe = () => '~[CHLD]';
  return set;
}

/** Steps that pass a byte on to the child. */
function letProceed(program: Program, pipe: Value): void {
  program.try(write, pipe, Memory.text('go', '+'), 1);
}

/** Steps that end the child. */
function killChild(program: Program, { pidfd, beforeKill }: Watched): void {
  beforeKill?.(program);
  program.try(pidfdSendSignal, pidfd, SIGNAL.SIGKILL, null, 0);
}
