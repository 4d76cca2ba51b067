import { setTimeout as sleep } from 'node:timers/promises';
import { CgroupError } from '../error.ts';

/** How often {@link samples} are taken, and until when. */
export interface SampleOptions {
  /** Milliseconds from one sample to the next, 1000 by default. */
  readonly interval?: number | undefined;
  /** Ends the samples with its reason as the error. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Samples, the first at once and then one each interval, which does not drift. Where reading or the loop takes longer than the
 * interval, the samples that were missed are left out. It ends when the cgroup is gone.
 *
 *     for await (const { memory } of samples(() => reader.read(), { interval: 500 })) console.log(memory?.usage);
 *
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) at once, for an interval that is not a number of milliseconds above zero.
 * @throws The `signal`'s reason once that is aborted, and what `read` throws.
 */
export function samples<Sample>(
  read: () => Sample | PromiseLike<Sample>,
  options: SampleOptions = {},
): AsyncGenerator<Awaited<Sample>, void, undefined> {
  const { interval = 1000, signal } = options;
  // setTimeout makes 1 ms of anything above.
  if (!(interval > 0 && interval < 2 ** 31)) {
    const message = `interval: expected milliseconds above 0 and below 2^31, got ${interval}`;
    throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  return take(read, interval, signal);
}

async function* take<Sample>(
  read: () => Sample | PromiseLike<Sample>,
  interval: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Awaited<Sample>, void, undefined> {
  let due = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    let sample: Awaited<Sample>;
    try {
      sample = await read();
    } catch (error) {
      if (error instanceof CgroupError && error.code === 'ERR_CGROUP_REMOVED') return;
      throw error;
    }
    yield sample;
    due = nextDue(due, performance.now(), interval);
    // Timers may fire a little early; a sample is never taken early.
    do await pause(Math.max(0, due - performance.now()), signal);
    while (performance.now() < due);
  }
}

/** When the next sample is due after the one that was due last: a whole number of intervals later, and not in the past. */
export function nextDue(last: number, now: number, interval: number): number {
  return last + interval * Math.max(1, Math.ceil((now - last) / interval));
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(Math.ceil(milliseconds), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    // What Node throws here is an AbortError around the reason.
    signal?.throwIfAborted();
    throw error;
  }
}
