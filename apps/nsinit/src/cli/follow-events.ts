import { CgroupError, type Cgroup } from '@ts-c/cgroups';
import { formatJson } from '@ts-c/state';
import type { Grouped } from './grouped.ts';

/** A tenth of a second of waiting in each two: what a process without special rights may ask to be told of. */
const pressure = { stall: 200_000, window: 2_000_000 } as const;

/**
 * What happens to a container until it ends, each as a line of JSON.
 *
 * @param interval Milliseconds between statistics; without it there are none.
 */
export async function* followEvents(
  { id, cgroup }: Grouped,
  interval: number | undefined,
): AsyncGenerator<string, void, undefined> {
  const ended = new AbortController();
  const streams = streamsOf(cgroup, interval, ended.signal);
  const line = (event: object): string =>
    formatJson({ time: new Date().toISOString(), id, ...event });
  try {
    yield* merge(streams, line);
    yield line({ type: 'exit' });
  } finally {
    ended.abort();
    await Promise.allSettled(streams.map(async (stream) => stream.return?.()));
  }
}

type Stream = AsyncIterator<object> & AsyncIterable<object>;

function streamsOf(cgroup: Cgroup, interval: number | undefined, signal: AbortSignal): Stream[] {
  const waiting = (['memory', 'cpu', 'io'] as const).map((resource) =>
    available(() => cgroup.pressure({ resource, kind: 'some', ...pressure, signal })),
  );
  return [
    available(() => cgroup.oom({ signal })),
    available(() => cgroup.freezer({ signal })),
    ...waiting,
    interval === undefined ? undefined : statistics(cgroup, interval, signal),
  ].filter((stream): stream is Stream => stream !== undefined);
}

/** A stream, where the kernel and the layout of cgroups have what it is made of. */
function available(open: () => Stream): Stream | undefined {
  try {
    return open();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof CgroupError || code === 'EOPNOTSUPP' || code === 'EINVAL')
      return undefined;
    throw error;
  }
}

async function* statistics(
  cgroup: Cgroup,
  interval: number,
  signal: AbortSignal,
): AsyncGenerator<object, void, undefined> {
  for await (const data of cgroup.stats({ interval, signal })) yield { type: 'stats', data };
}

/** What comes out of several streams, in the order in which it comes, until all of those end that tell of the container's life. */
async function* merge(
  streams: readonly Stream[],
  line: (event: object) => string,
): AsyncGenerator<string, void, undefined> {
  const next = new Map(streams.map((stream) => [stream, take(stream)]));
  while (next.size > 0) {
    const { stream, result } = await Promise.race(next.values());
    if (result.done) next.delete(stream);
    else {
      yield line(result.value);
      next.set(stream, take(stream));
    }
  }
}

async function take(
  stream: Stream,
): Promise<{ readonly stream: Stream; readonly result: IteratorResult<object> }> {
  return { stream, result: await stream.next() };
}
