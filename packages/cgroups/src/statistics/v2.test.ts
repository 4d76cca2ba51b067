import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasV2, TestGroup } from '../../test/groups.ts';
import {
  settled,
  number,
  limit,
  map,
  withoutZeros,
  ioStat,
  pressure,
  busyGroup,
  sum,
} from '../../test/kernel-files.ts';
import { StatisticsReader } from './reader.ts';
import type { CgroupStatistics } from './statistics.ts';

const usec = (value: number | bigint | undefined) =>
  value === undefined ? undefined : Number(value) * 1000;
const optional = (text: string | undefined) => (text === undefined ? undefined : number(text));

describe.skipIf(!hasV2)('statistics of a cgroup of version 2 (needs cgroup v2)', () => {
  it('equal the files of the kernel', async () => {
    const { group, written } = await busyGroup(2);
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
    const { group } = await busyGroup(2);
    using reader = new StatisticsReader(2, group.directoryOf);
    const { sample, files } = settled(group, () => reader.readClassic());
    const cpu = map(files['cpu.stat']);
    const io = ioStat(files['io.stat']);
    const entries = (read: string, write: string, discard: string) =>
      io.flatMap((stat) => {
        const [major, minor] = stat.device.split(':').map(Number);
        const values = [read, write, discard].map((key) => Number(stat[key]));
        const total = values.reduce((left, right) => left + right);
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
