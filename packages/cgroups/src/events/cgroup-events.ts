import { fileSource, OpenFile, parseCounters } from './file.ts';
import { guarded, type Sink, type Source } from './queue.ts';
import { removalSource, startAll } from './sources.ts';

/**
 * Follows the file cgroup.events of version 2: calls back with what it says at first, and at each change. It ends the stream when the
 * cgroup is removed.
 *
 * @throws {CgroupError} (`ERR_CGROUP_REMOVED`, `ERR_NO_CONTROLLER`) where there is no such file, as in the root of the hierarchy.
 */
export function cgroupEventsSource(
  directory: string,
  sink: Sink<never>,
  listener: (values: ReadonlyMap<string, number>) => void,
): Source {
  return startAll((sources) => {
    const file = new OpenFile(directory, 'cgroup.events');
    const check = guarded(sink, () => {
      const text = file.read();
      if (text === undefined) sink.end();
      else listener(parseCounters(text));
    });
    sources.add(fileSource(file, check));
    sources.add(removalSource(directory, check));
    check();
  });
}
