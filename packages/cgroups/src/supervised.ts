import { dirname } from 'node:path';
import {
  AT,
  AT_FDCWD,
  close,
  errnoNumber,
  Memory,
  openat,
  OPEN,
  POLL,
  pollfd,
  ppoll,
  read,
  reportSize,
  sendReport,
  unlinkat,
  write,
  type Program,
  type Slot,
  type Value,
} from '@ts-c/syscall';
import { applySteps, enter, openEntrances } from './apply.ts';
import {
  itimerspec,
  monotonicClock,
  TFD,
  timerfdCreate,
  timerfdSettime,
  unlinkatResult,
} from './calls.ts';
import type { CgroupPlan, Member } from './plan.ts';

/** The report with which a supervisor passes on what the kernel has counted of memory, in pieces: {@link countOomKills}. */
export const memoryEventsReport = 16;

/** A cgroup whose life is a part of a supervisor's: made before its child, removed when that has ended. */
export interface SupervisedCgroup {
  /** Steps that make it. */
  reserve(program: Program): void;
  /** The way into it, once it is made. */
  entrance(): {
    readonly directory: Value | undefined;
    readonly enter: (program: Program) => void;
  };
  /** Steps that let a frozen process be ended. */
  thaw(program: Program): void;
  /** Steps that end whatever is left in it and remove it. @returns what is 1 afterwards where it could not be removed in time. */
  release(program: Program): Slot;
}

/** What the supervisor holds of one hierarchy. */
interface Held {
  readonly member: Member;
  /** The directory that exists already, from which the others are reached whatever happens to the mounts. */
  readonly base: Value;
  /** 1 once that is open: what has not been opened must not be taken for descriptor 0. */
  readonly isHeld: Slot;
  /** 1 once the cgroup has been made. */
  readonly made: Slot;
}

/** Files of the cgroup that stay open until its end. */
interface Opened {
  entrances: readonly Value[];
  directory?: Value;
  kill?: Value;
  thaw?: Value;
  events?: Value;
  /** 1 once all of them are. */
  complete?: Slot;
}

const owner = '@ts-c/cgroups';
const directoryFlags = OPEN.RDONLY | OPEN.DIRECTORY | OPEN.CLOEXEC;
// How long the kernel may stay busy with a cgroup whose processes are gone.
const patienceSeconds = 3;

/**
 * Writes a cgroup into a supervisor. What it needs at its end it opens at its beginning: by then it may have other mounts.
 *
 * @param cloneInto Does the child begin in its cgroup of version 2 (clone3(2), CLONE_INTO_CGROUP), instead of moving there? Not
 * where the supervisor gives up, by a user namespace, the right to.
 */
export function superviseCgroup(plan: CgroupPlan, cloneInto: boolean): SupervisedCgroup {
  const held: Held[] = [];
  const open: Opened = { entrances: [] };
  const unified = plan.members.find(({ version }) => version === 2);
  const moved = plan.members.filter((member) => !cloneInto || member !== unified);
  const memory = plan.members.find(({ controllers }) => controllers.includes('memory'));
  const freezer = plan.members.find(({ controllers }) => controllers.includes('freezer'));
  const thaw = (program: Program): void => {
    if (open.thaw !== undefined) program.try(write, open.thaw, Memory.text('state', 'THAWED'), 6);
  };
  return {
    reserve(program) {
      program.section(owner, 'what is above the cgroup', () => {
        for (const member of plan.members) held.push(hold(program, member));
      });
      applySteps(program, plan.steps, ({ path }) => {
        const mine = held.find(({ member }) => member.path === path);
        if (mine) program.set(mine.made, 1);
      });
      open.entrances = openEntrances(program, moved);
      program.section(owner, 'what ends the cgroup', () => {
        if (cloneInto && unified)
          open.directory = program.call(openat, AT_FDCWD, unified.path, directoryFlags, 0);
        if (unified) open.kill = openFile(program, unified, 'cgroup.kill', OPEN.WRONLY);
        if (freezer) open.thaw = openFile(program, freezer, 'freezer.state', OPEN.WRONLY);
        if (memory) {
          const file = memory.version === 2 ? 'memory.events' : 'memory.oom_control';
          open.events = openFile(program, memory, file, OPEN.RDONLY);
        }
        open.complete = program.variable('complete');
        program.set(open.complete, 1);
      });
    },
    entrance: () => ({
      directory: open.directory,
      enter: (program) => enter(program, open.entrances),
    }),
    thaw,
    release: (program) =>
      program.section(owner, 'the end of the cgroup', () => {
        // Not where it failed half-way: what has not been opened must not be taken for descriptor 0.
        program.unless(open.complete ?? 0, { equals: 0 }, () => {
          if (open.kill !== undefined) program.try(write, open.kill, Memory.text('kill', '1'), 1);
          thaw(program);
          if (open.events !== undefined) reportEvents(program, open.events);
        });
        return removeAll(program, held);
      }),
  };
}

function hold(program: Program, member: Member): Held {
  const base = dirname(member.made.at(-1) ?? member.path);
  const isHeld = program.variable('held');
  const made = program.variable('made');
  const descriptor = program.call(openat, AT_FDCWD, base, directoryFlags, 0);
  // Only of use to what is made above the cgroup itself.
  if (member.made.length > 0) program.set(isHeld, 1);
  return { member, base: descriptor, isHeld, made };
}

/** A file that is not on every kernel, or not ours to use; its Slot is an error number then, which no call takes for a descriptor. */
function openFile(program: Program, { path }: Member, file: string, flags: number): Value {
  return program.try(openat, AT_FDCWD, `${path}/${file}`, flags | OPEN.CLOEXEC, 0);
}

/** Sends the text of a file, piece by piece. */
function reportEvents(program: Program, file: Value): void {
  const report = new Memory(reportSize).set('u64', 0, memoryEventsReport);
  report.describe = () => '{memory events}';
  const size = reportSize - 8;
  const piece = new Memory(size);
  program.loop((leave) => {
    for (let offset = 0; offset < size; offset += 8) program.store(piece, offset, 8, 0);
    const count = program.try(read, file, piece, size);
    // The end of it, or an error, which is negative.
    program.when(count, { equals: 0 }, leave);
    program.unless(count, { equals: 0, mask: 1n << 63n }, leave);
    for (let offset = 0; offset < size; offset += 8)
      program.store(report, 8 + offset, 8, program.load(piece, offset, 8));
    sendReport(program, report);
  });
}

/**
 * Removes a cgroup everywhere, and tries again while the kernel is still busy with it.
 *
 * @returns 1 where it was to the end.
 */
function removeAll(program: Program, held: readonly Held[]): Slot {
  const timer = program.try(timerfdCreate, monotonicClock, TFD.CLOEXEC);
  program.try(timerfdSettime, timer, 0, itimerspec.make({ it_value_sec: patienceSeconds }), null);
  const fds = new Memory(pollfd.size)
    .set('i32', pollfd.fd, timer)
    .set('u16', pollfd.events, POLL.IN);
  fds.describe = () => '[timer]';
  const pause = new Memory(16).set('i64', 8, 1_000_000);
  pause.describe = () => '{1 ms}';
  const busy = program.variable('busy');
  program.loop((leave) => {
    program.set(busy, 0);
    for (const { member, base, made } of held) {
      const path = relativeTo(member, member.path);
      program.unless(made, { equals: 0 }, () => {
        // What is refused for good is left to whoever started us.
        const result = program.try(unlinkatResult, base, path, AT.REMOVEDIR);
        program.when(result, { equals: -errnoNumber('EBUSY') }, () => program.set(busy, 1));
      });
    }
    program.when(busy, { equals: 0 }, leave);
    const expired = program.try(ppoll, fds, 1, pause, null, 8);
    program.unless(expired, { equals: 0 }, leave);
  });
  program.try(close, timer);
  for (const { member, base, isHeld } of held)
    for (const path of member.made)
      program.unless(isHeld, { equals: 0 }, () =>
        program.try(unlinkat, base, relativeTo(member, path), AT.REMOVEDIR),
      );
  return busy;
}

/** A path as it is reached from what the supervisor holds. */
function relativeTo({ made, path: whole }: Member, path: string): string {
  return path.slice(dirname(made.at(-1) ?? whole).length + 1);
}

/**
 * How often the kernel has killed a process of the cgroup for want of memory.
 *
 * @param pieces The payloads of all reports of the kind {@link memoryEventsReport}.
 */
export function countOomKills(pieces: readonly Uint8Array[]): number {
  const text = Buffer.concat(pieces.map((piece) => trimZeros(piece))).toString();
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

function trimZeros(piece: Uint8Array): Uint8Array {
  const end = piece.indexOf(0);
  return end < 0 ? piece : piece.subarray(0, end);
}
