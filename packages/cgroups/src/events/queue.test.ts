import { describe, expect, it } from 'vitest';
import { EventQueue, guarded, type Sink } from './queue.ts';

/** A source that remembers what was done to it. */
function source(signal?: AbortSignal): {
  queue: EventQueue<number>;
  sink: Sink<number>;
  log: string[];
} {
  const log: string[] = [];
  const sinks: Sink<number>[] = [];
  const queue = new EventQueue<number>(
    (sink) => {
      sinks.push(sink);
      return {
        ref: () => void log.push('ref'),
        unref: () => void log.push('unref'),
        [Symbol.dispose]: () => void log.push('end'),
      };
    },
    { signal },
  );
  const [sink = queue] = sinks;
  return { queue, sink, log };
}

describe('EventQueue', () => {
  it('keeps events until they are asked for, in order', async () => {
    const { queue, sink } = source();
    for (const event of [1, 2, 3]) sink.push(event);
    sink.end();
    const seen: number[] = [];
    for await (const event of queue) seen.push(event);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('answers calls that came before their events in order, and those left over at the end', async () => {
    const { queue, sink } = source();
    const calls = Promise.all([queue.next(), queue.next(), queue.next()]);
    sink.push(1);
    sink.push(2);
    sink.end();
    expect((await calls).map(({ value }) => value)).toEqual([1, 2, undefined]);
  });

  it('holds a bounded number, and the latest among them', async () => {
    const { queue, sink } = source();
    for (let event = 0; event < 1000; event++) sink.push(event);
    sink.end();
    const seen: number[] = [];
    for await (const event of queue) seen.push(event);
    expect(seen).toHaveLength(64);
    expect(seen.at(-1)).toBe(999);
  });

  it('keeps the process running only while somebody waits', async () => {
    const { queue, sink, log } = source();
    expect(log).toEqual(['unref']);
    const call = queue.next();
    expect(log).toEqual(['unref', 'ref']);
    sink.push(1);
    await call;
    expect(log).toEqual(['unref', 'ref', 'unref']);
  });

  it.each([
    [
      'break',
      async (queue: EventQueue<number>) => {
        for await (const _ of queue) break;
      },
    ],
    ['return', (queue: EventQueue<number>) => queue.return()],
    [
      'await using',
      async (queue: EventQueue<number>) => {
        await using _ = queue;
      },
    ],
  ])('ends its source once by %s', async (_, body) => {
    const { queue, sink, log } = source();
    sink.push(1);
    sink.push(2);
    await body(queue);
    sink.push(3);
    await queue.return();
    expect(log.filter((entry) => entry === 'end')).toHaveLength(1);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('hands out what has happened, and then the reason of the signal', async () => {
    const controller = new AbortController();
    const { queue, sink, log } = source(controller.signal);
    sink.push(1);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(log.at(-1)).toBe('end');
    expect((await queue.next()).value).toBe(1);
    await expect(queue.next()).rejects.toBe(reason);
    expect((await queue.next()).done).toBe(true);
  });

  it('rejects who waits when the signal is aborted', async () => {
    const controller = new AbortController();
    const { queue } = source(controller.signal);
    const call = queue.next();
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('does not even begin when the signal is aborted already', () => {
    const log: string[] = [];
    const reason = new Error('too late');
    expect(
      () =>
        new EventQueue(
          () => {
            log.push('begun');
            throw new Error('not reached');
          },
          { signal: AbortSignal.abort(reason) },
        ),
    ).toThrow(reason);
    expect(log).toEqual([]);
  });

  it('may end while it begins', async () => {
    const log: string[] = [];
    const queue = new EventQueue<number>((sink) => {
      sink.push(1);
      sink.end();
      return { ref() {}, unref() {}, [Symbol.dispose]: () => void log.push('end') };
    });
    expect(log).toEqual(['end']);
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('rejects with what a listener throws', async () => {
    const { queue, sink } = source();
    const error = new Error('unreadable');
    guarded(sink, () => {
      throw error;
    })();
    await expect(queue.next()).rejects.toBe(error);
    expect((await queue.next()).done).toBe(true);
  });
});
