import type { Resources } from '../resources.ts';
import type { Circumstances } from '../setting.ts';
import {
  checkFlag,
  checkWhole,
  contradicts,
  invalid,
  sharesOfWeight,
  weightOfShares,
} from '../value.ts';
import { defineController, type SettingList } from './define.ts';

/** Microseconds: what the kernel starts a cgroup with. */
const usualPeriod = 100_000;
const leastQuota = 1000;
/** The kernel counts in nanoseconds, with 44 bits for the microseconds. */
const mostQuota = 2 ** 44 - 1;
const noLimit = -1;
const realtimeRemedy =
  'leave it out; real-time processes of version 2 are limited by /proc/sys/kernel/sched_rt_runtime_us alone';

/** A quota of microseconds for each period; -1 is no limit. */
interface Bandwidth {
  readonly quota: number | undefined;
  readonly period: number | undefined;
}

/** CPU time: sched-bwc.rst and sched-design-CFS.rst of the kernel, and CPU in Documentation/admin-guide/cgroup-v2.rst. */
export const cpu = defineController({
  names: { 1: 'cpu', 2: 'cpu' },
  keys: [
    'cpus',
    'cpuShares',
    'cpuWeight',
    'cpuQuota',
    'cpuPeriod',
    'cpuBurst',
    'cpuIdle',
    'cpuRealtimeRuntime',
    'cpuRealtimePeriod',
  ],
  lacks: {
    2: {
      cpuRealtimeRuntime: { remedy: realtimeRemedy },
      cpuRealtimePeriod: { remedy: realtimeRemedy },
    },
  },
  check(resources) {
    checkWeights(resources);
    checkBandwidth(resources);
    const { cpuRealtimeRuntime: runtime, cpuRealtimePeriod: period } = resources;
    if (runtime !== noLimit)
      checkWhole(runtime, 'cpuRealtimeRuntime', [0, mostQuota], ' microseconds, or -1');
    checkWhole(period, 'cpuRealtimePeriod', [1, 2 ** 32 - 1], ' microseconds');
    if (runtime !== undefined && period !== undefined && runtime > period)
      throw contradicts(
        'cpuRealtimeRuntime',
        runtime,
        `is more than cpuRealtimePeriod (${period}); give at most as much`,
      );
  },
  write: { 1: write1, 2: write2 },
});

function checkWeights({ cpuShares, cpuWeight, cpuIdle }: Resources): void {
  checkWhole(cpuShares, 'cpuShares', [2, 262_144], ' (1024 is usual)');
  checkWhole(cpuWeight, 'cpuWeight', [1, 10_000], ' (100 is usual)');
  checkFlag(cpuIdle, 'cpuIdle');
  if (cpuShares !== undefined && cpuWeight !== undefined)
    throw contradicts('cpuWeight', cpuWeight, 'says the same as cpuShares; give one of the two');
  const [key, value] =
    cpuShares === undefined
      ? (['cpuWeight', cpuWeight] as const)
      : (['cpuShares', cpuShares] as const);
  if (cpuIdle && value !== undefined)
    throw contradicts(
      key,
      value,
      'can’t be with cpuIdle, which has the least weight there is; give one of the two',
    );
}

function checkBandwidth(resources: Resources): void {
  const { cpus, cpuQuota, cpuPeriod, cpuBurst } = resources;
  checkWhole(cpuPeriod, 'cpuPeriod', [1000, 1_000_000], ' microseconds');
  if (cpuQuota !== noLimit)
    checkWhole(cpuQuota, 'cpuQuota', [leastQuota, mostQuota], ' microseconds; no limit is -1');
  checkWhole(cpuBurst, 'cpuBurst', [0, mostQuota], ' microseconds');
  if (cpus !== undefined) {
    if (cpuQuota !== undefined)
      throw contradicts('cpus', cpus, 'says the same as cpuQuota; give one of the two');
    const expected = 'a number of CPUs above 0, such as 0.5; no limit is cpuQuota: -1';
    if (typeof cpus !== 'number' || !Number.isFinite(cpus) || cpus <= 0)
      throw invalid('cpus', expected, cpus);
    if (quotaOf(cpus, cpuPeriod ?? usualPeriod) > mostQuota)
      throw invalid('cpus', `${expected}, and fewer`, cpus);
  }
  const { quota } = bandwidthOf(resources, cpuPeriod);
  // Without `cpuPeriod` the period of a cgroup that exists may be another than the usual, and `cpus` another quota.
  const isKnown = cpus === undefined || cpuPeriod !== undefined;
  if (cpuBurst === undefined || quota === undefined || quota === noLimit || !isKnown) return;
  if (cpuBurst > quota)
    throw contradicts('cpuBurst', cpuBurst, `is more than the quota (${quota}); give at most that`);
}

function bandwidthOf({ cpus, cpuQuota }: Resources, period: number | undefined): Bandwidth {
  return { quota: cpus === undefined ? cpuQuota : quotaOf(cpus, period ?? usualPeriod), period };
}

/** The kernel takes no less than a millisecond. */
function quotaOf(cpus: number, period: number): number {
  return Math.max(Math.round(cpus * period), leastQuota);
}

function write1(list: SettingList, resources: Resources, circumstances: Circumstances): void {
  const { cpuShares, cpuWeight, cpuIdle, cpuPeriod } = resources;
  const shares = cpuShares ?? (cpuWeight === undefined ? undefined : sharesOfWeight(cpuWeight));
  writeWeight(list, 'cpu.shares', shares, resources);
  if (cpuIdle) list.addSwitch('cpu.idle', 'cpuIdle', true);
  const before: Bandwidth = {
    quota: readNumber(circumstances, 'cpu.cfs_quota_us'),
    period: readNumber(circumstances, 'cpu.cfs_period_us'),
  };
  const { quota } = bandwidthOf(resources, cpuPeriod ?? before.period);
  writeBurst(list, 'cpu.cfs_burst_us', resources, circumstances, () =>
    writeBandwidth1(list, resources, { quota, period: cpuPeriod }, before),
  );
  writeRealtime(list, resources, circumstances);
}

/** Out of idleness first: the weight of an idle cgroup can't be set. */
function writeWeight(
  list: SettingList,
  file: string,
  weight: number | undefined,
  { cpuShares, cpuIdle }: Resources,
): void {
  if (cpuIdle === false) list.addSwitch('cpu.idle', 'cpuIdle', false);
  if (weight !== undefined)
    list.add(file, cpuShares === undefined ? 'cpuWeight' : 'cpuShares', weight);
}

/** The burst may never be above the quota, not even in between. */
function writeBurst(
  list: SettingList,
  file: string,
  { cpuBurst }: Resources,
  circumstances: Circumstances,
  writeQuota: () => void,
): void {
  const shrinks = cpuBurst !== undefined && cpuBurst < (readNumber(circumstances, file) ?? 0);
  if (!shrinks) writeQuota();
  if (cpuBurst === 0) list.addNone(file, 'cpuBurst', 0);
  else if (cpuBurst !== undefined) list.add(file, 'cpuBurst', cpuBurst);
  if (shrinks) writeQuota();
}

/**
 * Quota and period are two files, and between the two writes there is a third bandwidth, which the cgroups above or beneath may not
 * allow. So the order is the one in which that is between the old and the new; where there is none, the quota is lifted first.
 */
function writeBandwidth1(
  list: SettingList,
  { cpus }: Resources,
  { quota, period }: Bandwidth,
  before: Bandwidth,
): void {
  const quotaKey = cpus === undefined ? 'cpuQuota' : 'cpus';
  const addQuota = (): void => {
    if (quota !== undefined) list.add('cpu.cfs_quota_us', quotaKey, quota);
  };
  const addPeriod = (): void => {
    if (period !== undefined) list.add('cpu.cfs_period_us', 'cpuPeriod', period);
  };
  const order = orderOf({ quota, period }, before);
  if (order === 'quota') addQuota();
  if (order === 'lift') list.add('cpu.cfs_quota_us', quotaKey, noLimit);
  addPeriod();
  if (order !== 'quota') addQuota();
}

function orderOf(after: Bandwidth, before: Bandwidth): 'period' | 'quota' | 'lift' {
  const { quota, period } = after;
  if (quota === undefined || period === undefined) return 'period';
  if (before.quota === undefined || before.period === undefined || before.quota < 0)
    return 'period';
  if (quota === noLimit) return 'quota';
  const ends = [before.quota / before.period, quota / period];
  const isBetween = (ratio: number): boolean =>
    ratio >= Math.min(...ends) && ratio <= Math.max(...ends);
  if (isBetween(before.quota / period)) return 'period';
  return isBetween(quota / before.period) ? 'quota' : 'lift';
}

function writeRealtime(
  list: SettingList,
  resources: Resources,
  circumstances: Circumstances,
): void {
  const { cpuRealtimeRuntime: runtime, cpuRealtimePeriod: period } = resources;
  const writes: (() => void)[] = [];
  if (period !== undefined)
    writes.push(() => list.add('cpu.rt_period_us', 'cpuRealtimePeriod', period));
  if (runtime !== undefined)
    writes.push(() => list.add('cpu.rt_runtime_us', 'cpuRealtimeRuntime', runtime));
  const before = readNumber(circumstances, 'cpu.rt_runtime_us') ?? 0;
  if (period !== undefined && period < before) writes.reverse();
  for (const write of writes) write();
}

function write2(list: SettingList, resources: Resources, circumstances: Circumstances): void {
  const { cpus, cpuShares, cpuWeight, cpuIdle, cpuPeriod, cpuQuota } = resources;
  const weight = cpuShares === undefined ? cpuWeight : weightOfShares(cpuShares);
  writeWeight(list, 'cpu.weight', weight, resources);
  if (cpuIdle) list.addSwitch('cpu.idle', 'cpuIdle', true);
  writeBurst(list, 'cpu.max.burst', resources, circumstances, () => {
    if (cpus === undefined && cpuQuota === undefined && cpuPeriod === undefined) return;
    const [limit, before] = (circumstances.read?.('cpu.max') ?? '').trim().split(' ');
    const period = cpuPeriod ?? (Number(before) || usualPeriod);
    const quota = bandwidthOf(resources, period).quota ?? (Number(limit) || noLimit);
    const key = cpus === undefined ? (cpuQuota === undefined ? 'cpuPeriod' : 'cpuQuota') : 'cpus';
    list.add('cpu.max', key, `${quota === noLimit ? 'max' : quota} ${period}`);
  });
}

function readNumber({ read }: Circumstances, file: string): number | undefined {
  const text = read?.(file)?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}
