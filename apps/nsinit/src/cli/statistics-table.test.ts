import { describe, expect, it } from 'vitest';
import type { CgroupStatistics } from '@ts-c/cgroups';
import { outputOf } from './output.ts';
import { History, sparkline, statisticsTable } from './statistics-table.ts';

const second = 1_000_000_000;

/** A sample at a time in seconds, with seconds of CPU time and bytes of memory. */
function sample(time: number, cpu: number, memory: number): CgroupStatistics {
  return {
    version: 2,
    timestamp: time * 1000,
    cpu: { usage: cpu * second },
    memory: { usage: memory, limit: 64 * 2 ** 20, events: {}, stat: {} },
    pids: { current: 3, limit: 20 },
    io: [
      {
        device: '8:0',
        readBytes: 1024,
        writeBytes: 2048,
        reads: 1,
        writes: 1,
        discardBytes: 0,
        discards: 0,
      },
    ],
  };
}

function output(isTTY: boolean): ReturnType<typeof outputOf> {
  return outputOf(() => ({ write: () => true, isTTY }), { NO_COLOR: '1' });
}

describe('sparkline', () => {
  it('draws the largest value highest, or leaves room up to what is full', () => {
    expect(sparkline([0, 50, 100], 100)).toBe('▁▅█');
    expect(sparkline([0, 50, 100], 200)).toBe('▁▃▅');
    expect(sparkline([300], 100)).toBe('█');
    expect(sparkline([0, 0], 0)).toBe('▁▁');
    expect(sparkline([], 100)).toBe('');
  });
});

describe('statisticsTable', () => {
  const history = new History('web');
  history.add(sample(0, 0, 2 ** 20));
  history.add(sample(1, 0.5, 32 * 2 ** 20));
  history.add(sample(2, 1.5, 64 * 2 ** 20));

  it('has a row for each container', () => {
    expect(statisticsTable([history], output(false))).toBe(
      [
        'ID   CPU     MEMORY  LIMIT  PIDS  READ  WRITTEN  STATE',
        'web  100.0%  64M     64M    3/20  1K    2K       running',
        '',
      ].join('\n'),
    );
  });

  it('has sparklines on a terminal', () => {
    expect(statisticsTable([history], output(true))).toContain(
      '100.0%  ▅█  64M     64M    ▁▅█  3/20',
    );
  });

  it('says what has ended, and what nothing is known of', () => {
    const other = new History('db');
    other.end();
    expect(statisticsTable([other], output(false))).toContain(
      'db  -    -       -      -     -     -        ended',
    );
  });
});
