import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StatFiles } from './files.ts';
import { StatisticsReader } from './reader.ts';

// The unit tests of libcontainer 1.1.0 on cgroup statistics, with a directory that stands in for the cgroup. Later versions took
// back that a missing file is an error (1.2.0): what the kernel does not count is left out, so it is here.

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ts-c-test-'));
});

afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

function classic(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(directory, name), text);
  }
  using reader = new StatisticsReader(1, () => directory);
  return reader.readClassic();
}

const invalid = (text: string) =>
  expect.objectContaining({
    name: 'CgroupError',
    code: 'ERR_INVALID_STATISTICS',
    message: expect.stringContaining(text),
  });

const sectors = '8:0 1024';
const serviceBytes =
  '8:0 Read 100\n8:0 Write 200\n8:0 Sync 300\n8:0 Async 500\n8:0 Total 500\nTotal 500';
const serviced = '8:0 Read 10\n8:0 Write 40\n8:0 Sync 20\n8:0 Async 30\n8:0 Total 50\nTotal 50';
const queued = '8:0 Read 1\n8:0 Write 4\n8:0 Sync 2\n8:0 Async 3\n8:0 Total 5\nTotal 5';

const blkioFiles = {
  'blkio.sectors_recursive': sectors,
  'blkio.io_service_bytes_recursive': serviceBytes,
  'blkio.io_serviced_recursive': serviced,
  'blkio.io_queued_recursive': queued,
};

const entries = (...values: number[]) =>
  ['Read', 'Write', 'Sync', 'Async', 'Total'].map((op, index) => ({
    major: 8,
    op,
    value: values[index],
  }));

const blkioStats = {
  io_service_bytes_recursive: entries(100, 200, 300, 500, 500),
  io_serviced_recusrive: entries(10, 40, 20, 30, 50),
  io_queue_recursive: entries(1, 4, 2, 3, 5),
  sectors_recursive: [{ major: 8, value: 1024 }],
};

describe('blkio_test.go', () => {
  it('TestBlkioStats', () => {
    expect(classic(blkioFiles).blkio_stats).toEqual(blkioStats);
  });

  it.each([
    ['NoSectorsFile', 'blkio.sectors_recursive', 'sectors_recursive'],
    ['NoServiceBytesFile', 'blkio.io_service_bytes_recursive', 'io_service_bytes_recursive'],
    ['NoServicedFile', 'blkio.io_serviced_recursive', 'io_serviced_recusrive'],
    ['NoQueuedFile', 'blkio.io_queued_recursive', 'io_queue_recursive'],
  ])('TestBlkioStats%s: no error, as from 1.2.0 on', (_name, file, key) => {
    const files = Object.fromEntries(Object.entries(blkioFiles).filter(([name]) => name !== file));
    const expected = Object.fromEntries(
      Object.entries(blkioStats).filter(([name]) => name !== key),
    );
    expect(classic(files).blkio_stats).toEqual(expected);
  });

  it('TestBlkioStatsUnexpectedNumberOfFields', () => {
    const files = { ...blkioFiles, 'blkio.io_service_bytes_recursive': '8:0 Read 100 100' };
    expect(() => classic(files)).toThrow(
      invalid("expected the end of the line at column 14 of '8:0 Read 100 100'"),
    );
  });

  it('TestBlkioStatsUnexpectedFieldType', () => {
    const files = { ...blkioFiles, 'blkio.io_service_bytes_recursive': '8:0 Read Write' };
    expect(() => classic(files)).toThrow(
      invalid("expected a number at column 10 of '8:0 Read Write'"),
    );
  });
});

describe('cpu_test.go', () => {
  it('TestCpuStats', () => {
    const text = ' nr_periods 2000\n nr_throttled 200\n throttled_time 18446744073709551615\n';
    expect(classic({ 'cpu.stat': text }).cpu_stats.throlling_data).toEqual({
      periods: 2000,
      throttled_periods: 200,
      throttled_time: 18446744073709551615n,
    });
  });

  it('TestNoCpuStatFile', () => {
    expect(classic({}).cpu_stats.throlling_data).toEqual({});
  });

  it('TestInvalidCpuStat', () => {
    const text = 'nr_periods 2000\nnr_throttled 200\nthrottled_time fortytwo';
    expect(() => classic({ 'cpu.stat': text })).toThrow(
      invalid("cpu.stat: expected a number at column 16 of 'throttled_time fortytwo'"),
    );
  });
});

describe('memory_test.go', () => {
  const files = {
    'memory.stat': 'cache 512\nrss 1024',
    'memory.usage_in_bytes': '2048\n',
    'memory.max_usage_in_bytes': '4096\n',
    'memory.failcnt': '100\n',
  };
  const stats = { usage: 2048, max_usage: 4096, stats: { cache: 512, rss: 1024 }, failcnt: 100 };

  it('TestMemoryStats', () => {
    expect(classic(files).memory_stats).toEqual(stats);
  });

  it.each([
    ['NoStatFile', 'memory.stat', 'stats'],
    ['NoUsageFile', 'memory.usage_in_bytes', 'usage'],
    ['NoMaxUsageFile', 'memory.max_usage_in_bytes', 'max_usage'],
  ])('TestMemoryStats%s: no error, as from 1.2.0 on', (_name, file, key) => {
    const rest = Object.fromEntries(Object.entries(files).filter(([name]) => name !== file));
    const expected = Object.fromEntries(Object.entries(stats).filter(([name]) => name !== key));
    expect(classic(rest).memory_stats).toEqual(expected);
  });

  it.each([
    ['BadStatFile', 'memory.stat', 'rss rss', "expected a number at column 5 of 'rss rss'"],
    ['BadUsageFile', 'memory.usage_in_bytes', 'bad', "expected a number at column 1 of 'bad'"],
    [
      'BadMaxUsageFile',
      'memory.max_usage_in_bytes',
      'bad',
      "expected a number at column 1 of 'bad'",
    ],
  ])('TestMemoryStats%s', (_name, file, text, message) => {
    expect(() => classic({ ...files, [file]: text })).toThrow(invalid(`${file}: ${message}`));
  });
});

function readInteger(text?: string) {
  if (text !== undefined) fs.writeFileSync(path.join(directory, 'cgroup.file'), text);
  return new StatFiles(() => directory, false).integer('memory', 'cgroup.file');
}

describe('utils_test.go: TestGetCgroupParamsInt', () => {
  it('a number with a newline', () => {
    expect(readInteger('2048\n')).toBe(2048);
  });

  it('a number without one', () => {
    expect(readInteger('2048')).toBe(2048);
  });

  it.each(['not-a-number', '', '2048a', '2048 1'])('%j is an error', (text) => {
    expect(() => readInteger(text)).toThrow(invalid('expected'));
  });

  it('a missing file is undefined', () => {
    expect(readInteger()).toBeUndefined();
  });

  it('below zero is zero, as from 1.4.0 on', () => {
    expect(readInteger('-12345\n')).toBe(0);
  });
});
