import {
  AT_FDCWD,
  close,
  closeRange,
  exitGroup,
  failedStatus,
  Memory,
  openat,
  OPEN,
  pidfdSendSignal,
  pipe2,
  PR,
  prctl,
  prctlText,
  read,
  sendFailure,
  setsid,
  SIGNAL,
  write,
  type Program,
  type Slot,
  type Value,
  POLL,
  pollfd,
  ppoll,
} from '@ts-c/syscall';
import {
  clone3,
  cloneArgs,
  cloneIntoCgroup,
  clonePidfd,
  P,
  siginfo,
  SIG_SETMASK,
  sigprocmask,
  unshare,
  waitid,
  WEXITED,
} from './calls.ts';
import { fail } from './fail.ts';
import { invalid } from './invalid.ts';
import { joinNamespaces } from './join.ts';
import { cloneFlags, namespaceOf, type NamespaceKind } from './kinds.ts';
import type { Mappings } from './mappings.ts';
import { reports } from './protocol.ts';
import type { Join } from './requests.ts';
import { becomeRoot } from './root.ts';
import { createTimeNamespace, type TimeOffsets } from './time.ts';
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
  readonly mappings?: Mappings | undefined;
  /** Clock offsets of a new time namespace. */
  readonly timeOffsets?: TimeOffsets | undefined;
  /** File descriptors beyond the standard three that the supervisor has only for the child. */
  readonly childOnly?: readonly number[];
  /** Does the child wait, before its first step, until it is told to proceed? */
  readonly hold?: boolean;
  /** Does the child wait in front of its command until it is told to proceed? */
  readonly gate?: boolean;
  /** Does the child get a session of its own? */
  readonly session?: boolean;
  /** May the child outlive its supervisor, once it runs its command? */
  readonly outlives?: boolean;
  /** Steps of the supervisor before all others. What they make, `release` undoes, also when they fail half-way. */
  readonly reserve?: (program: Program) => void;
  /** Steps of the supervisor that let a child be ended which SIGKILL alone would not: a frozen one. */
  readonly beforeKill?: ((program: Program) => void) | undefined;
  /** Steps of the supervisor at its end, whatever that was; the status of the child, as waitid(2) gives it, if there was one. */
  readonly release?: (program: Program, status: Memory | undefined) => void;
  /**
   * Steps of the supervisor once the child has been cloned into its namespaces, which does nothing meanwhile; `pid` is the child's as the
   * supervisor sees it. Where they fail, the child is ended first and `release` done then.
   */
  readonly attach?: ((program: Program, pid: Value) => void) | undefined;
  /** Cgroups that the child is to be in, asked for once `reserve` has made them. */
  readonly cgroups?: (() => Cgroups) | undefined;
  /** Steps of the child: what turns it into what it is to be. */
  readonly setUp?: (program: Program) => void;
  /** Steps of the child that end in its command: `execute`. */
  readonly execute: (program: Program) => void;
}

/** The way into cgroups, for a child that is about to be cloned. */
export interface Cgroups {
  /** The open directory of a cgroup of version 2 that the child is to begin in. */
  readonly directory?: Value | undefined;
  /** Steps of the child that move it into the others, before all else. */
  readonly enter?: ((program: Program) => void) | undefined;
}

const owner = '@ts-c/namespaces';

/**
 * Writes down a supervisor and its child. The supervisor enters and creates namespaces, clones the child into them, reports its pid,
 * forwards signals to it, and ends as the child ends: with the same status, or by the same signal.
 *
 * The child dies with the supervisor, and the supervisor ends the child when the process that started both is gone.
 *
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for id maps without a new user namespace or the other way round, and for clock
 * offsets without a new time namespace.
 */
export function supervise(program: Program, supervision: Supervision): void {
  checkSupervision(supervision);
  const { reserve, beforeKill, release } = supervision;
  program.section(owner, 'supervisor', () => {
    program.call(prctlText, PR.SET_NAME, 'ts-c');
    // From here on a signal waits until it can be passed on, and does not end what has something to clean up.
    program.call(sigprocmask, SIG_SETMASK, allSignals(), null, 8);
  });
  const silent = program.variable('silent');
  const waiting = supervision.attach && program.variable('waiting');
  const quit = (): void => {
    program.set(silent, 1);
    fail(program, { code: 'ERR_ABANDONED', message: 'nobody is left to hear of this' });
  };
  program.guard(
    () => {
      reserve?.(program);
      const child = program.section(owner, 'namespaces and the child', () =>
        startChild(program, supervision, quit, waiting),
      );
      program.section(owner, 'until the child ends', () =>
        watchChild(program, { ...child, beforeKill, release }),
      );
    },
    () => {
      program.unless(silent, { equals: 1 }, () => sendFailure(program, program.failure()));
      if (waiting) endWaiting(program, waiting);
      release?.(program, undefined);
      program.try(exitGroup, failedStatus);
    },
  );
}

/** Steps that end a child which still waits to be attached, so that nothing of it is in the way of what is removed. */
function endWaiting(program: Program, pidfd: Slot): void {
  program.unless(pidfd, { equals: 0 }, () => {
    program.try(pidfdSendSignal, pidfd, SIGNAL.SIGKILL, null, 0);
    program.try(waitid, P.PIDFD, pidfd, new Memory(siginfo.size), WEXITED, null);
  });
}

/** Refuses what would otherwise be left out without a word. */
function checkSupervision({
  created,
  mappings,
  timeOffsets,
}: Pick<Supervision, 'created' | 'mappings' | 'timeOffsets'>): void {
  if (created.has('user') !== (mappings !== undefined)) {
    throw invalid(
      mappings
        ? 'mappings: there is no new user namespace to map ids of; ask for namespaces.user'
        : 'mappings: a new user namespace needs id maps',
    );
  }
  if (timeOffsets !== undefined && !created.has('time'))
    throw invalid(
      'timeOffsets: only the clocks of a new time namespace can be set; ask for namespaces.time',
    );
}

function startChild(
  program: Program,
  supervision: Supervision,
  quit: () => void,
  waiting: Slot | undefined,
): Child {
  const { created, hold, gate, attach, childOnly = [] } = supervision;
  enterNamespaces(program, supervision, quit);
  const executed = openPipe(program);
  const proceed = hold || gate || attach ? openPipe(program) : undefined;
  const pidfd = new Memory(4);
  const cgroups = supervision.cgroups?.() ?? {};
  const flags = cloneFlags(
    [...created].filter((kind) => kind !== 'user' && kind !== 'time' && kind !== 'cgroup'),
  );
  const { directory } = cgroups;
  const args = cloneArgs.make({
    flags: BigInt(flags) | clonePidfd | (directory === undefined ? 0n : cloneIntoCgroup),
    pidfd,
    exit_signal: SIGNAL.SIGCHLD,
    ...(directory === undefined ? {} : { cgroup: directory }),
  });
  const pid = program.call(clone3, args, cloneArgs.size);
  program.child(pid, () =>
    program.guard(
      () => beChild(program, { ...supervision, ...cgroups }, executed, proceed),
      () => {
        sendFailure(program, program.failure());
        program.try(exitGroup, failedStatus);
      },
    ),
  );
  program.call(close, executed.write);
  if (proceed) program.call(close, proceed.read);
  // Whoever reads from the child is to see the end when the child closes its side, and not wait for us.
  program.call(closeRange, 0, 2, 0);
  for (const descriptor of childOnly) program.call(close, descriptor);
  if (attach && waiting && proceed) {
    program.set(waiting, program.load(pidfd, 0, 4));
    attach(program, pid);
    program.set(waiting, 0);
    // With a hold it is for whoever started us to say.
    if (!hold) program.call(write, proceed.write, Memory.text('go', '+'), 1);
  }
  reports.created.send(program, pid);
  return { pidfd: program.load(pidfd, 0, 4), executed: executed.read, proceed: proceed?.write };
}

/** Steps of the supervisor that join namespaces, and create those that clone3(2) does not. */
function enterNamespaces(program: Program, supervision: Supervision, quit: () => void): void {
  const { created, joined = [], descriptors = new Map(), mappings, timeOffsets } = supervision;
  const asksProc = created.has('user') || timeOffsets !== undefined;
  // The host's /proc: a mount namespace that is joined may have another one, or none.
  const self = asksProc
    ? program.call(openat, AT_FDCWD, '/proc/self', OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC, 0)
    : -1;
  // Later where files of our own in /proc have to be written: those would be root's then.
  if (joined.length > 0 && !asksProc) hide(program);
  if (joined.length > 0) joinNamespaces(program, joined, descriptors);
  if (mappings) enterNewUserNamespace(program, mappings, self, quit);
  // While our ids are still those of our files in /proc.
  if (created.has('time')) createTimeNamespace(program, timeOffsets, self);
  if (mappings) becomeRoot(program);
  if (asksProc) program.call(close, self);
  if (joined.length > 0 && asksProc) hide(program);
}

/**
 * Steps that keep processes which live in a namespace already from looking into those that join it: they still hold descriptors of
 * the host (CVE-2016-9962). The command is as it always is: execve(2) ends this.
 */
function hide(program: Program): void {
  program.call(prctl, PR.SET_DUMPABLE, 0, 0, 0, 0);
}

function beChild(
  program: Program,
  supervision: Supervision & Cgroups,
  executed: Pipe,
  proceed: Pipe | undefined,
): void {
  const { created, hold, gate, attach, session, outlives, enter, setUp, execute } = supervision;
  program.section(owner, 'the child', () => {
    program.call(prctl, PR.SET_PDEATHSIG, SIGNAL.SIGKILL, 0, 0, 0);
    program.call(close, executed.read);
    if (proceed) program.call(close, proceed.write);
    endWithSupervisor(program, executed.write);
    enter?.(program);
    if ((hold || attach) && proceed) awaitByte(program, proceed.read);
    if (session) program.call(setsid);
    // Only now: by the time it may proceed it has been placed in the cgroups that are to be its root.
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
    // One that has been killed before leaves the pipe empty: its end is no start.
    program.call(write, executed.write, Memory.text('executing', '+'), 1);
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
