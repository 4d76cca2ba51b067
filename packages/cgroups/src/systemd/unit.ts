import { checkResources } from '../controllers/index.ts';
import type { IoDevice, Resources } from '../resources.ts';
import type { CgroupVersion } from '../setting.ts';
import { deviceProperties } from './device.ts';
import type { UnitProperty } from './property.ts';
import { sharesOfWeight, weightOfShares } from '../value.ts';
import { bytes, count, cpuMask, infinity } from './value.ts';

/** What a unit can express of resources. */
export interface UnitResources {
  readonly properties: readonly UnitProperty[];
  /** Which of the resources systemd has no property for, or none that is exact: they are written into the files of the cgroup. */
  readonly remaining: readonly (keyof Resources)[];
}

/** What that depends on. */
export interface UnitCircumstances {
  /** The version of the cgroups that systemd works with. */
  readonly version: CgroupVersion;
  /** The version of systemd: 252. */
  readonly systemd: number;
}

/** What a scope is, apart from its resources. */
export interface ScopeSettings {
  /** The processes that it begins with, as this process numbers them. */
  readonly pids: readonly number[];
  /** `system.slice`, or for the manager of a user `app.slice`. */
  readonly slice: string;
  /** One line for `systemctl status`. */
  readonly description: string;
}

/**
 * The properties of a scope of ours: delegated, so that what is beneath it is left to us; without the dependencies that would stop it
 * early at shutdown; forgotten once it is empty, failed or not; and accounted.
 */
export function scopeProperties(
  settings: ScopeSettings,
  { version }: Pick<UnitCircumstances, 'version'>,
): UnitProperty[] {
  return [
    { name: 'Description', signature: 's', value: settings.description },
    { name: 'Slice', signature: 's', value: settings.slice },
    { name: 'PIDs', signature: 'au', value: [...settings.pids] },
    flag('Delegate'),
    flag('DefaultDependencies', false),
    { name: 'CollectMode', signature: 's', value: 'inactive-or-failed' },
    flag('MemoryAccounting'),
    flag('CPUAccounting'),
    flag(version === 2 ? 'IOAccounting' : 'BlockIOAccounting'),
    flag('TasksAccounting'),
  ];
}

/**
 * Resources as properties of a unit: systemd.resource-control(5). Pure. All values are checked, also of those that remain.
 *
 * @throws {CgroupError} (`ERR_INVALID_RESOURCES`) which names the key, for values that can't be.
 */
export function unitProperties(
  resources: Resources,
  circumstances: UnitCircumstances,
): UnitResources {
  checkResources(resources);
  const exact: UnitProperty[] = [
    ...memory(resources, circumstances),
    ...cpu(resources, circumstances),
    ...cpuset(resources, circumstances),
    ...tasks(resources),
    ...io(resources, circumstances),
    ...deviceProperties(resources.devices),
  ];
  const expressed = new Set<string>(exact.map(({ key }) => key ?? ''));
  // What a property only comes near to is written exactly as well.
  for (const key of nearly(resources, circumstances)) expressed.delete(key);
  const keys = Object.keys(resources) as (keyof Resources)[];
  return {
    properties: exact,
    remaining: keys.filter((key) => resources[key] !== undefined && !expressed.has(key)),
  };
}

function flag(name: string, value = true): UnitProperty {
  return { name, signature: 'b', value };
}

type Part = (resources: Resources, circumstances: UnitCircumstances) => UnitProperty[];

function amount(name: string, key: keyof Resources, value: bigint | undefined): UnitProperty[] {
  return value === undefined ? [] : [{ name, signature: 't', value, key }];
}

const memory: Part = (resources, { version }) => {
  const limit = bytes(resources.memory, 'memory');
  if (version === 1) return amount('MemoryLimit', 'memory', limit);
  const high = bytes(resources.memoryHigh, 'memoryHigh');
  const min = bytes(resources.memoryMin, 'memoryMin');
  const low = bytes(resources.memoryReservation, 'memoryReservation');
  return [
    ...amount('MemoryMax', 'memory', limit),
    ...amount('MemoryHigh', 'memoryHigh', high),
    ...amount('MemoryMin', 'memoryMin', min),
    ...amount('MemoryLow', 'memoryReservation', low),
    ...amount('MemorySwapMax', 'memorySwap', swap(resources, limit)),
  ];
};

/** Version 2 limits swap alone; undefined where the limit of the memory that it depends on is not at hand. */
function swap(resources: Resources, limit: bigint | undefined): bigint | undefined {
  const both = bytes(resources.memorySwap, 'memorySwap');
  if (both === undefined || both === infinity) return both;
  if (limit === undefined || limit === infinity) return undefined;
  return both - limit;
}

const usualPeriod = 100_000;

const cpu: Part = (resources, { version, systemd }) => {
  const { cpuShares, cpuWeight, cpuIdle, cpuPeriod } = resources;
  const properties: UnitProperty[] = [];
  if (cpuIdle === true && version === 2 && systemd >= 252)
    properties.push(...amount('CPUWeight', 'cpuIdle', 0n));
  if (cpuWeight !== undefined)
    properties.push(share(version, 'cpuWeight', cpuWeight, sharesOfWeight(cpuWeight)));
  if (cpuShares !== undefined)
    properties.push(share(version, 'cpuShares', weightOfShares(cpuShares), cpuShares));
  const quota = quotaOf(resources);
  if (quota) properties.push(...amount('CPUQuotaPerSecUSec', quota.key, quota.rounded));
  if (cpuPeriod !== undefined && systemd >= 242)
    properties.push(...amount('CPUQuotaPeriodUSec', 'cpuPeriod', BigInt(cpuPeriod)));
  return properties;
};

function share(
  version: CgroupVersion,
  key: 'cpuShares' | 'cpuWeight',
  weight: number,
  shares: number,
): UnitProperty {
  return version === 1
    ? { name: 'CPUShares', signature: 't', value: BigInt(shares), key }
    : { name: 'CPUWeight', signature: 't', value: BigInt(weight), key };
}

interface Quota {
  readonly key: 'cpus' | 'cpuQuota';
  /** Microseconds of CPU time a second, in whole percents of a CPU. */
  readonly rounded: bigint;
  readonly exact: boolean;
}

/** systemd stores a quota in whole percents of a CPU: rounded up, so that nobody gets less than what was asked for. */
function quotaOf({ cpus, cpuQuota, cpuPeriod = usualPeriod }: Resources): Quota | undefined {
  const key = cpuQuota === undefined ? 'cpus' : 'cpuQuota';
  const value = cpuQuota ?? cpus;
  if (value === undefined) return undefined;
  if (value === -1 && key === 'cpuQuota') return { key, rounded: infinity, exact: true };
  const cpusOf = key === 'cpus' ? value : value / cpuPeriod;
  // Ten decimals: 0.07 * 100 is 7.000000000000001.
  const percent = Number((cpusOf * 100).toFixed(10));
  return { key, rounded: BigInt(Math.ceil(percent)) * 10_000n, exact: Number.isInteger(percent) };
}

function nearly(resources: Resources, { systemd }: UnitCircumstances): (keyof Resources)[] {
  const quota = quotaOf(resources);
  // Without a quota systemd leaves the period at the usual one.
  if (!quota || quota.rounded === infinity) return ['cpuPeriod'];
  const periodIsLost = resources.cpuPeriod !== undefined && systemd < 242;
  return quota.exact && !periodIsLost ? [] : [quota.key, 'cpuPeriod'];
}

const cpuset: Part = ({ cpusetCpus, cpusetMems }, { version, systemd }) => {
  if (version === 1 || systemd < 244) return [];
  return [
    ...mask('AllowedCPUs', 'cpusetCpus', cpusetCpus),
    ...mask('AllowedMemoryNodes', 'cpusetMems', cpusetMems),
  ];
};

function mask(name: string, key: 'cpusetCpus' | 'cpusetMems', list?: string): UnitProperty[] {
  return list === undefined ? [] : [{ name, signature: 'ay', value: cpuMask(list), key }];
}

function tasks({ pids }: Resources): UnitProperty[] {
  return amount('TasksMax', 'pids', count(pids, 'pids'));
}

const io: Part = ({ ioWeight, ioDevices }, { version }) => {
  if (version === 1) return [];
  const weight = ioWeight === undefined ? undefined : BigInt(ioWeight);
  return [...amount('IOWeight', 'ioWeight', weight), ...devicesOfIo(ioDevices ?? [])];
};

const limits = [
  ['IODeviceWeight', 'weight'],
  ['IOReadBandwidthMax', 'readBps'],
  ['IOWriteBandwidthMax', 'writeBps'],
  ['IOReadIOPSMax', 'readIops'],
  ['IOWriteIOPSMax', 'writeIops'],
] as const;

/** systemd knows block devices by their paths alone, so numbers stay with us, and with them the whole list. */
function devicesOfIo(devices: readonly IoDevice[]): UnitProperty[] {
  if (!devices.every(({ device }) => device.startsWith('/'))) return [];
  return limits.flatMap(([name, field]) => {
    const value = devices.flatMap((device, index) => {
      const key = `ioDevices[${index}].${field}`;
      const limit = limitOf(device, field, key);
      return limit === undefined ? [] : [[device.device, limit]];
    });
    return value.length === 0 ? [] : [{ name, signature: 'a(st)', value, key: 'ioDevices' }];
  });
}

function limitOf(
  device: IoDevice,
  field: (typeof limits)[number][1],
  key: string,
): bigint | undefined {
  if (field === 'readBps' || field === 'writeBps') return bytes(device[field], key);
  if (field === 'readIops' || field === 'writeIops') return count(device[field], key);
  return device.weight === undefined ? undefined : BigInt(device.weight);
}
