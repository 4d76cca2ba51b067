import type { Quantity } from './scanner.ts';

/** What a block device did. Zeros are left out, the minor number 0 among them. */
export interface ClassicBlkioEntry {
  readonly major?: Quantity;
  readonly minor?: Quantity;
  readonly op?: string;
  readonly value?: Quantity;
}

/** CPU time in nanoseconds. */
export interface ClassicCpuUsage {
  /** Percent of one CPU since an earlier sample. */
  readonly percent_usage?: Quantity;
  /** Whole CPUs in use since an earlier sample. */
  readonly current_usage?: Quantity;
  readonly total_usage?: Quantity;
  readonly percpu_usage?: readonly Quantity[];
  readonly usage_in_kernelmode: Quantity;
  readonly usage_in_usermode: Quantity;
}

/** What the quota did. */
export interface ClassicThrottling {
  readonly periods?: Quantity;
  readonly throttled_periods?: Quantity;
  /** Nanoseconds. */
  readonly throttled_time?: Quantity;
}

/** Memory in bytes. */
export interface ClassicMemory {
  readonly usage?: Quantity;
  readonly max_usage?: Quantity;
  /** `memory.stat`. */
  readonly stats?: Readonly<Record<string, Quantity>>;
  /** How often the limit was met. */
  readonly failcnt: Quantity;
}

/** Lists without entries are left out. */
export interface ClassicBlkio {
  readonly io_service_bytes_recursive?: readonly ClassicBlkioEntry[];
  readonly io_serviced_recusrive?: readonly ClassicBlkioEntry[];
  readonly io_queue_recursive?: readonly ClassicBlkioEntry[];
  readonly sectors_recursive?: readonly ClassicBlkioEntry[];
}

/** `1` while frozen by one above it, and by itself; `0` otherwise. */
export interface ClassicFreezer {
  readonly parent_state?: string;
  readonly self_state?: string;
}

/**
 * The statistics of libcontainer 1.1.0 under its JSON keys, spelt as there and in its order; what it left out when zero is not
 * there. On version 2 it has what that version counts. `formatJson` of `@ts-c/state` writes its bigints as JSON numbers.
 */
export interface ClassicStatistics {
  readonly cpu_stats: {
    readonly cpu_usage: ClassicCpuUsage;
    readonly throlling_data: ClassicThrottling;
  };
  readonly memory_stats: ClassicMemory;
  readonly blkio_stats: ClassicBlkio;
  readonly freezer_stats: ClassicFreezer;
}

/** CPU time used up to a moment; `CgroupStatistics` are such a sample. */
export interface CpuSample {
  /** Milliseconds. */
  readonly timestamp: number;
  /** `usage` is nanoseconds. */
  readonly cpu?: { readonly usage: Quantity } | undefined;
}

/** How much CPU was used between two samples. */
export interface CpuUsage {
  /** 150 is one and a half CPUs. */
  readonly percent: number;
  readonly cpus: number;
}

/** How much CPU was used from one sample to a later one: nothing where no time has passed. */
export function cpuUsageBetween(before: CpuSample, after: CpuSample): CpuUsage {
  const elapsed = (after.timestamp - before.timestamp) * 1e6;
  const used = Number(BigInt(after.cpu?.usage ?? 0) - BigInt(before.cpu?.usage ?? 0));
  const cpus = elapsed > 0 ? Math.max(0, used / elapsed) : 0;
  return { percent: cpus * 100, cpus };
}
