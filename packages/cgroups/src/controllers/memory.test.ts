import { describe, expect, it } from 'vitest';
import { existing, thrownBy, writesOf } from '../../test/settings.ts';
import type { Resources } from '../resources.ts';
import type { CgroupVersion } from '../setting.ts';
import { memory } from './memory.ts';

const everything: Resources = {
  memory: '64M',
  memorySwap: '96M',
  memoryReservation: '32M',
  memoryHigh: '48M',
  memoryMin: '8M',
  memoryOomGroup: true,
};

describe('memory', () => {
  it.each<[CgroupVersion, Resources, string[]]>([
    [1, {}, []],
    [1, { memory: '64M' }, ['memory.limit_in_bytes <- 67108864']],
    [1, { memory: -1 }, ['memory.limit_in_bytes <- -1?']],
    [
      1,
      { memory: '64M', memorySwap: '96M' },
      ['memory.limit_in_bytes <- 67108864', 'memory.memsw.limit_in_bytes <- 100663296'],
    ],
    [
      1,
      { memory: '64M', memorySwap: -1 },
      ['memory.limit_in_bytes <- 67108864', 'memory.memsw.limit_in_bytes <- -1?'],
    ],
    [1, { memoryReservation: '32M' }, ['memory.soft_limit_in_bytes <- 33554432']],
    [
      1,
      { kernelMemory: '1M', kernelMemoryTcp: 'max' },
      ['memory.kmem.limit_in_bytes <- 1048576', 'memory.kmem.tcp.limit_in_bytes <- -1?'],
    ],
    [
      1,
      { memorySwappiness: 0, oomKillDisable: true },
      ['memory.swappiness <- 0', 'memory.oom_control <- 1'],
    ],
    [1, { oomKillDisable: false }, ['memory.oom_control <- 0?']],
    [1, { memoryHigh: 'max', memoryMin: 0, memoryOomGroup: false }, []],
    [
      2,
      everything,
      [
        'memory.min <- 8388608',
        'memory.low <- 33554432',
        'memory.high <- 50331648',
        'memory.max <- 67108864',
        'memory.swap.max <- 33554432',
        'memory.oom.group <- 1',
      ],
    ],
    [2, { memory: '64M', memorySwap: '64M' }, ['memory.max <- 67108864', 'memory.swap.max <- 0']],
    [2, { memory: 'max', memorySwap: 'max' }, ['memory.max <- max?', 'memory.swap.max <- max?']],
    [2, { memorySwap: -1 }, ['memory.swap.max <- max?']],
    [2, { oomKillDisable: false, kernelMemory: 'max', kernelMemoryTcp: -1 }, []],
  ])('version %i: %j', (version, resources, writes) => {
    expect(writesOf(memory, resources, version)).toEqual(writes);
  });

  it.each([
    ['grows', '64M', 134_217_728, ['memory.memsw.limit_in_bytes', 'memory.limit_in_bytes']],
    ['shrinks', '512M', 134_217_728, ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes']],
    ['is lifted', '64M', -1, ['memory.memsw.limit_in_bytes', 'memory.limit_in_bytes']],
  ])('version 1: one that %s', (_, before, memorySwap, files) => {
    const held = String(BigInt(before.replace('M', '')) << 20n);
    const now = existing({ 'memory.memsw.limit_in_bytes': held });
    const settings = memory.settings({ memory: '128M', memorySwap }, 1, now);
    expect(settings.map(({ file }) => file)).toEqual(files);
  });

  it('version 1: one that had no limit shrinks', () => {
    const now = existing({ 'memory.memsw.limit_in_bytes': '9223372036854771712' });
    const [first] = memory.settings({ memory: '128M', memorySwap: -1 }, 1, now);
    expect(first).toMatchObject({ file: 'memory.limit_in_bytes', key: 'memory' });
  });

  it('takes the memory of a cgroup that exists for what is not given', () => {
    const now = existing({ 'memory.max': '67108864' });
    expect(writesOf(memory, { memorySwap: '96M' }, 2, now)).toEqual([
      'memory.swap.max <- 33554432',
    ]);
    expect(() => writesOf(memory, { memorySwap: '32M' }, 2, now)).toThrow(
      'less than memory, which is 67108864',
    );
    const none = existing({ 'memory.max': 'max' });
    expect(() => writesOf(memory, { memorySwap: '96M' }, 2, none)).toThrow('give memory too');
  });

  it.each<[CgroupVersion, Resources, string, string]>([
    [1, { memory: '64M', memorySwap: '32M' }, 'memorySwap', 'give at least as much'],
    [2, { memory: -1, memorySwap: '32M' }, 'memorySwap', 'give at least as much'],
    [1, { memorySwap: '32M' }, 'memorySwap', 'give memory too'],
    [2, { memorySwap: '32M' }, 'memorySwap', 'give memory too'],
    [1, { memory: 0 }, 'memory', "no limit is 'max'"],
    [1, { memorySwappiness: 201 }, 'memorySwappiness', 'from 0 to 200'],
    [1, { oomKillDisable: 1 as never }, 'oomKillDisable', 'true or false'],
    [2, { kernelMemoryTcp: '1X' }, 'kernelMemoryTcp', 'expected bytes'],
  ])('version %i refuses %j', (version, resources, key, remedy) => {
    expect(thrownBy(() => memory.settings(resources, version))).toMatchObject({
      code: 'ERR_INVALID_RESOURCES',
      key,
      message: expect.stringContaining(remedy),
    });
  });

  it.each<[CgroupVersion, Resources]>([
    [1, { memoryHigh: '1M' }],
    [1, { memoryMin: '1M' }],
    [1, { memoryOomGroup: true }],
    [2, { memorySwappiness: 60 }],
    [2, { oomKillDisable: true }],
    [2, { kernelMemory: '1M' }],
    [2, { kernelMemoryTcp: '1M' }],
  ])('version %i does not have %j', (version, resources) => {
    const [key] = Object.keys(resources);
    expect(thrownBy(() => memory.settings(resources, version))).toMatchObject({
      code: 'ERR_NO_CONTROLLER',
      key,
      message: expect.stringMatching(`^${key}: cgroup version ${version} does not have it; .+`),
    });
  });
});
