import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CgroupVersion } from '../setting.ts';
import { cgroupEventsSource } from './cgroup-events.ts';
import { OpenFile, readCgroupFile } from './file.ts';
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

function startV2(
  directory: string,
  sink: Sink<FreezerEvent>,
  tell: (state: FreezerState) => void,
): Source {
  return cgroupEventsSource(directory, sink, (values) => {
    const isAsked = readCgroupFile(directory, 'cgroup.freeze')?.trim() === '1';
    tell(values.get('frozen') === 1 ? 'frozen' : isAsked ? 'freezing' : 'thawed');
  });
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
      const text = file.read()?.trim();
      if (text === 'FREEZING') timer.set();
      else timer.reset();
      if (text === undefined) sink.end();
      else tell(text === 'FROZEN' ? 'frozen' : text === 'FREEZING' ? 'freezing' : 'thawed');
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
