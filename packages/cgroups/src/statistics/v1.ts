import { limitOf, minus, times } from './quantity.ts';
import type { StatFiles } from './files.ts';
import { readHugetlb, readMisc, readRdma, readPids } from './shared.ts';
import { parseBlkio } from './parse.ts';
import type { Limit, Quantity } from './scanner.ts';
import type {
  CgroupStatistics,
  CpuStatistics,
  IoStatistics,
  MemoryStatistics,
} from './statistics.ts';

/** The controllers of version 1 that count something. */
export const controllers1 = [
  'memory',
  'cpuacct',
  'cpu',
  'blkio',
  'pids',
  'freezer',
  'hugetlb',
  'rdma',
  'misc',
] as const;

/** What the kernel counts CPU time in for programs: `USER_HZ` is 100 on all architectures that Node knows. */
const nanosecondsPerTick = 10_000_000;

/** What the files of version 1 say. */
export function read1(files: StatFiles): Omit<CgroupStatistics, 'version' | 'timestamp'> {
  return {
    memory: readMemory(files),
    cpu: readCpu(files),
    io: readIo(files),
    pids: readPids(files),
    hugetlb: readHugetlb(files),
    rdma: readRdma(files),
    misc: readMisc(files),
    frozen: readFrozen(files),
  };
}

/** User and system time in nanoseconds. The kernel scales them so that their sum is the exact usage, and rounds to 10 ms. */
export function readTicks(files: StatFiles): { user: Quantity; system: Quantity } | undefined {
  const stat = files.flat('cpuacct', 'cpuacct.stat');
  if (stat === undefined) return undefined;
  const { user = 0, system = 0 } = stat;
  return { user: times(user, nanosecondsPerTick), system: times(system, nanosecondsPerTick) };
}

/** CPU time by CPU, in nanoseconds. */
export function readPerCpu(files: StatFiles): Quantity[] | undefined {
  const text = files.read('cpuacct', 'cpuacct.usage_percpu');
  if (text === undefined) return undefined;
  const perCpu: Quantity[] = [];
  while (text.more()) perCpu.push(text.integer());
  text.endLine();
  return perCpu;
}

function readMemory(files: StatFiles): MemoryStatistics | undefined {
  const usage = files.integer('memory', 'memory.usage_in_bytes');
  const stat = files.flat('memory', 'memory.stat');
  if (usage === undefined && stat === undefined) return undefined;
  const limit = readLimit(files, 'memory.limit_in_bytes');
  const together = readLimit(files, 'memory.memsw.limit_in_bytes');
  const swap = stat?.['total_swap'];
  return {
    usage: usage ?? 0,
    limit,
    peak: files.integer('memory', 'memory.max_usage_in_bytes'),
    swap: swap === undefined ? undefined : { usage: swap, limit: swapLimit(together, limit) },
    events: {
      max: files.integer('memory', 'memory.failcnt'),
      oomKill: files.flat('memory', 'memory.oom_control')?.['oom_kill'],
    },
    stat: stat ?? {},
  };
}

function readLimit(files: StatFiles, name: string): Limit | undefined {
  return limitOf(files.integer('memory', name));
}

function swapLimit(together: Limit | undefined, memory: Limit | undefined): Limit | undefined {
  if (together === undefined || together === 'max') return together;
  return minus(together, memory === undefined || memory === 'max' ? 0 : memory);
}

function readCpu(files: StatFiles): CpuStatistics | undefined {
  const usage = files.integer('cpuacct', 'cpuacct.usage');
  const stat = files.flat('cpu', 'cpu.stat');
  if (usage === undefined && stat === undefined) return undefined;
  const ticks = readTicks(files);
  return {
    usage: usage ?? 0,
    user: ticks?.user,
    system: ticks?.system,
    perCpu: readPerCpu(files),
    periods: stat?.['nr_periods'],
    throttledPeriods: stat?.['nr_throttled'],
    throttledTime: stat?.['throttled_time'],
    bursts: stat?.['nr_bursts'],
    burstTime: stat?.['burst_time'],
  };
}

/**
 * The first of the files that counts bytes or operations, from what counts the most. `throttle` sees what is done to any device,
 * whether throttled or not; the others only what their own I/O scheduler handles. Newer kernels begin to count when the
 * first such limit is set on a disk.
 */
export function readBlkio(files: StatFiles, what: 'io_service_bytes' | 'io_serviced') {
  const text =
    files.read('blkio', `blkio.throttle.${what}_recursive`) ??
    files.read('blkio', `blkio.${what}_recursive`) ??
    files.read('blkio', `blkio.bfq.${what}_recursive`) ??
    files.read('blkio', `blkio.throttle.${what}`);
  return text === undefined ? undefined : parseBlkio(text);
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function readIo(files: StatFiles): IoStatistics[] | undefined {
  const bytes = readBlkio(files, 'io_service_bytes');
  const operations = readBlkio(files, 'io_serviced');
  if (bytes === undefined && operations === undefined) return undefined;
  const devices = new Map<string, Writable<IoStatistics>>();
  for (const { major, minor, op, value } of bytes ?? []) {
    const device = deviceOf(devices, `${major}:${minor}`);
    if (op === 'Read') device.readBytes = value;
    else if (op === 'Write') device.writeBytes = value;
    else if (op === 'Discard') device.discardBytes = value;
  }
  for (const { major, minor, op, value } of operations ?? []) {
    const device = deviceOf(devices, `${major}:${minor}`);
    if (op === 'Read') device.reads = value;
    else if (op === 'Write') device.writes = value;
    else if (op === 'Discard') device.discards = value;
  }
  return [...devices.values()];
}

function deviceOf(devices: Map<string, Writable<IoStatistics>>, device: string) {
  const known = devices.get(device);
  if (known !== undefined) return known;
  const none = { readBytes: 0, writeBytes: 0, reads: 0, writes: 0, discardBytes: 0, discards: 0 };
  const made = { device, ...none };
  devices.set(device, made);
  return made;
}

function readFrozen(files: StatFiles): boolean | undefined {
  const text = files.read('freezer', 'freezer.state');
  return text === undefined ? undefined : text.rest() === 'FROZEN';
}
