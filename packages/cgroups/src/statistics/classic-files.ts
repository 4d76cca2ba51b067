import {
  cpuUsageBetween,
  type ClassicBlkio,
  type ClassicBlkioEntry,
  type ClassicStatistics,
  type CpuSample,
} from './classic.ts';
import { plus } from './quantity.ts';
import type { StatFiles } from './files.ts';
import { parseBlkio, type BlkioEntry } from './parse.ts';
import type { Quantity } from './scanner.ts';
import type { IoStatistics } from './statistics.ts';
import { readBlkio, readPerCpu, readTicks } from './v1.ts';
import { readCpu, readFrozen, readIo } from './v2.ts';

/** From the files of version 1. A file that is not there counts nothing, where 1.1.0 failed. */
export function classic1(files: StatFiles, since?: CpuSample): ClassicStatistics {
  const throttling = files.flat('cpu', 'cpu.stat');
  const usage = files.integer('cpuacct', 'cpuacct.usage');
  const current = currentUsage(since, usage);
  const { user = 0, system = 0 } = readTicks(files) ?? {};
  return {
    cpu_stats: {
      cpu_usage: {
        ...current,
        ...some('total_usage', usage),
        ...list('percpu_usage', readPerCpu(files)),
        usage_in_kernelmode: system,
        usage_in_usermode: user,
      },
      throlling_data: {
        ...some('periods', throttling?.['nr_periods']),
        ...some('throttled_periods', throttling?.['nr_throttled']),
        ...some('throttled_time', throttling?.['throttled_time']),
      },
    },
    memory_stats: {
      ...some('usage', files.integer('memory', 'memory.usage_in_bytes')),
      ...some('max_usage', files.integer('memory', 'memory.max_usage_in_bytes')),
      ...statistics(files),
      failcnt: files.integer('memory', 'memory.failcnt') ?? 0,
    },
    blkio_stats: {
      ...blkio('io_service_bytes_recursive', recursive(files, 'io_service_bytes')),
      ...blkio('io_serviced_recusrive', recursive(files, 'io_serviced')),
      ...blkio('io_queue_recursive', blkioFile(files, 'blkio.io_queued_recursive')),
      ...blkio('sectors_recursive', blkioFile(files, 'blkio.sectors_recursive')),
    },
    freezer_stats: {
      ...text('parent_state', files.read('freezer', 'freezer.parent_freezing')?.rest()),
      ...text('self_state', files.read('freezer', 'freezer.self_freezing')?.rest()),
    },
  };
}

/** From the files of version 2. */
export function classic2(files: StatFiles, since?: CpuSample): ClassicStatistics {
  const cpu = readCpu(files);
  const current = currentUsage(since, cpu?.usage);
  const io = readIo(files) ?? [];
  const frozen = readFrozen(files);
  const self = files.read('cpu', 'cgroup.freeze')?.rest() ?? (frozen === true ? '1' : '0');
  const parent = frozen === true && self === '0' ? '1' : '0';
  return {
    cpu_stats: {
      cpu_usage: {
        ...current,
        ...some('total_usage', cpu?.usage),
        usage_in_kernelmode: cpu?.system ?? 0,
        usage_in_usermode: cpu?.user ?? 0,
      },
      throlling_data: {
        ...some('periods', cpu?.periods),
        ...some('throttled_periods', cpu?.throttledPeriods),
        ...some('throttled_time', cpu?.throttledTime),
      },
    },
    memory_stats: {
      ...some('usage', files.integer('memory', 'memory.current')),
      ...some('max_usage', files.integer('memory', 'memory.peak')),
      ...statistics(files),
      failcnt: files.flat('memory', 'memory.events')?.['max'] ?? 0,
    },
    blkio_stats: {
      ...blkio(
        'io_service_bytes_recursive',
        entries(io, 'readBytes', 'writeBytes', 'discardBytes'),
      ),
      ...blkio('io_serviced_recusrive', entries(io, 'reads', 'writes', 'discards')),
    },
    freezer_stats: frozen === undefined ? {} : { parent_state: parent, self_state: self },
  };
}

function currentUsage(since: CpuSample | undefined, usage: Quantity | undefined) {
  if (since === undefined || usage === undefined) return {};
  const timestamp = performance.timeOrigin + performance.now();
  const { percent, cpus } = cpuUsageBetween(since, { timestamp, cpu: { usage } });
  return {
    ...some('percent_usage', Math.floor(percent)),
    ...some('current_usage', Math.floor(cpus)),
  };
}

/** What 1.1.0 read, or else what kernels without that I/O scheduler have instead. */
function recursive(files: StatFiles, what: 'io_service_bytes' | 'io_serviced') {
  const own = blkioFile(files, `blkio.${what}_recursive`);
  return own !== undefined && own.length > 0 ? own : readBlkio(files, what);
}

function blkioFile(files: StatFiles, name: string): BlkioEntry[] | undefined {
  const file = files.read('blkio', name);
  return file === undefined ? undefined : parseBlkio(file);
}

type Amounts = Exclude<keyof IoStatistics, 'device'>;

function entries(io: readonly IoStatistics[], read: Amounts, write: Amounts, discard: Amounts) {
  return io.flatMap((device): BlkioEntry[] => {
    const [major = 0, minor = 0] = device.device.split(':').map(Number);
    const total = plus(plus(device[read], device[write]), device[discard]);
    return [
      { major, minor, op: 'Read', value: device[read] },
      { major, minor, op: 'Write', value: device[write] },
      { major, minor, op: 'Discard', value: device[discard] },
      { major, minor, op: 'Total', value: total },
    ];
  });
}

// What Go's `omitempty` leaves out is not there.

function some<Key extends string>(key: Key, value: Quantity | undefined) {
  return (value ? { [key]: value } : {}) as { readonly [K in Key]?: Quantity };
}

function text<Key extends string>(key: Key, value: string | undefined) {
  return (value ? { [key]: value } : {}) as { readonly [K in Key]?: string };
}

function list<Key extends string, T>(key: Key, values: readonly T[] | undefined) {
  return (values?.length ? { [key]: values } : {}) as { readonly [K in Key]?: readonly T[] };
}

function blkio(key: keyof ClassicBlkio, found: readonly BlkioEntry[] | undefined) {
  return list(
    key,
    found?.map(({ major, minor, op, value }): ClassicBlkioEntry => ({
      ...some('major', major),
      ...some('minor', minor),
      ...text('op', op),
      ...some('value', value),
    })),
  );
}

/** Go writes the members of a map in the order of their names. */
function statistics(files: StatFiles): { readonly stats?: Readonly<Record<string, Quantity>> } {
  const stat = files.flat('memory', 'memory.stat') ?? {};
  const names = Object.keys(stat).toSorted();
  if (names.length === 0) return {};
  return { stats: Object.fromEntries(names.map((name) => [name, stat[name] ?? 0])) };
}
