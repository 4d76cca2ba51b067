import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CgroupVersion } from '../setting.ts';
import { cgroupEventsSource } from './cgroup-events.ts';
import { OpenFile, parseCounters, readCgroupFile } from './file.ts';
import {
  EventQueue,
  guarded,
  type EventOptions,
  type EventStream,
  type Sink,
  type Source,
} from './queue.ts';
import { closing, entriesSource, GrowingTimer, removalSource, startAll } from './sources.ts';

/** `freezing`: asked for, but some process is not frozen yet. */
export type FreezerState = 'thawed' | 'freezing' | 'frozen';

/** A cgroup has been frozen or thawed. */
export interface FreezerEvent {
  readonly type: 'freezer';
  readonly state: FreezerState;
}

/** Milliseconds between looks at a cgroup of version 1 that is about to freeze, which nothing tells the end of. */
const firstWait = 1;
const longestWait = 50;

/**
 * Tells whether a cgroup is frozen, by itself or with one above it: first as it is, then at each change, until it is removed. In version 2 that is
 * cgroup.events. In version 1 freezer.state is read when somebody writes to it or to one above, and again and again while it freezes.
 *
 * @param directory The directory of the cgroup in the hierarchy of the freezer.
 * @throws {CgroupError} (`ERR_CGROUP_REMOVED`, `ERR_NO_CONTROLLER`) where there is no such file; the signal's reason, if it is aborted.
 */
export function watchFreezer(
  directory: string,
  version: CgroupVersion,
  options: EventOptions = {},
): EventStream<FreezerEvent> {
  return new EventQueue<FreezerEvent>((sink) => {
    let last: FreezerState | undefined;
    const tell = (state: FreezerState): void => {
      if (state === last) return;
      last = state;
      sink.push({ type: 'freezer', state });
    };
    return version === 1 ? startV1(directory, sink, tell) : startV2(directory, sink, tell);
  }, options);
}

/** What it is at this moment; undefined where it has been removed. */
export function freezerState(directory: string, version: CgroupVersion): FreezerState | undefined {
  if (version === 1) return stateOf1(readCgroupFile(directory, 'freezer.state'));
  const events = readCgroupFile(directory, 'cgroup.events');
  return events === undefined ? undefined : stateOf2(directory, parseCounters(events));
}

function stateOf1(text: string | undefined): FreezerState | undefined {
  if (text === undefined) return undefined;
  const state = text.trim();
  return state === 'FROZEN' ? 'frozen' : state === 'FREEZING' ? 'freezing' : 'thawed';
}

function stateOf2(directory: string, events: ReadonlyMap<string, number>): FreezerState {
  if (events.get('frozen') === 1) return 'frozen';
  return readCgroupFile(directory, 'cgroup.freeze')?.trim() === '1' ? 'freezing' : 'thawed';
}

function startV2(
  directory: string,
  sink: Sink<FreezerEvent>,
  tell: (state: FreezerState) => void,
): Source {
  return cgroupEventsSource(directory, sink, (values) => tell(stateOf2(directory, values)));
}

function startV1(
  directory: string,
  sink: Sink<FreezerEvent>,
  tell: (state: FreezerState) => void,
): Source {
  return startAll((sources) => {
    const file = new OpenFile(directory, 'freezer.state');
    sources.add(closing(() => file[Symbol.dispose]()));
    const check = guarded(sink, () => {
      const state = stateOf1(file.read());
      if (state === 'freezing') timer.set();
      else timer.reset();
      if (state === undefined) sink.end();
      else tell(state);
    });
    const timer = new GrowingTimer(firstWait, longestWait, check);
    sources.add(timer);
    sources.add(removalSource(directory, check));
    // It is frozen with any that it lies beneath; the root of the hierarchy has no state.
    for (let each = directory; existsSync(join(each, 'freezer.state')); each = dirname(each))
      sources.add(entriesSource(each, (entry) => entry === 'freezer.state', check));
    check();
  });
}
