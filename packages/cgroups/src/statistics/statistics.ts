import type { CgroupVersion } from '../setting.ts';
import type { Limit, Quantity } from './scanner.ts';

/** What a block device did for a cgroup and those below it. */
export interface IoStatistics {
  /** Its numbers, `8:0`. */
  readonly device: string;
  readonly readBytes: Quantity;
  readonly writeBytes: Quantity;
  /** Operations. */
  readonly reads: Quantity;
  /** Operations. */
  readonly writes: Quantity;
  readonly discardBytes: Quantity;
  /** Operations. */
  readonly discards: Quantity;
}

/** How much of the time processes had to wait. */
export interface PressureShares {
  /** Percent of the last 10 seconds. */
  readonly avg10: number;
  /** Percent of the last minute. */
  readonly avg60: number;
  /** Percent of the last five minutes. */
  readonly avg300: number;
  /** Microseconds, altogether. */
  readonly total: number;
}

/** Pressure stall information of one resource. */
export interface Pressure {
  /** At least one process waited. */
  readonly some?: PressureShares | undefined;
  /** All waited that were not idle. */
  readonly full?: PressureShares | undefined;
}

/** Memory, in bytes. */
export interface MemoryStatistics {
  readonly usage: Quantity;
  readonly limit?: Limit | undefined;
  /** The most that was ever used. */
  readonly peak?: Quantity | undefined;
  /** Undefined where swap is not accounted for. */
  readonly swap?: SwapStatistics | undefined;
  readonly events: MemoryEvents;
  /** `memory.stat`, under the names of the kernel: most are bytes, some are events or pages. */
  readonly stat: Readonly<Record<string, Quantity>>;
}

/** Swap, in bytes. */
export interface SwapStatistics {
  readonly usage: Quantity;
  /** Of swap alone: in version 1, the limit of memory and swap together less that of memory. */
  readonly limit?: Limit | undefined;
  readonly peak?: Quantity | undefined;
}

/** How often something happened to the memory of a cgroup. */
export interface MemoryEvents {
  /** Its memory was reclaimed although it used less than it is meant to have: version 2. */
  readonly low?: Quantity | undefined;
  /** It was slowed down, above `memory.high`: version 2. */
  readonly high?: Quantity | undefined;
  /** It was about to exceed the limit: `memory.failcnt`, `memory.events`. */
  readonly max?: Quantity | undefined;
  /** Not even reclaim brought it below the limit: version 2. */
  readonly oom?: Quantity | undefined;
  /** Processes that were killed for it. */
  readonly oomKill?: Quantity | undefined;
}

/** CPU time, in nanoseconds. */
export interface CpuStatistics {
  readonly usage: Quantity;
  readonly user?: Quantity | undefined;
  readonly system?: Quantity | undefined;
  /** By the number of the CPU: version 1. */
  readonly perCpu?: readonly Quantity[] | undefined;
  /** Periods of the quota that it was runnable in. */
  readonly periods?: Quantity | undefined;
  /** Those in which it used the quota up. */
  readonly throttledPeriods?: Quantity | undefined;
  /** How long it was not let run. */
  readonly throttledTime?: Quantity | undefined;
  /** Periods in which it used what was saved up. */
  readonly bursts?: Quantity | undefined;
  readonly burstTime?: Quantity | undefined;
}

/** Processes and threads. */
export interface PidsStatistics {
  readonly current: Quantity;
  readonly limit?: Limit | undefined;
  readonly peak?: Quantity | undefined;
  /** How often the limit refused a new one. */
  readonly refused?: Quantity | undefined;
}

/** Huge pages of one size, in bytes. */
export interface HugetlbStatistics {
  readonly usage: Quantity;
  readonly limit?: Limit | undefined;
  /** The most that was ever used: version 1. */
  readonly peak?: Quantity | undefined;
  /** How often the limit refused more. */
  readonly refused?: Quantity | undefined;
}

/** What is in use of an RDMA device. */
export interface RdmaStatistics {
  readonly hcaHandles: Quantity;
  readonly hcaObjects: Quantity;
}

/** A resource of which there is a certain number on a machine. */
export interface MiscStatistics {
  readonly current: Quantity;
  readonly limit?: Limit | undefined;
}

/**
 * What a cgroup, with all below it, has used at a moment: cgroups(7). A part is undefined where its controller is not in use, or
 * where the kernel or the version of the interface does not have it. Numbers are exact: bigints where they exceed 2^53 - 1. `JSON.stringify`
 * refuses these; `formatJson` of `@ts-c/state` writes them.
 */
export interface CgroupStatistics {
  readonly version: CgroupVersion;
  /** Milliseconds since 1970, of a clock that never goes back within a process. */
  readonly timestamp: number;
  readonly memory?: MemoryStatistics | undefined;
  readonly cpu?: CpuStatistics | undefined;
  readonly io?: readonly IoStatistics[] | undefined;
  readonly pids?: PidsStatistics | undefined;
  /** By the size of the pages, as in the names of the files: `2MB`. */
  readonly hugetlb?: Readonly<Record<string, HugetlbStatistics>> | undefined;
  /** By the name of the device. */
  readonly rdma?: Readonly<Record<string, RdmaStatistics>> | undefined;
  /** By the name of the resource. */
  readonly misc?: Readonly<Record<string, MiscStatistics>> | undefined;
  /** Version 2, where the kernel measures it; `irq` from Linux 6.1. */
  readonly pressure?: Readonly<Partial<Record<PressureResource, Pressure>>> | undefined;
  /** Are its processes stopped? */
  readonly frozen?: boolean | undefined;
}

/** What processes wait for. */
export type PressureResource = 'cpu' | 'memory' | 'io' | 'irq';
