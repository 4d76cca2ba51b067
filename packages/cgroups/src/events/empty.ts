import type { CgroupVersion } from '../setting.ts';
import { CgroupError } from '../error.ts';
import { cgroupEventsSource } from './cgroup-events.ts';
import { startMembers } from './members.ts';
import {
  EventQueue,
  type EventOptions,
  type EventStream,
  type Sink,
  type Source,
} from './queue.ts';

/** A cgroup has processes, itself or beneath; or it has none. */
export interface PopulatedEvent {
  readonly type: 'populated';
  readonly populated: boolean;
}

/**
 * Tells whether a cgroup or one beneath it has processes: first as it is, then at each change, until the cgroup is removed. In version 2 that is
 * cgroup.events. In version 1, also for its named hierarchies, it follows the processes themselves: by a pidfd while there are any, and
 * by who is written into cgroup.procs while there are none.
 *
 * @param directory The directory of the cgroup in one hierarchy.
 * @throws {CgroupError} (`ERR_CGROUP_REMOVED`) where it is not there; the signal's reason, if it is aborted.
 */
export function watchPopulated(
  directory: string,
  version: CgroupVersion,
  options: EventOptions = {},
): EventStream<PopulatedEvent> {
  return new EventQueue<PopulatedEvent>(
    (sink) =>
      version === 1
        ? startMembers(directory, sink, changes(sink))
        : startV2(directory, sink, changes(sink)),
    options,
  );
}

/**
 * Waits until a cgroup and all beneath it have no processes. One that has been removed has none.
 *
 * @throws the signal's reason, when it is aborted.
 */
export async function whenEmpty(
  directory: string,
  version: CgroupVersion,
  signal?: AbortSignal,
): Promise<void> {
  try {
    for await (const { populated } of watchPopulated(directory, version, { signal }))
      if (!populated) return;
  } catch (error) {
    if (!(error instanceof CgroupError && error.code === 'ERR_CGROUP_REMOVED')) throw error;
  }
}

function startV2(
  directory: string,
  sink: Sink<PopulatedEvent>,
  tell: (populated: boolean) => void,
): Source {
  return cgroupEventsSource(directory, sink, (values) => tell(values.get('populated') === 1));
}

/** Passes on what differs from the time before. */
function changes(sink: Sink<PopulatedEvent>): (populated: boolean) => void {
  let last: boolean | undefined;
  return (populated) => {
    if (populated === last) return;
    last = populated;
    sink.push({ type: 'populated', populated });
  };
}
