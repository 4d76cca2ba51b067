import { fileSource, OpenFile, parseCounters } from './file.ts';
import { EventQueue, guarded, type EventOptions, type EventStream } from './queue.ts';
import { removalSource, startAll } from './sources.ts';

/** Some counters of memory.events have grown. */
export interface MemoryEvent {
  readonly type: 'memory';
  /** Which have grown since the event before: `high`, `max`, `oom`, `oom_kill`. */
  readonly grown: readonly string[];
  /** All of them, since the cgroup was made: `low`, `high`, `max`, `oom`, `oom_kill`, `oom_group_kill`. */
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * Tells when a cgroup of version 2 comes to its limits of memory: memory.events. It ends when the cgroup is removed.
 *
 * @param directory The directory of the cgroup.
 * @throws {CgroupError} (`ERR_CGROUP_REMOVED`, `ERR_NO_CONTROLLER`) where it has no such file; the signal's reason, if it is aborted.
 */
export function watchMemoryEvents(
  directory: string,
  options: EventOptions = {},
): EventStream<MemoryEvent> {
  return new EventQueue<MemoryEvent>(
    (sink) =>
      startAll((sources) => {
        const file = new OpenFile(directory, 'memory.events');
        let last = parseCounters(file.read() ?? '');
        const check = guarded(sink, () => {
          const text = file.read();
          if (text === undefined) {
            sink.end();
            return;
          }
          const counters = parseCounters(text);
          const grown = [...counters.keys()].filter(
            (key) => (counters.get(key) ?? 0) > (last.get(key) ?? 0),
          );
          last = counters;
          if (grown.length > 0)
            sink.push({ type: 'memory', grown, counters: Object.fromEntries(counters) });
        });
        sources.add(fileSource(file, check));
        sources.add(removalSource(directory, check));
        check();
      }),
    options,
  );
}
