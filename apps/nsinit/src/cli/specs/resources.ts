import {
  CgroupError,
  checkResources,
  parseRule,
  type Bytes,
  type Count,
  type DeviceRule,
  type IoDevice,
  type Resources,
} from '@ts-c/cgroups';
import { withoutKey } from '../../cgroup.ts';
import type { ResourceValues } from '../resource-options.ts';
import { unexpected, UsageError } from '../usage-error.ts';

/** Which option a key of the resources comes from. */
const optionOf: Readonly<Record<string, string>> = {
  memory: '--memory',
  memorySwap: '--memory-swap',
  memoryReservation: '--memory-reservation',
  memoryHigh: '--memory-high',
  cpus: '--cpus',
  cpuShares: '--cpu-shares',
  cpusetCpus: '--cpuset-cpus',
  cpusetMems: '--cpuset-mems',
  pids: '--pids-limit',
  ioWeight: '--io-weight',
  ioDevices: '--io-…',
  devices: '--device-rule',
  unified: '--cgroup-conf',
};

/**
 * What the options ask for. Without any it is empty.
 *
 * @param allowed Devices that may be used anyway, where rules are given.
 * @throws {UsageError} for the first value that can't be.
 */
export function parseResources(
  values: ResourceValues,
  allowed: readonly DeviceRule[] = [],
): Resources {
  const ioDevices = parseIoDevices(values);
  const rules = values['device-rule']?.map((text) => checked('devices', () => parseRule(text)));
  const resources: Resources = {
    ...given({
      memory: values.memory,
      memorySwap: values['memory-swap'],
      memoryReservation: values['memory-reservation'],
      memoryHigh: values['memory-high'],
      cpus: number('--cpus', values.cpus),
      cpuShares: number('--cpu-shares', values['cpu-shares']),
      cpusetCpus: values['cpuset-cpus'],
      cpusetMems: values['cpuset-mems'],
      pids: count('--pids-limit', values['pids-limit']),
      ioWeight: number('--io-weight', values['io-weight']),
      ioDevices: ioDevices.length > 0 ? ioDevices : undefined,
      devices: rules && [...allowed, ...rules],
      unified: parseUnified(values['cgroup-conf']),
    }),
  };
  checked(undefined, () => checkResources(resources));
  return resources;
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<T>;
}

/** Names the option instead of the key. */
function checked<T>(key: string | undefined, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error;
    const name = key ?? error.key ?? '';
    const option = optionOf[/^\w+/.exec(name)?.[0] ?? ''] ?? name;
    throw new UsageError(`${option}: ${withoutKey(error)}`, undefined, { cause: error });
  }
}

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw unexpected(option, 'a number', text);
  return value;
}

function count(option: string, text: string | undefined): Count | undefined {
  if (text === undefined || text === 'max') return text;
  if (!/^-?\d+$/.test(text)) throw unexpected(option, 'a number, or max', text);
  return Number(text);
}

const throttles = {
  'io-read-bps': 'readBps',
  'io-write-bps': 'writeBps',
  'io-read-iops': 'readIops',
  'io-write-iops': 'writeIops',
} as const;

/** `/dev/sda:1M` and the like, put together by device. */
function parseIoDevices(values: ResourceValues): IoDevice[] {
  const devices = new Map<string, Record<string, Bytes>>();
  for (const [name, key] of Object.entries(throttles) as [keyof typeof throttles, string][]) {
    for (const text of values[name] ?? []) {
      const [, device, limit] = /^(.+):([^:]+)$/.exec(text) ?? [];
      if (device === undefined || limit === undefined)
        throw unexpected(`--${name}`, 'DEVICE:LIMIT, as /dev/sda:1M or 8:0:1M', text);
      const value = name.endsWith('iops') ? (count(`--${name}`, limit) ?? 0) : limit;
      devices.set(device, { ...devices.get(device), device, [key]: value });
    }
  }
  return [...devices.values()] as unknown as IoDevice[];
}

function parseUnified(list: readonly string[] | undefined): Record<string, string> | undefined {
  if (!list) return undefined;
  return Object.fromEntries(
    list.map((text) => {
      const [, file, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (file === undefined || value === undefined)
        throw unexpected('--cgroup-conf', 'FILE=VALUE', text);
      return [file, value];
    }),
  );
}
