import type { Count, RdmaLimit, Resources } from '../resources.ts';
import { checkRecord, checkWord, invalid, parseCount } from '../value.ts';
import { defineController, type SettingList } from './define.ts';

const fields = [
  { field: 'hcaHandles', name: 'hca_handle' },
  { field: 'hcaObjects', name: 'hca_object' },
] as const;
const most = 2n ** 31n - 1n;

/** RDMA devices: Documentation/admin-guide/cgroup-v1/rdma.rst. */
export const rdma = defineController({
  names: { 1: 'rdma', 2: 'rdma' },
  keys: ['rdma'],
  check({ rdma: devices }) {
    checkRecord(devices, 'rdma', 'an object by the name of the device');
    for (const [device, limit] of Object.entries(devices ?? {})) {
      checkWord(device, 'rdma', 'names of devices for its keys');
      checkDevice(limit, `rdma.${device}`);
    }
  },
  write: { 1: write, 2: write },
});

function checkDevice(limit: RdmaLimit, key: string): void {
  const expected = 'an object with hcaHandles, hcaObjects or both';
  checkRecord(limit, key, expected);
  const names = Object.keys(limit ?? {});
  const unknown = names.find((name) => !fields.some(({ field }) => field === name));
  if (unknown !== undefined || names.length === 0) throw invalid(key, expected, unknown ?? limit);
  for (const { field } of fields) parse(limit[field], `${key}.${field}`);
}

function write(list: SettingList, { rdma: devices = {} }: Resources): void {
  for (const [device, limit] of Object.entries(devices)) {
    const limits = fields.flatMap(({ field, name }) => {
      const count = parse(limit[field], `rdma.${device}.${field}`);
      return count === undefined ? [] : `${name}=${count}`;
    });
    if (limits.length > 0) list.add('rdma.max', `rdma.${device}`, [device, ...limits].join(' '));
  }
}

function parse(value: Count | undefined, key: string): bigint | 'max' | undefined {
  return value === undefined ? undefined : parseCount(value, key, most);
}
