import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFileOf, refusalOf } from '../../test/apply-settings.ts';
import { hasV1, hasV2, TestGroup } from '../../test/groups.ts';
import type { Resources } from '../resources.ts';
import type { CgroupVersion } from '../setting.ts';
import { settingsOf } from './index.ts';

/** Sets the limits of a cgroup that exists. Returns what the kernel refused. */
function set(group: TestGroup, version: CgroupVersion, resources: Resources): string[] {
  const read = (file: string): string | undefined =>
    group.directories.map((one) => readFileOf(one)(file)).find((text) => text !== undefined);
  return settingsOf(resources, version, { read }).flatMap((setting) => {
    const code = refusalOf(group.directoryOf(setting.controller) ?? '', setting);
    const isRefused = code !== undefined && !setting.tolerate?.some((one) => one === code);
    return isRefused ? `${code}: ${setting.file} <- ${setting.value}` : [];
  });
}

function held(group: TestGroup, files: readonly string[]): (string | undefined)[] {
  return files.map((file) =>
    group.directories.map((one) => readFileOf(one)(file)).find((text) => text !== undefined),
  );
}

describe.skipIf(!hasV1)('limits that the kernel takes (needs cgroup v1)', () => {
  it('memory, and back and forth', () => {
    using group = new TestGroup(1);
    const files = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'];
    const steps: [Resources, string[]][] = [
      [{ memory: '64M', memorySwap: '96M' }, ['67108864', '100663296']],
      [{ memory: '128M', memorySwap: '256M' }, ['134217728', '268435456']],
      [{ memory: '32M', memorySwap: '32M' }, ['33554432', '33554432']],
      [{ memory: -1, memorySwap: -1 }, ['9223372036854771712', '9223372036854771712']],
      [{ memory: '64M', memorySwap: '64M' }, ['67108864', '67108864']],
    ];
    for (const [resources, values] of steps) {
      expect(set(group, 1, resources)).toEqual([]);
      expect(held(group, files)).toEqual(values);
    }
    expect(
      set(group, 1, { memoryReservation: '16M', memorySwappiness: 30, oomKillDisable: true }),
    ).toEqual([]);
    expect(held(group, ['memory.soft_limit_in_bytes', 'memory.swappiness'])).toEqual([
      '16777216',
      '30',
    ]);
    expect(set(group, 1, { oomKillDisable: false })).toEqual([]);
  });

  it('CPU time, beneath a cgroup that has less than all', () => {
    using group = new TestGroup(1);
    const directory = group.directoryOf('cpu') ?? '';
    expect(set(group, 1, { cpus: 0.5 })).toEqual([]);
    const child = `${directory}/child`;
    mkdirSync(child);
    try {
      const read = readFileOf(child);
      const steps = [
        [50_000, 100_000],
        [5000, 10_000],
        [1000, 1_000_000],
        [1000, 2000],
        [400_000, 1_000_000],
        [2000, 4000],
      ] as const;
      for (const [cpuQuota, cpuPeriod] of steps) {
        const resources = { cpuQuota, cpuPeriod, cpuBurst: cpuQuota / 2 };
        for (const setting of settingsOf(resources, 1, { read }))
          expect([setting, refusalOf(child, setting)]).toEqual([setting, undefined]);
        const files = ['cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpu.cfs_burst_us'];
        expect(files.map(read)).toEqual([cpuQuota, cpuPeriod, cpuQuota / 2].map(String));
      }
    } finally {
      rmdirSync(child);
    }
    expect(set(group, 1, { cpuIdle: true })).toEqual([]);
    expect(set(group, 1, { cpuIdle: false, cpuWeight: 50 })).toEqual([]);
    expect(held(group, ['cpu.shares', 'cpu.idle'])).toEqual(['512', '0']);
  });

  it('processes and disks', () => {
    using group = new TestGroup(1);
    expect(set(group, 1, { pids: 32 })).toEqual([]);
    expect(held(group, ['pids.max'])).toEqual(['32']);
    expect(set(group, 1, { pids: 'max' })).toEqual([]);
    expect(held(group, ['pids.max'])).toEqual(['max']);
    const [device] = disks();
    const ioDevices = device === undefined ? [] : [{ device, readBps: '1M', writeIops: 100 }];
    expect(set(group, 1, { ioDevices })).toEqual([]);
    expect(held(group, ['blkio.throttle.read_bps_device'])).toEqual([
      device === undefined ? '' : `${device} 1048576`,
    ]);
  });
});

describe.skipIf(!hasV2)('limits that the kernel takes (needs cgroup v2)', () => {
  it('memory', () => {
    using group = new TestGroup(2);
    const resources: Resources = {
      memory: '64M',
      memorySwap: '96M',
      memoryReservation: '32M',
      memoryHigh: '48M',
      memoryMin: '8M',
      memoryOomGroup: true,
    };
    expect(set(group, 2, resources)).toEqual([]);
    const files = ['max', 'swap.max', 'low', 'high', 'min', 'oom.group'];
    expect(
      held(
        group,
        files.map((file) => `memory.${file}`),
      ),
    ).toEqual(['67108864', '33554432', '33554432', '50331648', '8388608', '1']);
    expect(set(group, 2, { memorySwap: '64M' })).toEqual([]);
    expect(held(group, ['memory.swap.max'])).toEqual(['0']);
    expect(set(group, 2, { memory: 'max', memorySwap: -1, memoryHigh: 'max' })).toEqual([]);
    expect(held(group, ['memory.max', 'memory.swap.max', 'memory.high'])).toEqual(
      Array.from({ length: 3 }, () => 'max'),
    );
  });

  it.each([
    [2, '1'],
    [512, '50'],
    [1024, '100'],
    [102_400, '10000'],
  ])('%i shares as a weight', (cpuShares, weight) => {
    using group = new TestGroup(2);
    expect(set(group, 2, { cpuShares })).toEqual([]);
    expect(held(group, ['cpu.weight'])).toEqual([weight]);
  });

  it('CPU time', () => {
    using group = new TestGroup(2);
    const steps: [Resources, string, string][] = [
      [{ cpus: 0.5, cpuBurst: 20_000 }, '50000 100000', '20000'],
      [{ cpuQuota: 5000, cpuPeriod: 10_000, cpuBurst: 1000 }, '5000 10000', '1000'],
      [{ cpuPeriod: 20_000 }, '5000 20000', '1000'],
      [{ cpuQuota: -1 }, 'max 20000', '1000'],
    ];
    for (const [resources, max, burst] of steps) {
      expect(set(group, 2, resources)).toEqual([]);
      expect(held(group, ['cpu.max', 'cpu.max.burst'])).toEqual([max, burst]);
    }
    expect(set(group, 2, { cpuIdle: true })).toEqual([]);
    expect(held(group, ['cpu.idle'])).toEqual(['1']);
    expect(set(group, 2, { cpuIdle: false, cpuWeight: 7 })).toEqual([]);
    expect(held(group, ['cpu.idle', 'cpu.weight'])).toEqual(['0', '7']);
  });

  it('the rest', () => {
    using group = new TestGroup(2);
    const resources: Resources = {
      pids: 32,
      cpusetCpus: '0',
      cpusetMems: '0',
      ioWeight: 200,
      hugetlb: { '2MB': '64M' },
      unified: { 'memory.high': '1G', 'cgroup.max.depth': '3' },
    };
    expect(set(group, 2, resources)).toEqual([]);
    const files = ['pids.max', 'cpuset.cpus', 'cpuset.mems', 'hugetlb.2MB.max', 'memory.high'];
    expect(held(group, files)).toEqual(['32', '0', '0', '67108864', '1073741824']);
    expect(held(group, ['cgroup.max.depth'])).toEqual(['3']);
    const [device] = disks();
    const ioDevices =
      device === undefined ? [] : [{ device, readBps: '1M', writeIops: 100, readIops: -1 }];
    expect(set(group, 2, { ioDevices })).toEqual([]);
    expect(held(group, ['io.max'])).toEqual([
      device === undefined ? '' : `${device} rbps=1048576 wbps=max riops=max wiops=100`,
    ]);
  });
});

/** Disks by their numbers; there may be none. */
function disks(): string[] {
  return ['vda', 'vdb', 'sda', 'loop0'].flatMap((name) => {
    const path = `/sys/block/${name}/dev`;
    return existsSync(path) ? readFileSync(path, 'latin1').trim() : [];
  });
}
