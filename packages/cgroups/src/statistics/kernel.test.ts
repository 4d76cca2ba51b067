import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDescriptors } from '../../test/descriptors.ts';
import { hasV1, hasV2, TestGroup } from '../../test/groups.ts';
import { cpuUsageBetween } from './classic.ts';
import { StatisticsReader } from './reader.ts';
import type { CgroupStatistics } from './statistics.ts';

// What the kernel's own files say, read in another way than the reader does.

/** TMPFS_MAGIC; newer ones take O_DIRECT and have no device. */
const tmpfs = 0x01021994;

type Files = Record<string, string>;

function readAll(group: TestGroup): Files {
  const files: Files = {};
  for (const directory of group.directories) {
    for (const name of fs.readdirSync(directory)) {
      if (/stat|usage|bytes|failcnt|max|peak|current|events|blkio|free|pressure|oom/.test(name)) {
        files[name] = readIfReadable(`${directory}/${name}`);
      }
    }
  }
  return files;
}

function readIfReadable(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** Counters are still summed up for a moment after the processes have stopped, and one tick may come in between. */
function settled<Sample>(group: TestGroup, read: () => Sample): { sample: Sample; files: Files } {
  for (let attempt = 0; attempt < 200; attempt++) {
    const files = readAll(group);
    const sample = read();
    if (JSON.stringify(files) === JSON.stringify(readAll(group))) return { sample, files };
  }
  throw new Error('the files of a frozen cgroup keep changing');
}

const number = (text = ''): number | bigint => {
  const value = BigInt(text.trim());
  return value > Number.MAX_SAFE_INTEGER ? value : Number(value);
};

const limit = (text = ''): number | bigint | 'max' =>
  text.trim() === 'max' ? 'max' : number(text);

const map = (text = ''): Record<string, number | bigint> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([key = '', value]) => [key, number(value)]),
  );

const blkio = (text = '') =>
  [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, value]) => ({
    major: Number(major),
    minor: Number(minor),
    op,
    value: Number(value),
  }));

const withoutZeros = (value: object): unknown =>
  Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== 0 && member !== 0n && member !== ''),
  );

const ioStat = (text = '') =>
  text
    .trim()
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => ({
      device: line.split(' ')[0] ?? '',
      ...Object.fromEntries(
        [...line.matchAll(/(\w+)=(\d+)/g)].map(([, key = '', value]) => [key, Number(value)]),
      ),
    })) as { device: string; [key: string]: number | string }[];

const pressure = (text = '') =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [
        line.split(' ')[0],
        Object.fromEntries(
          [...line.matchAll(/(\w+)=([\d.]+)/g)].map(([, key = '', value]) => [key, Number(value)]),
        ),
      ]),
  );

/** What the processes write past the cache, and read again: nothing where the temporary directory is not on a disk. */
const written = canWriteDirectly() ? 16 * 4096 : 0;

function canWriteDirectly(): boolean {
  const { O_CREAT, O_WRONLY, O_DIRECT } = fs.constants;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ts-c-test-'));
  try {
    fs.closeSync(fs.openSync(`${directory}/file`, O_CREAT | O_WRONLY | O_DIRECT));
    return fs.statfsSync(directory).type !== tmpfs;
  } catch {
    return false;
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

const sum = (io: CgroupStatistics['io'], of: 'writeBytes' | 'reads') =>
  (io ?? []).reduce((total, device) => total + Number(device[of]), 0);

/** A cgroup with processes in it that have used memory, CPU time and a disk, and stand still. */
async function busyGroup(version: 1 | 2): Promise<TestGroup> {
  const group = new TestGroup(version);
  onTestFinished(() => group[Symbol.dispose]());
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ts-c-test-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  const work = [
    'read line',
    'dd if=/dev/zero of=/dev/null bs=1M count=500',
    `dd if=/dev/zero of=${directory}/written bs=4k count=16 oflag=direct`,
    `dd if=${directory}/written of=/dev/null bs=4k iflag=direct`,
    'sleep 1000 & echo done; wait',
  ];
  const child = spawn('sh', ['-c', work.join('\n')], { stdio: ['pipe', 'pipe', 'ignore'] });
  group.add(child.pid ?? 0);
  child.stdin.write('go\n');
  await once(child.stdout, 'data');
  group.freeze(true);
  return group;
}

describe.skipIf(!hasV1)('statistics of a cgroup of version 1 (needs cgroup v1)', () => {
  it('equal the files of the kernel', async () => {
    const group = await busyGroup(1);
    using reader = new StatisticsReader(1, group.directoryOf);
    const { sample, files } = settled(group, () => reader.read());
    const memory = map(files['memory.stat']);
    const cpu = map(files['cpu.stat']);
    const ticks = map(files['cpuacct.stat']);
    expect(sample).toEqual({
      version: 1,
      timestamp: expect.any(Number),
      memory: {
        usage: number(files['memory.usage_in_bytes']),
        limit: 'max',
        peak: number(files['memory.max_usage_in_bytes']),
        swap:
          memory['total_swap'] === undefined
            ? undefined
            : expect.objectContaining({ limit: 'max', usage: memory['total_swap'] }),
        events: {
          max: number(files['memory.failcnt']),
          oomKill: map(files['memory.oom_control'])['oom_kill'],
        },
        stat: memory,
      },
      cpu: {
        usage: number(files['cpuacct.usage']),
        user: Number(ticks['user']) * 1e7,
        system: Number(ticks['system']) * 1e7,
        perCpu: files['cpuacct.usage_percpu']?.trim().split(' ').map(Number),
        periods: cpu['nr_periods'],
        throttledPeriods: cpu['nr_throttled'],
        throttledTime: cpu['throttled_time'],
        bursts: cpu['nr_bursts'],
        burstTime: cpu['burst_time'],
      },
      io: ioOfBlkio(files),
      pids: {
        current: number(files['pids.current']),
        limit: 'max',
        peak: files['pids.peak'] === undefined ? undefined : number(files['pids.peak']),
        refused: map(files['pids.events'])['max'],
      },
      frozen: true,
    });
    expect(sample.pids?.current).toBe(2);
    expect(sum(sample.io, 'writeBytes')).toBeGreaterThanOrEqual(written);
    expect(sum(sample.io, 'reads')).toBeGreaterThanOrEqual(written / 4096);
    expect(Number(sample.cpu?.usage)).toBeGreaterThan(0);
    expect(Number(sample.memory?.peak)).toBeGreaterThan(100_000);
  });

  it('equal the files of the kernel under the keys of 1.1.0', async () => {
    const group = await busyGroup(1);
    using reader = new StatisticsReader(1, group.directoryOf);
    const { sample, files } = settled(group, () => reader.readClassic());
    const ticks = map(files['cpuacct.stat']);
    const cpu = map(files['cpu.stat']);
    const bytes = blkio(files['blkio.throttle.io_service_bytes_recursive']).map(withoutZeros);
    const operations = blkio(files['blkio.throttle.io_serviced_recursive']).map(withoutZeros);
    expect(sample).toEqual({
      cpu_stats: {
        cpu_usage: {
          total_usage: number(files['cpuacct.usage']),
          percpu_usage: files['cpuacct.usage_percpu']?.trim().split(' ').map(Number),
          usage_in_kernelmode: Number(ticks['system']) * 1e7,
          usage_in_usermode: Number(ticks['user']) * 1e7,
        },
        throlling_data: withoutZeros({
          periods: cpu['nr_periods'],
          throttled_periods: cpu['nr_throttled'],
          throttled_time: cpu['throttled_time'],
        }),
      },
      memory_stats: {
        usage: number(files['memory.usage_in_bytes']),
        max_usage: number(files['memory.max_usage_in_bytes']),
        stats: map(files['memory.stat']),
        failcnt: number(files['memory.failcnt']),
      },
      blkio_stats: {
        ...(bytes.length > 0 && { io_service_bytes_recursive: bytes }),
        ...(operations.length > 0 && { io_serviced_recusrive: operations }),
      },
      freezer_stats: { parent_state: '0', self_state: '1' },
    });
  });
});

function ioOfBlkio(files: Files) {
  const bytes = blkio(files['blkio.throttle.io_service_bytes_recursive']);
  const operations = blkio(files['blkio.throttle.io_serviced_recursive']);
  const names = new Set([...bytes, ...operations].map(({ major, minor }) => `${major}:${minor}`));
  return [...names].map((device) => {
    const of = (entries: typeof bytes, op: string) =>
      entries.find((entry) => `${entry.major}:${entry.minor}` === device && entry.op === op)
        ?.value ?? 0;
    return {
      device,
      readBytes: of(bytes, 'Read'),
      writeBytes: of(bytes, 'Write'),
      discardBytes: of(bytes, 'Discard'),
      reads: of(operations, 'Read'),
      writes: of(operations, 'Write'),
      discards: of(operations, 'Discard'),
    };
  });
}

describe.skipIf(!hasV2)('statistics of a cgroup of version 2 (needs cgroup v2)', () => {
  const usec = (value: number | bigint | undefined) =>
    value === undefined ? undefined : Number(value) * 1000;
  const optional = (text: string | undefined) => (text === undefined ? undefined : number(text));

  it('equal the files of the kernel', async () => {
    const group = await busyGroup(2);
    using reader = new StatisticsReader(2, group.directoryOf);
    const { sample, files } = settled(group, () => reader.read());
    const cpu = map(files['cpu.stat']);
    const events = map(files['memory.events']);
    const expected: CgroupStatistics = {
      version: 2,
      timestamp: expect.any(Number),
      memory: {
        usage: number(files['memory.current']),
        limit: 'max',
        peak: optional(files['memory.peak']),
        swap: {
          usage: number(files['memory.swap.current']),
          limit: 'max',
          peak: optional(files['memory.swap.peak']),
        },
        events: {
          low: events['low'],
          high: events['high'],
          max: events['max'],
          oom: events['oom'],
          oomKill: events['oom_kill'],
        },
        stat: map(files['memory.stat']),
      },
      cpu: {
        usage: usec(cpu['usage_usec']) ?? 0,
        user: usec(cpu['user_usec']),
        system: usec(cpu['system_usec']),
        periods: cpu['nr_periods'],
        throttledPeriods: cpu['nr_throttled'],
        throttledTime: usec(cpu['throttled_usec']),
        bursts: cpu['nr_bursts'],
        burstTime: usec(cpu['burst_usec']),
      },
      io: ioStat(files['io.stat']).map((stat) => ({
        device: stat.device,
        readBytes: Number(stat['rbytes']),
        writeBytes: Number(stat['wbytes']),
        reads: Number(stat['rios']),
        writes: Number(stat['wios']),
        discardBytes: Number(stat['dbytes']),
        discards: Number(stat['dios']),
      })),
      pids: {
        current: 2,
        limit: 'max',
        peak: optional(files['pids.peak']),
        refused: map(files['pids.events'])['max'],
      },
      hugetlb: Object.fromEntries(
        Object.keys(files).flatMap((name) => {
          const size = /^hugetlb\.(\w+)\.current$/.exec(name)?.[1];
          if (size === undefined) return [];
          const usage = number(files[name]);
          const refused = map(files[`hugetlb.${size}.events`])['max'];
          return [[size, { usage, limit: limit(files[`hugetlb.${size}.max`]), refused }]];
        }),
      ),
      rdma: files['rdma.current'] === undefined ? undefined : {},
      misc: files['misc.current'] === undefined ? undefined : {},
      pressure: {
        cpu: pressure(files['cpu.pressure']),
        memory: pressure(files['memory.pressure']),
        io: pressure(files['io.pressure']),
        ...(files['irq.pressure'] !== undefined && { irq: pressure(files['irq.pressure']) }),
      },
      frozen: true,
    };
    expect(sample).toEqual(expected);
    expect(Number(sample.cpu?.usage)).toBeGreaterThan(0);
    expect(Number(sample.memory?.usage)).toBeGreaterThan(0);
    expect(sum(sample.io, 'writeBytes')).toBeGreaterThanOrEqual(written);
    expect(sum(sample.io, 'reads')).toBeGreaterThanOrEqual(written / 4096);
  });

  it('fill the tree of 1.1.0', async () => {
    const group = await busyGroup(2);
    using reader = new StatisticsReader(2, group.directoryOf);
    const { sample, files } = settled(group, () => reader.readClassic());
    const cpu = map(files['cpu.stat']);
    const io = ioStat(files['io.stat']);
    const entries = (read: string, write: string, discard: string) =>
      io.flatMap((stat) => {
        const [major, minor] = stat.device.split(':').map(Number);
        const values = [read, write, discard].map((key) => Number(stat[key]));
        const total = values.reduce((sum, value) => sum + value);
        return ['Read', 'Write', 'Discard', 'Total'].map((op, index) =>
          withoutZeros({ major, minor, op, value: [...values, total][index] }),
        );
      });
    expect(sample).toEqual({
      cpu_stats: {
        cpu_usage: {
          total_usage: usec(cpu['usage_usec']),
          usage_in_kernelmode: usec(cpu['system_usec']),
          usage_in_usermode: usec(cpu['user_usec']),
        },
        throlling_data: withoutZeros({
          periods: cpu['nr_periods'],
          throttled_periods: cpu['nr_throttled'],
          throttled_time: usec(cpu['throttled_usec']),
        }),
      },
      memory_stats: {
        usage: number(files['memory.current']),
        ...(files['memory.peak'] !== undefined && { max_usage: number(files['memory.peak']) }),
        stats: map(files['memory.stat']),
        failcnt: map(files['memory.events'])['max'],
      },
      blkio_stats:
        io.length === 0
          ? {}
          : {
              io_service_bytes_recursive: entries('rbytes', 'wbytes', 'dbytes'),
              io_serviced_recusrive: entries('rios', 'wios', 'dios'),
            },
      freezer_stats: { parent_state: '0', self_state: '1' },
    });
  });

  it('follow controllers that come and go', () => {
    using group = new TestGroup(2);
    const [directory = ''] = group.directories;
    fs.mkdirSync(`${directory}/child`);
    try {
      using reader = new StatisticsReader(2, () => `${directory}/child`);
      expect(reader.read().pids).toBeUndefined();
      fs.writeFileSync(`${directory}/cgroup.subtree_control`, '+pids');
      expect(reader.read().pids?.current).toBe(0);
      fs.writeFileSync(`${directory}/cgroup.subtree_control`, '-pids');
      expect(reader.read().pids).toBeUndefined();
    } finally {
      fs.rmdirSync(`${directory}/child`);
    }
  });
});

const versions = [
  [1, hasV1],
  [2, hasV2],
] as const;

describe.each(versions)('a reader of version %i', (version, has) => {
  const needs = `(needs cgroup v${version})`;

  it.skipIf(!has)(`says that a cgroup was removed, also where it was made anew ${needs}`, () => {
    using group = new TestGroup(version);
    const [directory = ''] = group.directories;
    using kept = new StatisticsReader(version, group.directoryOf);
    using reopening = new StatisticsReader(version, group.directoryOf, { keepOpen: false });
    kept.read();
    reopening.read();
    for (const each of group.directories) fs.rmdirSync(each);
    const gone = expect.objectContaining({
      code: 'ERR_CGROUP_REMOVED',
      path: directory,
      message: `${directory}: the cgroup was removed`,
    });
    expect(() => kept.read()).toThrow(gone);
    expect(() => reopening.read()).toThrow(gone);
    expect(() => new StatisticsReader(version, group.directoryOf).readClassic()).toThrow(
      expect.objectContaining({ code: 'ERR_CGROUP_REMOVED', path: directory }),
    );
    for (const each of group.directories) fs.mkdirSync(each);
    expect(() => kept.read()).toThrow(gone);
  });

  it.skipIf(!has)(`keeps files open until it is disposed of, or none ${needs}`, () => {
    using group = new TestGroup(version);
    const descriptors = () =>
      Object.values(openDescriptors()).filter((target) =>
        group.directories.some((each) => target.startsWith(`${each}/`)),
      ).length;
    {
      using kept = new StatisticsReader(version, group.directoryOf);
      kept.read();
      const count = descriptors();
      expect(count).toBeGreaterThan(10);
      kept.read();
      expect(descriptors()).toBe(count);
      using reopening = new StatisticsReader(version, group.directoryOf, { keepOpen: false });
      expect(Object.keys(reopening.read())).toEqual(Object.keys(kept.read()));
      expect(descriptors()).toBe(count);
    }
    expect(descriptors()).toBe(0);
  });

  it.skipIf(!has)(`measures the CPU that is in use between two samples ${needs}`, async () => {
    using group = new TestGroup(version);
    using reader = new StatisticsReader(version, group.directoryOf);
    const child = spawn('sh', ['-c', 'read line; while :; do :; done'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    group.add(child.pid ?? 0);
    child.stdin.write('go\n');
    const before = reader.read();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { percent, cpus } = cpuUsageBetween(before, reader.read());
    expect(percent).toBeGreaterThan(5);
    expect(percent).toBeLessThan(115);
    expect(cpus * 100).toBe(percent);
    const { percent_usage } = reader.readClassic(before).cpu_stats.cpu_usage;
    expect(Number.isInteger(percent_usage)).toBe(true);
    expect(percent_usage).toBeGreaterThan(4);
  });
});
