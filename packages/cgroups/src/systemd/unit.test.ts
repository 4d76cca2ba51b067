import { describe, expect, it } from 'vitest';
import type { DeviceRule } from '../devices/rule.ts';
import type { Resources } from '../resources.ts';
import { scopeProperties, unitProperties } from './unit.ts';
import { infinity } from './value.ts';

const v2 = { version: 2, systemd: 252 } as const;
const v1 = { version: 1, systemd: 252 } as const;

/** Properties, each as `[name, signature, value]`, and what remains. */
function expressed(
  resources: Resources,
  circumstances: Parameters<typeof unitProperties>[1] = v2,
): [unknown[], readonly string[]] {
  const { properties, remaining } = unitProperties(resources, circumstances);
  return [properties.map(({ name, signature, value }) => [name, signature, value]), remaining];
}

const t = (name: string, value: bigint): unknown[] => [name, 't', value];

it('a scope is delegated, without dependencies, collected, and accounted', () => {
  const settings = { pids: [7], slice: 'system.slice', description: 'container x' };
  const properties = scopeProperties(settings, v2);
  expect(properties.map(({ name, signature, value }) => [name, signature, value])).toEqual([
    ['Description', 's', 'container x'],
    ['Slice', 's', 'system.slice'],
    ['PIDs', 'au', [7]],
    ['Delegate', 'b', true],
    ['DefaultDependencies', 'b', false],
    ['CollectMode', 's', 'inactive-or-failed'],
    ['MemoryAccounting', 'b', true],
    ['CPUAccounting', 'b', true],
    ['IOAccounting', 'b', true],
    ['TasksAccounting', 'b', true],
  ]);
  expect(scopeProperties(settings, v1)[8]?.name).toBe('BlockIOAccounting');
});

describe('version 2', () => {
  it.each<[Resources, unknown[]]>([
    [{}, []],
    [{ memory: '64M' }, [t('MemoryMax', 64n << 20n)]],
    [{ memory: '1.5g' }, [t('MemoryMax', 3n << 29n)]],
    [{ memory: 'max' }, [t('MemoryMax', infinity)]],
    [{ memory: -1 }, [t('MemoryMax', infinity)]],
    [
      { memoryHigh: 1n, memoryMin: 2, memoryReservation: '3' },
      [t('MemoryHigh', 1n), t('MemoryMin', 2n), t('MemoryLow', 3n)],
    ],
    [
      { memory: '1M', memorySwap: '3M' },
      [t('MemoryMax', 1n << 20n), t('MemorySwapMax', 2n << 20n)],
    ],
    [{ memorySwap: -1 }, [t('MemorySwapMax', infinity)]],
    [{ cpuWeight: 50 }, [t('CPUWeight', 50n)]],
    [{ cpuShares: 1024 }, [t('CPUWeight', 100n)]],
    [{ cpuShares: 2 }, [t('CPUWeight', 1n)]],
    [{ cpuShares: 262_144 }, [t('CPUWeight', 10_000n)]],
    [{ cpuIdle: true }, [t('CPUWeight', 0n)]],
    [{ cpus: 0.5 }, [t('CPUQuotaPerSecUSec', 500_000n)]],
    [{ cpus: 0.07 }, [t('CPUQuotaPerSecUSec', 70_000n)]],
    [{ cpuQuota: 20_000 }, [t('CPUQuotaPerSecUSec', 200_000n)]],
    [{ cpuQuota: -1 }, [t('CPUQuotaPerSecUSec', infinity)]],
    [
      { cpuQuota: 20_000, cpuPeriod: 50_000 },
      [t('CPUQuotaPerSecUSec', 400_000n), t('CPUQuotaPeriodUSec', 50_000n)],
    ],
    [{ pids: 32 }, [t('TasksMax', 32n)]],
    [{ pids: 'max' }, [t('TasksMax', infinity)]],
    [{ cpusetCpus: '0-2,4,9' }, [['AllowedCPUs', 'ay', Buffer.from([0b10111, 0b10])]]],
    [{ cpusetMems: '8' }, [['AllowedMemoryNodes', 'ay', Buffer.from([0, 1])]]],
    [{ ioWeight: 200 }, [t('IOWeight', 200n)]],
    [
      {
        ioDevices: [
          { device: '/dev/sda', weight: 10, readBps: '1M', writeIops: 7 },
          { device: '/dev/sdb', readBps: 'max', writeBps: 4096, readIops: 9 },
        ],
      },
      [
        ['IODeviceWeight', 'a(st)', [['/dev/sda', 10n]]],
        [
          'IOReadBandwidthMax',
          'a(st)',
          [
            ['/dev/sda', 1n << 20n],
            ['/dev/sdb', infinity],
          ],
        ],
        ['IOWriteBandwidthMax', 'a(st)', [['/dev/sdb', 4096n]]],
        ['IOReadIOPSMax', 'a(st)', [['/dev/sdb', 9n]]],
        ['IOWriteIOPSMax', 'a(st)', [['/dev/sda', 7n]]],
      ],
    ],
  ])('has properties for %o', (resources, properties) => {
    expect(expressed(resources)).toEqual([properties, []]);
  });

  it('tells which of the resources a property comes from', () => {
    const { properties } = unitProperties({ memory: 1, pids: 2, cpus: 1, cpusetCpus: '0' }, v2);
    expect(properties.map(({ name, key }) => [name, key])).toEqual([
      ['MemoryMax', 'memory'],
      ['CPUQuotaPerSecUSec', 'cpus'],
      ['AllowedCPUs', 'cpusetCpus'],
      ['TasksMax', 'pids'],
    ]);
  });

  it.each<[string, Resources]>([
    ['swap without the memory that it includes', { memorySwap: '2M' }],
    ['idle off', { cpuIdle: false }],
    ['a burst', { cpuBurst: 100 }],
    ['a device by its numbers', { ioDevices: [{ device: '8:0', readBps: 1 }] }],
    ['huge pages', { hugetlb: { '2MB': 0 } }],
    ['files', { unified: { 'memory.high': '1' } }],
    ['swappiness', { memorySwappiness: 1 }],
  ])('leaves %s to the files', (_what, resources) => {
    expect(expressed(resources)).toEqual([[], Object.keys(resources)]);
  });

  it('rounds a quota up to whole percents, and leaves the exact one to the files as well', () => {
    expect(expressed({ cpuQuota: 12_345, cpuPeriod: 100_000 })).toEqual([
      [t('CPUQuotaPerSecUSec', 130_000n), t('CPUQuotaPeriodUSec', 100_000n)],
      ['cpuQuota', 'cpuPeriod'],
    ]);
  });

  it.each<Resources>([{ cpuPeriod: 50_000 }, { cpuQuota: -1, cpuPeriod: 50_000 }])(
    'leaves the period of %o to the files as well, as systemd sets it with a quota only',
    (resources) => {
      const [properties, remaining] = expressed(resources);
      expect(properties).toContainEqual(t('CPUQuotaPeriodUSec', 50_000n));
      expect(remaining).toEqual(['cpuPeriod']);
    },
  );

  it.each<[number, Resources, readonly string[]]>([
    [251, { cpuIdle: true }, ['cpuIdle']],
    [243, { cpusetCpus: '0' }, ['cpusetCpus']],
    [241, { cpuQuota: 10_000, cpuPeriod: 50_000 }, ['cpuQuota', 'cpuPeriod']],
  ])('of systemd %i leaves %o to the files', (systemd, resources, remaining) => {
    expect(expressed(resources, { version: 2, systemd })[1]).toEqual(remaining);
  });
});

describe('version 1', () => {
  it('has its own names, and leaves what it has no properties for', () => {
    const resources: Resources = {
      memory: 4096,
      memoryReservation: 1,
      memorySwap: 8192,
      cpuWeight: 100,
      pids: 3,
      cpusetCpus: '0',
      ioWeight: 5,
    };
    expect(expressed(resources, v1)).toEqual([
      [t('MemoryLimit', 4096n), t('CPUShares', 1024n), t('TasksMax', 3n)],
      ['memoryReservation', 'memorySwap', 'cpusetCpus', 'ioWeight'],
    ]);
  });
});

function strict(...list: string[][]): unknown[] {
  return [
    ['DevicePolicy', 's', 'strict'],
    ['DeviceAllow', 'a(ss)', []],
    ...(list.length > 0 ? [['DeviceAllow', 'a(ss)', list]] : []),
  ];
}

describe('devices', () => {
  const auto = [
    ['DevicePolicy', 's', 'auto'],
    ['DeviceAllow', 'a(ss)', []],
  ];
  it.each<[string, DeviceRule[], unknown[]]>([
    ['none', [], strict()],
    ['all', [{ type: 'a' }], auto],
    ['all after all', [{ type: 'c', allow: false, major: 1 }, { type: 'a' }], auto],
    ['one', [{ type: 'c', major: 1, minor: 3, access: 'rw' }], strict(['/dev/char/1:3', 'rw'])],
    ['a major number', [{ type: 'b', major: 8 }], strict(['block-8', 'rwm'])],
    ['a type', [{ type: 'c', access: 'm' }], strict(['char-*', 'm'])],
    ['to make any', [{ type: 'a', access: 'm' }], strict(['block-*', 'm'], ['char-*', 'm'])],
    [
      'none but one',
      [
        { type: 'c', major: 9 },
        { type: 'a', allow: false },
        { type: 'c', major: 1, minor: 3 },
      ],
      strict(['/dev/char/1:3', 'rwm']),
    ],
  ])('%s is expressed', (_what, devices, properties) => {
    expect(expressed({ devices })).toEqual([properties, []]);
  });

  it.each<[string, DeviceRule[]]>([
    [
      'an exception',
      [
        { type: 'c', major: 1 },
        { type: 'c', allow: false, major: 1, minor: 3 },
      ],
    ],
    ['all but one', [{ type: 'a' }, { type: 'c', allow: false, major: 1, minor: 3 }]],
    ['a minor number of any', [{ type: 'c', minor: 3 }]],
  ])('%s is not', (_what, devices) => {
    expect(expressed({ devices })).toEqual([[], ['devices']]);
  });
});

it.each<[string, Resources]>([
  ['memory', { memory: '64Q' }],
  ['memory', { memory: -2 }],
  ['memory', { memory: 2n ** 63n }],
  ['memory', { memory: 1.5 }],
  ['memory', { memory: '' }],
  ['memorySwap', { memory: 2, memorySwap: 1 }],
  ['pids', { pids: Number.NaN }],
  ['cpus', { cpus: 0 }],
  ['cpuQuota', { cpuQuota: -2 }],
  ['cpuPeriod', { cpuPeriod: 1 }],
  ['cpuShares', { cpuShares: 1 }],
  ['cpuWeight', { cpuWeight: 10_001 }],
  ['cpusetCpus', { cpusetCpus: '3-1' }],
  ['cpusetCpus', { cpusetCpus: 'x' }],
  ['ioWeight', { ioWeight: 0 }],
  ['ioDevices[0].readBps', { ioDevices: [{ device: '/dev/sda', readBps: 'much' }] }],
])('%s of %o is refused', (key, resources) => {
  expect(() => unitProperties(resources, v2)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_RESOURCES', key }),
  );
});
