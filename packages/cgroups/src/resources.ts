import type { DeviceRule } from './devices/rule.ts';

/** An amount of bytes: a number, or text with a unit of 1024 (`'64M'`, `'1.5G'`). `'max'` or -1 is no limit. */
export type Bytes = number | bigint | string;

/** A count; `'max'` or -1 is no limit. */
export type Count = number | bigint | 'max';

/** Limits on one block device. */
export interface IoDevice {
  /** A block device by its path (`/dev/sda`) or its numbers (`8:0`). */
  readonly device: string;
  /** The share of this device's time, 1 to 10000 as in `io.weight`; 100 is usual. */
  readonly weight?: number;
  /** Bytes a second. */
  readonly readBps?: Bytes;
  /** Bytes a second. */
  readonly writeBps?: Bytes;
  /** Operations a second. */
  readonly readIops?: Count;
  /** Operations a second. */
  readonly writeIops?: Count;
}

/** What the processes of a cgroup may have of an RDMA device. */
export interface RdmaLimit {
  readonly hcaHandles?: Count;
  readonly hcaObjects?: Count;
}

/**
 * What a cgroup limits, independent of the version of the kernel's interface: cgroups(7). What is absent is left as it is. The names
 * are those of the interface files where there is one name for both versions; amounts are bytes, times are microseconds.
 */
export interface Resources {
  /** `memory.limit_in_bytes`, `memory.max`. */
  readonly memory?: Bytes;
  /** What it may have even when memory is short, without a guarantee: `memory.soft_limit_in_bytes`, `memory.low`. */
  readonly memoryReservation?: Bytes;
  /** Memory and swap together, as in version 1: `memory.memsw.limit_in_bytes`; `memory.swap.max` is this less `memory`. */
  readonly memorySwap?: Bytes;
  /** Above this it is slowed down and its memory reclaimed: `memory.high`, version 2. */
  readonly memoryHigh?: Bytes;
  /** Never taken from it: `memory.min`, version 2. */
  readonly memoryMin?: Bytes;
  /** 0 to 100 (200 from Linux 5.8): `memory.swappiness`, version 1. */
  readonly memorySwappiness?: number;
  /** Processes wait for memory instead of being killed: `memory.oom_control`, version 1. */
  readonly oomKillDisable?: boolean;
  /** An OOM kill takes all of its processes: `memory.oom.group`, version 2. */
  readonly memoryOomGroup?: boolean;
  /** `memory.kmem.limit_in_bytes`, version 1, up to Linux 5.15. */
  readonly kernelMemory?: Bytes;
  /** `memory.kmem.tcp.limit_in_bytes`, version 1. */
  readonly kernelMemoryTcp?: Bytes;

  /** How many CPUs' worth of time it may use: 0.5 is a quota of half the period. Not together with `cpuQuota`. */
  readonly cpus?: number;
  /** The relative share of CPU time, 2 to 262144; 1024 is usual: `cpu.shares`, or as `cpu.weight` by the kernel's own scale. */
  readonly cpuShares?: number;
  /** The relative share of CPU time, 1 to 10000; 100 is usual: `cpu.weight`. Not together with `cpuShares`. */
  readonly cpuWeight?: number;
  /** Microseconds of CPU time for each period; -1 is no limit: `cpu.cfs_quota_us`, `cpu.max`. */
  readonly cpuQuota?: number;
  /** Microseconds, 1000 to 1000000: `cpu.cfs_period_us`, `cpu.max`. */
  readonly cpuPeriod?: number;
  /** Microseconds of unused quota that may be saved up: `cpu.cfs_burst_us`, `cpu.max.burst`. */
  readonly cpuBurst?: number;
  /** Only run when nobody else wants to: `cpu.idle`. */
  readonly cpuIdle?: boolean;
  /** Microseconds of real-time scheduling for each `cpuRealtimePeriod`: `cpu.rt_runtime_us`, version 1. */
  readonly cpuRealtimeRuntime?: number;
  /** Microseconds: `cpu.rt_period_us`, version 1. */
  readonly cpuRealtimePeriod?: number;

  /** A list of CPUs, `0-2,4`: `cpuset.cpus`. */
  readonly cpusetCpus?: string;
  /** A list of memory nodes: `cpuset.mems`. */
  readonly cpusetMems?: string;

  /** How many processes and threads: `pids.max`. */
  readonly pids?: Count;

  /** The share of the devices' time, 1 to 10000; 100 is usual: `io.weight`, `io.bfq.weight`, `blkio.weight`, `blkio.bfq.weight`. */
  readonly ioWeight?: number;
  /** `blkio.throttle.*`, `io.max`. */
  readonly ioDevices?: readonly IoDevice[];

  /** By the size of the pages, as in the names of the files: `{ '2MB': '64M' }` is `hugetlb.2MB.max`. */
  readonly hugetlb?: Readonly<Record<string, Bytes>>;
  /** By the name of the device: `rdma.max`. */
  readonly rdma?: Readonly<Record<string, RdmaLimit>>;
  /** By the name of the resource: `misc.max`. */
  readonly misc?: Readonly<Record<string, Count>>;

  /** Marks its packets, 0 to 0xffffffff: `net_cls.classid`, version 1. */
  readonly netClsClassid?: number;
  /** Priorities by network interface: `net_prio.ifpriomap`, version 1. */
  readonly netPrio?: Readonly<Record<string, number>>;

  /** All that it may do with devices; what no rule allows is denied. Without it nothing is denied. The last rule that fits counts. */
  readonly devices?: readonly DeviceRule[];

  /** Files of version 2 and what to write into them, after all else: `{ 'memory.high': '1G' }`. */
  readonly unified?: Readonly<Record<string, string>>;
}
