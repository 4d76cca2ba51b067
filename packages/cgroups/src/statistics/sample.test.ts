import { describe, expect, it } from 'vitest';
import { CgroupError } from '../error.ts';
import { nextDue, samples } from './sample.ts';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('nextDue', () => {
  it.each([
    ['reading took no time', 1000, 1100],
    ['reading took some, which does not add up', 1070, 1100],
    ['the next is due right now', 1100, 1100],
    ['the next was missed', 1101, 1200],
    ['many were missed', 1950, 2000],
  ])('%s', (_name, now, due) => {
    expect(nextDue(1000, now, 100)).toBe(due);
  });
});

describe('samples', () => {
  it('takes none before its time', async () => {
    const start = performance.now();
    const times: number[] = [];
    for await (const time of samples(() => performance.now() - start, { interval: 100 })) {
      times.push(time);
      if (times.length === 6) break;
      const busy = performance.now() + 30;
      while (performance.now() < busy);
    }
    for (const [index, time] of times.entries()) expect(time).toBeGreaterThanOrEqual(index * 100);
  });

  it('leaves out samples that were missed', async () => {
    const start = performance.now();
    const times: number[] = [];
    for await (const time of samples(() => performance.now() - start, { interval: 40 })) {
      times.push(time);
      if (times.length === 3) break;
      const busy = performance.now() + 100;
      while (performance.now() < busy);
    }
    const [, second = 0, third = 0] = times;
    expect(second).toBeGreaterThanOrEqual(118);
    expect(third).toBeGreaterThanOrEqual(second + 100);
  });

  it('leaves no timer behind on break', async () => {
    const before = timers();
    let taken = 0;
    for await (const sample of samples(() => ++taken, { interval: 20_000 })) {
      expect(sample).toBe(1);
      break;
    }
    expect(taken).toBe(1);
    expect(timers()).toBe(before);
  });

  it('waits for a reading that is a promise', async () => {
    const iterator = samples(() => Promise.resolve('read'), { interval: 1 });
    expect(await iterator.next()).toEqual({ done: false, value: 'read' });
    expect(await iterator.return()).toEqual({ done: true, value: undefined });
  });

  it('ends when the cgroup is gone', async () => {
    let left = 3;
    const taken: number[] = [];
    const read = () => {
      if (left === 0) throw new CgroupError('ERR_CGROUP_REMOVED', 'gone');
      return left--;
    };
    for await (const sample of samples(read, { interval: 1 })) taken.push(sample);
    expect(taken).toEqual([3, 2, 1]);
  });

  it('passes other errors on', async () => {
    const error = new CgroupError('ERR_INVALID_STATISTICS', 'bad');
    const iterator = samples(() => {
      throw error;
    });
    await expect(iterator.next()).rejects.toBe(error);
  });

  it('rejects with the reason of a signal, while it waits', async () => {
    const before = timers();
    const controller = new AbortController();
    const iterator = samples(() => 1, { interval: 20_000, signal: controller.signal });
    await iterator.next();
    const next = iterator.next();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(timers()).toBe(before);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('reads nothing when the signal is aborted already', async () => {
    let taken = 0;
    const iterator = samples(() => ++taken, { signal: AbortSignal.abort() });
    await expect(iterator.next()).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(taken).toBe(0);
  });

  it.each([0, -1, Number.NaN, Infinity, 2 ** 31])('refuses an interval of %d', (interval) => {
    expect(() => samples(() => 1, { interval })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: `interval: expected milliseconds above 0 and below 2^31, got ${interval}`,
      }),
    );
  });
});
