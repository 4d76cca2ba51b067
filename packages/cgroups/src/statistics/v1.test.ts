import { describe, expect, it } from 'vitest';
import { hasV1 } from '../../test/groups.ts';
import {
  settled,
  number,
  map,
  blkio,
  withoutZeros,
  busyGroup,
  sum,
  type Files,
} from '../../test/kernel-files.ts';
import { StatisticsReader } from './reader.ts';

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

describe.skipIf(!hasV1)('statistics of a cgroup of version 1 (needs cgroup v1)', () => {
  it('equal the files of the kernel', async () => {
    const { group, written } = await busyGroup(1);
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
            : { usage: memory['total_swap'], limit: 'max' },
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
    const { group } = await busyGroup(1);
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
