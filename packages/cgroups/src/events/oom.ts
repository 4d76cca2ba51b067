import { existsSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { close, live, watch } from '@ts-c/syscall';
import type { CgroupVersion } from '../setting.ts';
import { EFD, eventfd2 } from './calls.ts';
import { fileError, fileSource, hasCode, OpenFile, parseCounters } from './file.ts';
import { EventQueue, guarded, type EventOptions, type EventStream, type Sink } from './queue.ts';
import { closing, GrowingTimer, removalSource, startAll, type Sources } from './sources.ts';

/** The memory of a cgroup has run out. */
export interface OomEvent {
  readonly type: 'oom';
  /** How many of its processes have been killed for that so far, since the cgroup was made. */
  readonly killed: number;
  /** Its processes wait for memory at this moment, as `memory.oom_control` says that none is killed. Version 1; else false. */
  readonly underOom: boolean;
}

/** What the files say, in the words of both versions. */
interface Reading {
  readonly killed: number;
  readonly underOom: boolean;
  /** How many times memory ran out, where that is counted. */
  readonly ooms: number;
  /** Is somebody killed then? */
  readonly kills: boolean;
}

/** The kernel tells of running out of memory first, and then chooses whom to kill: so many milliseconds are waited for that. */
const patience = 500;
/** Milliseconds from one look to the next meanwhile, to begin with and at most. */
const firstWait = 1;
const longestWait = 64;

/**
 * Tells each time that a cgroup runs out of memory: memory.oom_control of version 1 with an eventfd(2), memory.events of version 2. What
 * happens between two calls of `next()` is not lost; the events end when the cgroup is removed.
 *
 * @param directory The directory of the cgroup in the hierarchy of the memory controller.
 * @throws {CgroupError} (`ERR_CGROUP_REMOVED`, `ERR_NO_CONTROLLER`) where it has no such file; the signal's reason, if it is aborted.
 */
export function watchOom(
  directory: string,
  version: CgroupVersion,
  options: EventOptions = {},
): EventStream<OomEvent> {
  return new EventQueue<OomEvent>(
    (sink) =>
      startAll((sources) =>
        version === 1 ? startV1(directory, sink, sources) : startV2(directory, sink, sources),
      ),
    options,
  );
}

function startV1(directory: string, sink: Sink<OomEvent>, sources: Sources): void {
  const control = new OpenFile(directory, 'memory.oom_control');
  sources.add(closing(() => control[Symbol.dispose]()));
  const eventfd = Number(live.call(eventfd2, 0, EFD.CLOEXEC | EFD.NONBLOCK));
  sources.add(closing(() => live.call(close, eventfd)));
  const registry = join(directory, 'cgroup.event_control');
  const tracker = new OomTracker(sink, sources, () => {
    // The kernel counts the eventfd up for the removal, too; the file is gone by then.
    const text = existsSync(registry) ? control.read() : undefined;
    if (text === undefined) return undefined;
    const counters = parseCounters(text);
    return {
      killed: counters.get('oom_kill') ?? 0,
      underOom: counters.get('under_oom') === 1,
      ooms: 0,
      kills: counters.get('oom_kill_disable') !== 1,
    };
  });
  try {
    writeFileSync(registry, `${eventfd} ${control.fd}`, { flag: 'r+' });
  } catch (error) {
    throw fileError(error, directory, 'cgroup.event_control');
  }
  const handle = watch(
    eventfd,
    { readable: true },
    guarded(sink, () => {
      if (drain(eventfd)) tracker.check(true);
    }),
  );
  sources.add({
    ref: () => handle.ref(),
    unref: () => handle.unref(),
    [Symbol.dispose]: () => handle.close(),
  });
}

/** Takes what an eventfd has counted. */
function drain(eventfd: number): boolean {
  try {
    return readSync(eventfd, Buffer.alloc(8)) === 8;
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return false;
    throw error;
  }
}

function startV2(directory: string, sink: Sink<OomEvent>, sources: Sources): void {
  const file = new OpenFile(directory, 'memory.events');
  const tracker = new OomTracker(sink, sources, () => {
    const text = file.read();
    if (text === undefined) return undefined;
    const counters = parseCounters(text);
    return {
      killed: counters.get('oom_kill') ?? 0,
      underOom: false,
      ooms: counters.get('oom') ?? 0,
      kills: true,
    };
  });
  const check = guarded(sink, () => tracker.check(false));
  sources.add(fileSource(file, check));
  sources.add(removalSource(directory, check));
  // What was counted before the watch began is no event; a removal before it began would not be told.
  tracker.check(false);
}

/** Turns counters into events. */
class OomTracker {
  readonly #sink: Sink<OomEvent>;
  readonly #read: () => Reading | undefined;
  readonly #timer: GrowingTimer;
  #last: Reading;
  /** When memory ran out that has not been told of yet. */
  #since: number | undefined;

  constructor(sink: Sink<OomEvent>, sources: Sources, read: () => Reading | undefined) {
    this.#sink = sink;
    this.#read = read;
    this.#last = read() ?? { killed: 0, underOom: false, ooms: 0, kills: true };
    this.#timer = new GrowingTimer(
      firstWait,
      longestWait,
      guarded(sink, () => this.check(false)),
    );
    sources.add(this.#timer);
  }

  /** @param isTold Has the kernel said that memory ran out? Else the counters tell. */
  check(isTold: boolean): void {
    const reading = this.#read();
    if (!reading) {
      if (this.#since !== undefined) this.#emit();
      this.#sink.end();
      return;
    }
    const { killed, ooms } = this.#last;
    this.#last = reading;
    const now = performance.now();
    if (isTold || reading.ooms > ooms) this.#since ??= now;
    // Nobody may be killed after all: a cgroup is told, too, when one above it runs out of memory. Looks don't count, time does: of a
    // cgroup at its limit the file changes all the time.
    const isSettled = !reading.kills || now - (this.#since ?? now) >= patience;
    if (reading.killed > killed || (this.#since !== undefined && isSettled)) this.#emit();
    else if (this.#since !== undefined) this.#timer.set();
  }

  #emit(): void {
    this.#since = undefined;
    this.#timer.reset();
    const { killed, underOom } = this.#last;
    this.#sink.push({ type: 'oom', killed, underOom });
  }
}
