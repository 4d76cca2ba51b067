import { describe, expect, it } from 'vitest';
import { cpuUsageBetween } from './classic.ts';
import { parseBlkio, parseLimits, parseNested, parsePressure } from './parse.ts';
import { limitOf, minus, plus, times } from './quantity.ts';
import { Keys, Scanner } from './scanner.ts';

function scan(text: string): Scanner {
  // What an earlier file left behind comes after it, as in the shared buffer.
  const bytes = Buffer.from(`${text}123 x`, 'latin1');
  return new Scanner().reset(bytes, text.length, '/cgroup/file');
}

describe('Scanner', () => {
  it.each([
    ['0', 0],
    ['999999999999999', 999_999_999_999_999],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['18446744073709551615', 18_446_744_073_709_551_615n],
    ['00000000000000000000012', 12],
    ['-5', 0],
    ['-18446744073709551615', 0],
  ])('reads %s exactly', (text, value) => {
    expect(scan(text).integer()).toBe(value);
    expect(scan(`${text}\n`).integer()).toBe(value);
  });

  it.each(['', '\n', 'x', '-', '18446744073709551616', 'max'])('refuses %j as a number', (text) => {
    expect(() => scan(text).integer()).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_STATISTICS', path: '/cgroup/file' }),
    );
  });

  it('names the line and the column of what it refuses', () => {
    expect(() => scan('cache 1\nrss x\nswap 2\n').flat(new Keys())).toThrow(
      expect.objectContaining({
        message: "/cgroup/file: expected a number at column 5 of 'rss x'",
        value: 'rss x',
      }),
    );
    expect(() => scan('cache 1 2\n').flat(new Keys())).toThrow(
      "/cgroup/file: expected the end of the line at column 9 of 'cache 1 2'",
    );
    expect(() => scan('min').limit()).toThrow("expected a number or 'max' at column 1 of 'min'");
  });

  it('reads a limit', () => {
    expect(scan('max\n').limit()).toBe('max');
    expect(scan('4096\n').limit()).toBe(4096);
  });

  it('reads fractions', () => {
    expect(scan('12.05 ').decimal()).toBe(12.05);
    expect(scan('7').decimal()).toBe(7);
  });

  it('reads names and numbers, and those of another file by the same keys', () => {
    const keys = new Keys();
    expect(scan('cache 1\nrss 2\n').flat(keys)).toEqual({ cache: 1, rss: 2 });
    expect(scan('cache 3\nrss 4\n').flat(keys)).toEqual({ cache: 3, rss: 4 });
    expect(scan('cached 3\nrs 4\nrss 5').flat(keys)).toEqual({ cached: 3, rs: 4, rss: 5 });
    expect(scan('').flat(keys)).toEqual({});
    expect(scan('\tcache\t1 \n\n rss  2').flat(keys)).toEqual({ cache: 1, rss: 2 });
    expect(keys.names.length).toBeLessThanOrEqual(4);
  });

  it('keeps the order of the file', () => {
    expect(Object.keys(scan('b 1\na 2\n').flat(new Keys()))).toEqual(['b', 'a']);
  });
});

describe('parseBlkio', () => {
  it('takes lines with and without an operation, and leaves out the last total', () => {
    expect(parseBlkio(scan('8:0 Read 1\n253:16 18446744073709551615\nTotal 3\n'))).toEqual([
      { major: 8, minor: 0, op: 'Read', value: 1 },
      { major: 253, minor: 16, op: '', value: 18_446_744_073_709_551_615n },
    ]);
    expect(parseBlkio(scan('Total 0\n'))).toEqual([]);
    expect(parseBlkio(scan(''))).toEqual([]);
  });

  it.each([
    ['8:0', 'expected a word at column 4'],
    ['8 Read 1', "expected ':' at column 2"],
    ['Sum 4', 'expected a device or the total at column 4'],
    ['Total', 'expected a number at column 6'],
    ['8:0 Read 1 2', 'expected the end of the line at column 12'],
    ['8:x Read 1', 'expected a number at column 3'],
  ])('refuses %j', (text, message) => {
    expect(() => parseBlkio(scan(text))).toThrow(message);
  });
});

describe('parseNested', () => {
  it('takes what is a whole number', () => {
    const text =
      '8:0 rbytes=1 wbytes=2 cost.usage=5\n8:16 rbytes=3 cost.vrate=100.50 state=ok dios=4\n';
    expect([...parseNested(scan(text))]).toEqual([
      ['8:0', { rbytes: 1, wbytes: 2, 'cost.usage': 5 }],
      ['8:16', { rbytes: 3, 'cost.vrate': 100, dios: 4 }],
    ]);
  });

  it('leaves out devices without statistics in front of others, as Linux 5.16 writes them', () => {
    expect([...parseNested(scan('7:7 7:6 253:0 rbytes=1\n7:5 \n'))]).toEqual([
      ['253:0', { rbytes: 1 }],
    ]);
  });
});

it('parseLimits takes numbers and max', () => {
  expect([...parseLimits(scan('sev 3\nsev_es max\n'))]).toEqual([
    ['sev', 3],
    ['sev_es', 'max'],
  ]);
});

describe('parsePressure', () => {
  it('takes both lines', () => {
    const text =
      'some avg10=1.50 avg60=0.25 avg300=0.01 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n';
    expect(parsePressure(scan(text))).toEqual({
      some: { avg10: 1.5, avg60: 0.25, avg300: 0.01, total: 123_456 },
      full: { avg10: 0, avg60: 0, avg300: 0, total: 7 },
    });
  });

  it('takes one alone, and members that it does not know', () => {
    expect(parsePressure(scan('full avg10=1.00 avg900=2.00 total=7\n'))).toEqual({
      full: { avg10: 1, avg60: 0, avg300: 0, total: 7 },
    });
  });
});

it('arithmetic is exact beyond 2^53', () => {
  expect(times(20, 1000)).toBe(20_000);
  expect(times(18_446_744_073_709_551n, 1000)).toBe(18_446_744_073_709_551_000n);
  expect(plus(9_007_199_254_740_991, 1)).toBe(9_007_199_254_740_992n);
  expect(plus(1, 2)).toBe(3);
  expect(minus(9_007_199_254_740_993n, 9_007_199_254_740_992n)).toBe(1);
  expect(minus(5, 3)).toBe(2);
  expect(minus(3, 5)).toBe(0);
});

it('no limit is max, with pages of any size', () => {
  expect(limitOf(9_223_372_036_854_771_712n)).toBe('max');
  expect(limitOf(9_223_372_036_854_710_272n)).toBe('max');
  expect(limitOf(9_223_372_036_317_904_896n)).toBe('max');
  expect(limitOf(18_446_744_073_709_551_615n)).toBe('max');
  expect(limitOf(1n << 60n)).toBe(1n << 60n);
  expect(limitOf(4096)).toBe(4096);
  expect(limitOf(undefined)).toBeUndefined();
});

const sample = (timestamp: number, usage: number | bigint) => ({ timestamp, cpu: { usage } });

describe('cpuUsageBetween', () => {
  it('is a part of one CPU, or more than one', () => {
    const before = sample(1000, 5e9);
    expect(cpuUsageBetween(before, sample(3000, 5.5e9))).toEqual({ percent: 25, cpus: 0.25 });
    expect(cpuUsageBetween(before, sample(2000, 8e9))).toEqual({ percent: 300, cpus: 3 });
  });

  it('is exact for big numbers', () => {
    const big = 18_446_744_073_000_000_000n;
    const after = sample(2000, big + 500_000_000n);
    expect(cpuUsageBetween(sample(1000, big), after)).toEqual({ percent: 50, cpus: 0.5 });
  });

  it('is nothing when no time has passed, when counters went back, and without a controller', () => {
    const nothing = { percent: 0, cpus: 0 };
    expect(cpuUsageBetween(sample(1000, 0), sample(1000, 5))).toEqual(nothing);
    expect(cpuUsageBetween(sample(1000, 10), sample(2000, 5))).toEqual(nothing);
    expect(cpuUsageBetween({ timestamp: 1 }, { timestamp: 2 })).toEqual(nothing);
  });
});
