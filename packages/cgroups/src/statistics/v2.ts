import { times } from './quantity.ts';
import type { StatFiles } from './files.ts';
import { parseNested, parsePressure } from './parse.ts';
import { readHugetlb, readMisc, readRdma, readPids } from './shared.ts';
import type { Quantity } from './scanner.ts';
import type {
  CgroupStatistics,
  CpuStatistics,
  IoStatistics,
  MemoryStatistics,
  Pressure,
  PressureResource,
} from './statistics.ts';

/** The controllers of version 2 that count something. Their files are all in one directory. */
export const controllers2 = ['memory', 'cpu', 'io', 'pids', 'hugetlb', 'rdma', 'misc'] as const;

const pressures: readonly PressureResource[] = ['cpu', 'memory', 'io', 'irq'];

/** What the files of version 2 say. */
export function read2(files: StatFiles): Omit<CgroupStatistics, 'version' | 'timestamp'> {
  return {
    memory: readMemory(files),
    cpu: readCpu(files),
    io: readIo(files),
    pids: readPids(files),
    hugetlb: readHugetlb(files),
    rdma: readRdma(files),
    misc: readMisc(files),
    pressure: readPressure(files),
    frozen: readFrozen(files),
  };
}

function readMemory(files: StatFiles): MemoryStatistics | undefined {
  const usage = files.integer('memory', 'memory.current');
  if (usage === undefined) return undefined;
  const swap = files.integer('memory', 'memory.swap.current');
  const events = files.flat('memory', 'memory.events');
  return {
    usage,
    limit: files.limit('memory', 'memory.max'),
    peak: files.integer('memory', 'memory.peak'),
    swap:
      swap === undefined
        ? undefined
        : {
            usage: swap,
            limit: files.limit('memory', 'memory.swap.max'),
            peak: files.integer('memory', 'memory.swap.peak'),
          },
    events: {
      low: events?.['low'],
      high: events?.['high'],
      max: events?.['max'],
      oom: events?.['oom'],
      oomKill: events?.['oom_kill'],
    },
    stat: files.flat('memory', 'memory.stat') ?? {},
  };
}

/** Nanoseconds; there is some of it even where the controller is not in use. */
export function readCpu(files: StatFiles): CpuStatistics | undefined {
  const stat = files.flat('cpu', 'cpu.stat');
  if (stat === undefined) return undefined;
  return {
    usage: nanoseconds(stat['usage_usec']) ?? 0,
    user: nanoseconds(stat['user_usec']),
    system: nanoseconds(stat['system_usec']),
    periods: stat['nr_periods'],
    throttledPeriods: stat['nr_throttled'],
    throttledTime: nanoseconds(stat['throttled_usec']),
    bursts: stat['nr_bursts'],
    burstTime: nanoseconds(stat['burst_usec']),
  };
}

function nanoseconds(microseconds: Quantity | undefined): Quantity | undefined {
  return microseconds === undefined ? undefined : times(microseconds, 1000);
}

/** By device; undefined where there is no such controller. */
export function readIo(files: StatFiles): IoStatistics[] | undefined {
  const text = files.read('io', 'io.stat');
  if (text === undefined) return undefined;
  const found: IoStatistics[] = [];
  for (const [device, stat] of parseNested(text)) {
    found.push({
      device,
      readBytes: stat['rbytes'] ?? 0,
      writeBytes: stat['wbytes'] ?? 0,
      reads: stat['rios'] ?? 0,
      writes: stat['wios'] ?? 0,
      discardBytes: stat['dbytes'] ?? 0,
      discards: stat['dios'] ?? 0,
    });
  }
  return found;
}

function readPressure(files: StatFiles): Partial<Record<PressureResource, Pressure>> | undefined {
  const found: Partial<Record<PressureResource, Pressure>> = {};
  let some = false;
  for (const resource of pressures) {
    const text = files.read('cpu', `${resource}.pressure`);
    if (text === undefined) continue;
    found[resource] = parsePressure(text);
    some = true;
  }
  return some ? found : undefined;
}

/** Are all of its processes stopped, by itself or by one above it? */
export function readFrozen(files: StatFiles): boolean | undefined {
  const events = files.flat('cpu', 'cgroup.events');
  return events === undefined ? undefined : events['frozen'] === 1;
}
