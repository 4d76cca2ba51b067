import { describe, expect, it } from 'vitest';
import { existing, thrownBy, writesOf } from '../../test/settings.ts';
import type { Resources } from '../resources.ts';
import type { CgroupVersion } from '../setting.ts';
import { cpu } from './cpu.ts';

describe('cpu', () => {
  it.each<[CgroupVersion, Resources, string[]]>([
    [1, {}, []],
    [1, { cpuShares: 512 }, ['cpu.shares <- 512']],
    [1, { cpuWeight: 50 }, ['cpu.shares <- 512']],
    [
      1,
      { cpuQuota: 5000, cpuPeriod: 50_000 },
      ['cpu.cfs_period_us <- 50000', 'cpu.cfs_quota_us <- 5000'],
    ],
    [1, { cpuQuota: -1 }, ['cpu.cfs_quota_us <- -1']],
    [1, { cpus: 0.5 }, ['cpu.cfs_quota_us <- 50000']],
    [
      1,
      { cpus: 1.5, cpuPeriod: 20_000 },
      ['cpu.cfs_period_us <- 20000', 'cpu.cfs_quota_us <- 30000'],
    ],
    [1, { cpus: 0.001 }, ['cpu.cfs_quota_us <- 1000']],
    [
      1,
      { cpuQuota: 5000, cpuBurst: 2000 },
      ['cpu.cfs_quota_us <- 5000', 'cpu.cfs_burst_us <- 2000'],
    ],
    [1, { cpuIdle: true }, ['cpu.idle <- 1']],
    [1, { cpuIdle: false, cpuShares: 2 }, ['cpu.idle <- 0?', 'cpu.shares <- 2']],
    [
      1,
      { cpuRealtimeRuntime: 5000, cpuRealtimePeriod: 10_000 },
      ['cpu.rt_period_us <- 10000', 'cpu.rt_runtime_us <- 5000'],
    ],
    [2, { cpuShares: 512 }, ['cpu.weight <- 50']],
    [2, { cpuShares: 262_144 }, ['cpu.weight <- 10000']],
    [2, { cpuWeight: 50 }, ['cpu.weight <- 50']],
    [2, { cpuQuota: 5000, cpuPeriod: 50_000 }, ['cpu.max <- 5000 50000']],
    [2, { cpuQuota: 5000 }, ['cpu.max <- 5000 100000']],
    [2, { cpuPeriod: 50_000 }, ['cpu.max <- max 50000']],
    [2, { cpuQuota: -1 }, ['cpu.max <- max 100000']],
    [2, { cpus: 0.5 }, ['cpu.max <- 50000 100000']],
    [
      2,
      { cpus: 2, cpuPeriod: 20_000, cpuBurst: 0 },
      ['cpu.max <- 40000 20000', 'cpu.max.burst <- 0?'],
    ],
    [2, { cpuIdle: false, cpuWeight: 1 }, ['cpu.idle <- 0?', 'cpu.weight <- 1']],
    [2, { cpuIdle: true }, ['cpu.idle <- 1']],
  ])('version %i: %j', (version, resources, writes) => {
    expect(writesOf(cpu, resources, version)).toEqual(writes);
  });

  it.each<[string, string, Resources, string[]]>([
    [
      '50000',
      '100000',
      { cpuQuota: 5000, cpuPeriod: 10_000 },
      ['quota <- -1', 'period <- 10000', 'quota <- 5000'],
    ],
    [
      '5000',
      '10000',
      { cpuQuota: 50_000, cpuPeriod: 100_000 },
      ['quota <- -1', 'period <- 100000', 'quota <- 50000'],
    ],
    [
      '50000',
      '100000',
      { cpuQuota: 80_000, cpuPeriod: 90_000 },
      ['period <- 90000', 'quota <- 80000'],
    ],
    [
      '50000',
      '100000',
      { cpuQuota: 40_000, cpuPeriod: 200_000 },
      ['period <- 200000', 'quota <- 40000'],
    ],
    ['-1', '100000', { cpuQuota: 5000, cpuPeriod: 10_000 }, ['period <- 10000', 'quota <- 5000']],
    ['50000', '100000', { cpuQuota: -1, cpuPeriod: 10_000 }, ['quota <- -1', 'period <- 10000']],
    ['50000', '100000', { cpus: 0.1 }, ['quota <- 10000']],
    ['50000', '50000', { cpus: 0.1 }, ['quota <- 5000']],
  ])('version 1: from %s in %s to %j', (quota, period, resources, writes) => {
    const now = existing({ 'cpu.cfs_quota_us': quota, 'cpu.cfs_period_us': period });
    const short = writesOf(cpu, resources, 1, now).map((line) =>
      line.replace(/cpu\.cfs_|_us/g, ''),
    );
    expect(short).toEqual(writes);
  });

  it('version 1: between two bandwidths there is none outside of them', () => {
    const amounts = [1000, 5000, 20_000, 100_000, 400_000];
    const pairs = amounts.flatMap((quota) => amounts.map((period) => [quota, period] as const));
    for (const [quota, period] of pairs) {
      for (const [cpuQuota, cpuPeriod] of pairs) {
        const now = existing({ 'cpu.cfs_quota_us': `${quota}`, 'cpu.cfs_period_us': `${period}` });
        const state = { quota, period };
        const ends = [quota / period, cpuQuota / cpuPeriod];
        for (const { file, value } of cpu.settings({ cpuQuota, cpuPeriod }, 1, now)) {
          state[file.includes('quota') ? 'quota' : 'period'] = Number(value);
          const ratio = state.quota < 0 ? (ends[0] ?? 0) : state.quota / state.period;
          expect(ratio).toBeGreaterThanOrEqual(Math.min(...ends));
          expect(ratio).toBeLessThanOrEqual(Math.max(...ends));
        }
        expect(state).toEqual({ quota: cpuQuota, period: cpuPeriod });
      }
    }
  });

  it('the burst is never above the quota', () => {
    const now = existing({ 'cpu.cfs_burst_us': '5000', 'cpu.max.burst': '5000' });
    const smaller = { cpuQuota: 2000, cpuBurst: 1000 };
    expect(writesOf(cpu, smaller, 1, now)).toEqual([
      'cpu.cfs_burst_us <- 1000',
      'cpu.cfs_quota_us <- 2000',
    ]);
    expect(writesOf(cpu, smaller, 2, now)).toEqual([
      'cpu.max.burst <- 1000',
      'cpu.max <- 2000 100000',
    ]);
    const larger = { cpuQuota: 9000, cpuBurst: 8000 };
    expect(writesOf(cpu, larger, 1, now)).toEqual([
      'cpu.cfs_quota_us <- 9000',
      'cpu.cfs_burst_us <- 8000',
    ]);
  });

  it('version 2: keeps what is not given', () => {
    const now = existing({ 'cpu.max': '20000 50000' });
    expect(writesOf(cpu, { cpuPeriod: 100_000 }, 2, now)).toEqual(['cpu.max <- 20000 100000']);
    expect(writesOf(cpu, { cpuQuota: 10_000 }, 2, now)).toEqual(['cpu.max <- 10000 50000']);
    expect(writesOf(cpu, { cpus: 2 }, 2, now)).toEqual(['cpu.max <- 100000 50000']);
    const none = existing({ 'cpu.max': 'max 50000' });
    expect(writesOf(cpu, { cpuPeriod: 100_000 }, 2, none)).toEqual(['cpu.max <- max 100000']);
  });

  it('version 1: the real-time runtime is never above its period', () => {
    const now = existing({ 'cpu.rt_runtime_us': '50000' });
    const resources = { cpuRealtimeRuntime: 1000, cpuRealtimePeriod: 20_000 };
    expect(writesOf(cpu, resources, 1, now)).toEqual([
      'cpu.rt_runtime_us <- 1000',
      'cpu.rt_period_us <- 20000',
    ]);
  });

  it.each<[Resources, string, string]>([
    [{ cpuShares: 1 }, 'cpuShares', 'from 2 to 262144'],
    [{ cpuShares: 262_145 }, 'cpuShares', 'from 2 to 262144'],
    [{ cpuWeight: 0 }, 'cpuWeight', 'from 1 to 10000'],
    [{ cpuShares: 2, cpuWeight: 1 }, 'cpuWeight', 'one of the two'],
    [{ cpuIdle: true, cpuShares: 2 }, 'cpuShares', 'cpuIdle'],
    [{ cpuIdle: true, cpuWeight: 2 }, 'cpuWeight', 'cpuIdle'],
    [{ cpuIdle: 'yes' as never }, 'cpuIdle', 'true or false'],
    [{ cpus: 1, cpuQuota: 1000 }, 'cpus', 'one of the two'],
    [{ cpus: 0 }, 'cpus', 'above 0'],
    [{ cpus: -1 }, 'cpus', 'cpuQuota: -1'],
    [{ cpus: Number.NaN }, 'cpus', 'above 0'],
    [{ cpus: 1e12 }, 'cpus', 'fewer'],
    [{ cpus: '2' as never }, 'cpus', 'above 0'],
    [{ cpuQuota: 999 }, 'cpuQuota', 'no limit is -1'],
    [{ cpuQuota: 0 }, 'cpuQuota', 'no limit is -1'],
    [{ cpuQuota: 1000.5 }, 'cpuQuota', 'whole number'],
    [{ cpuPeriod: 999 }, 'cpuPeriod', 'from 1000 to 1000000'],
    [{ cpuPeriod: 1_000_001 }, 'cpuPeriod', 'from 1000 to 1000000'],
    [{ cpuBurst: -1 }, 'cpuBurst', 'from 0'],
    [{ cpuQuota: 2000, cpuBurst: 2001 }, 'cpuBurst', 'more than the quota'],
    [{ cpus: 0.5, cpuPeriod: 10_000, cpuBurst: 6000 }, 'cpuBurst', 'more than the quota (5000)'],
    [
      { cpuRealtimeRuntime: 2000, cpuRealtimePeriod: 1000 },
      'cpuRealtimeRuntime',
      'at most as much',
    ],
    [{ cpuRealtimePeriod: 0 }, 'cpuRealtimePeriod', 'from 1'],
  ])('%j is refused', (resources, key, remedy) => {
    for (const version of [1, 2] as const)
      expect(thrownBy(() => cpu.settings(resources, version))).toMatchObject({
        code: 'ERR_INVALID_RESOURCES',
        key,
        message: expect.stringContaining(remedy),
      });
  });

  it.each(['cpuRealtimeRuntime', 'cpuRealtimePeriod'])('version 2 does not have %s', (key) => {
    expect(thrownBy(() => cpu.settings({ [key]: 1000 }, 2))).toMatchObject({
      code: 'ERR_NO_CONTROLLER',
      key,
      message: expect.stringContaining('sched_rt_runtime_us'),
    });
  });
});
