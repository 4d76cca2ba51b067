import {
  close,
  exitGroup,
  failedStatus,
  Memory,
  OPEN,
  pipe2,
  PR,
  prctl,
  prctlText,
  read,
  sendFailure,
  setsid,
  SIGNAL,
  type Program,
  type Value,
} from '@ts-c/syscall';
import {
  clone3,
  cloneArgs,
  clonePidfd,
  POLL,
  pollfd,
  ppoll,
  SIG_SETMASK,
  sigprocmask,
  unshare,
} from './calls.ts';
import { joinNamespaces } from './join.ts';
import { cloneFlags, namespaceOf, type NamespaceKind } from './kinds.ts';
import type { Mappings } from './mappings.ts';
import { reports } from './protocol.ts';
import type { Join } from './requests.ts';
import { writeTimeOffsets, type TimeOffsets } from './time.ts';
import { enterNewUserNamespace } from './user-namespace.ts';
import { allSignals, watchChild, type Child } from './watch.ts';

/** What {@link supervise} writes down. */
export interface Supervision {
  /** Namespaces to create. */
  readonly created: ReadonlySet<NamespaceKind>;
  /** Namespaces to join. */
  readonly joined?: readonly Join[];
  /** For each target to join that is a pidfd, which file descriptor of the Program that is. */
  readonly descriptors?: ReadonlyMap<Join, Value>;
  /** Id maps of a new user namespace. */
  readonly mappings?: Mappings;
  /** Clock offsets of a new time namespace. */
  readonly timeOffsets?: TimeOffsets;
  /** Does the child wait, before its first step, until it is told to proceed? */
  readonly hold?: boolean;
  /** Does the child wait in front of its command until it is told to proceed? */
  readonly gate?: boolean;
  /** Does the child get a session of its own? */
  readonly session?: boolean;
  /** May the child outlive its supervisor, once it runs its command? */
  readonly outlives?: boolean;
  /** Steps of the supervisor before all others. What they make, `release` undoes. */
  readonly reserve?: (program: Program) => void;
  /** Steps of the supervisor at its end, whatever that was; the status of the child, as waitid(2) gives it, if there was one. */
  readonly release?: (program: Program, status: Memory | undefined) => void;
  /** Steps of the child: what turns it into what it is to be. */
  readonly setUp?: (program: Program) => void;
  /** Steps of the child that end in its command: `execute`. */
  readonly execute: (program: Program) => void;
}

const owner = '@ts-c/namespaces';

/**
 * Writes down a supervisor and its child. The supervisor enters and creates namespaces, clones the child into them, reports its pid,
 * forwards signals to it, and ends as the child ends: with the same status, or by the same signal.
 *
 * The child dies with the supervisor, and the supervisor ends the child when the process that started both is gone.
 */
export function supervise(program: Program, supervision: Supervision): void {
  const { reserve, release } = supervision;
  program.section(owner, 'supervisor', () => program.call(prctlText, PR.SET_NAME, 'ts-c'));
  reserve?.(program);
  program.guard(
    () => {
      const child = program.section(owner, 'namespaces and the child', () =>
        startChild(program, supervision),
      );
      program.section(owner, 'until the child ends', () =>
        watchChild(program, { ...child, release }),
      );
    },
    () => {
      sendFailure(program, program.failure());
      release?.(program, undefined);
      program.try(exitGroup, failedStatus);
    },
  );
}

function startChild(program: Program, supervision: Supervision): Child {
  const {
    created,
    joined = [],
    descriptors = new Map(),
    mappings,
    timeOffsets,
    hold,
    gate,
  } = supervision;
  // Signals wait until the supervisor can pass them on.
  program.call(sigprocmask, SIG_SETMASK, allSignals(), null, 8);
  if (joined.length > 0) joinNamespaces(program, joined, descriptors);
  if (created.has('user') && mappings) enterNewUserNamespace(program, mappings);
  if (created.has('time')) {
    program.call(unshare, namespaceOf('time').flag);
    if (timeOffsets) writeTimeOffsets(program, timeOffsets);
  }
  const executed = openPipe(program);
  const proceed = hold || gate ? openPipe(program) : undefined;
  const pidfd = new Memory(4);
  const flags = cloneFlags(
    [...created].filter((kind) => kind !== 'user' && kind !== 'time' && kind !== 'cgroup'),
  );
  const args = cloneArgs.make({ flags: flags | clonePidfd, pidfd, exit_signal: SIGNAL.SIGCHLD });
  const pid = program.call(clone3, args, cloneArgs.size);
  program.child(pid, () =>
    program.guard(
      () => beChild(program, supervision, executed, proceed),
      () => {
        sendFailure(program, program.failure());
        program.try(exitGroup, failedStatus);
      },
    ),
  );
  program.call(close, executed.write);
  if (proceed) program.call(close, proceed.read);
  reports.created.send(program, pid);
  return { pidfd: program.load(pidfd, 0, 4), executed: executed.read, proceed: proceed?.write };
}

function beChild(
  program: Program,
  supervision: Supervision,
  executed: Pipe,
  proceed: Pipe | undefined,
): void {
  const { created, hold, gate, session, outlives, setUp, execute } = supervision;
  program.section(owner, 'the child', () => {
    program.call(prctl, PR.SET_PDEATHSIG, SIGNAL.SIGKILL, 0, 0, 0);
    program.call(close, executed.read);
    if (proceed) program.call(close, proceed.write);
    endWithSupervisor(program, executed.write);
    if (hold && proceed) awaitByte(program, proceed.read);
    if (session) program.call(setsid);
    // Only now: by the time it may proceed it has been placed in the cgroup that is to be its root.
    if (created.has('cgroup')) program.call(unshare, namespaceOf('cgroup').flag);
  });
  setUp?.(program);
  program.section(owner, 'the command', () => {
    if (gate && proceed) {
      reports.ready.send(program);
      awaitByte(program, proceed.read);
    }
    // A change of user clears the signal, hence once more.
    program.call(prctl, PR.SET_PDEATHSIG, outlives ? 0 : SIGNAL.SIGKILL, 0, 0, 0);
    if (!outlives) endWithSupervisor(program, executed.write);
    program.call(sigprocmask, SIG_SETMASK, new Memory(8), null, 8);
    execute(program);
  });
}

/** A supervisor that died before the parent-death signal was set sends none. Its end of the pipe tells. */
function endWithSupervisor(program: Program, pipe: Value): void {
  const fds = new Memory(pollfd.size).set('i32', pollfd.fd, pipe);
  program.call(ppoll, fds, 1, new Memory(16), null, 8);
  const events = program.load(fds, pollfd.events, 4);
  program.when(events, { equals: POLL.ERR << 16, mask: POLL.ERR << 16 }, () =>
    program.call(exitGroup, failedStatus),
  );
}

function awaitByte(program: Program, pipe: Value): void {
  const count = program.call(read, pipe, new Memory(1), 1);
  program.unless(count, { equals: 1 }, () => program.call(exitGroup, failedStatus));
}

interface Pipe {
  readonly read: Value;
  readonly write: Value;
}

function openPipe(program: Program): Pipe {
  const ends = new Memory(8);
  program.call(pipe2, ends, OPEN.CLOEXEC);
  return { read: program.load(ends, 0, 4), write: program.load(ends, 4, 4) };
}
