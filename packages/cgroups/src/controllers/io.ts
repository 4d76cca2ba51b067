import type { Bytes, Count, IoDevice, Resources } from '../resources.ts';
import type { Circumstances } from '../setting.ts';
import { checkRecord, checkWhole, invalid, parseBytes, parseCount, type Limit } from '../value.ts';
import { checkBlockDevice, numbersOf } from './block-device.ts';
import { defineController, hasFile, type SettingList } from './define.ts';

/** The kernel keeps operations a second in 32 bits, and takes the rest off without a word. */
const mostOperations = 2n ** 32n - 1n;
const weights = [1, 10_000] as const;

/** Each limit of a device: what it is called in `io.max`, and its file of version 1. */
const rates = [
  { field: 'readBps', name: 'rbps', file: 'blkio.throttle.read_bps_device' },
  { field: 'writeBps', name: 'wbps', file: 'blkio.throttle.write_bps_device' },
  { field: 'readIops', name: 'riops', file: 'blkio.throttle.read_iops_device' },
  { field: 'writeIops', name: 'wiops', file: 'blkio.throttle.write_iops_device' },
] as const;
const fields: readonly string[] = ['device', 'weight', ...rates.map(({ field }) => field)];

/** Block devices: Documentation/admin-guide/cgroup-v1/blkio-controller.rst, and IO in Documentation/admin-guide/cgroup-v2.rst. */
export const io = defineController({
  names: { 1: 'blkio', 2: 'io' },
  keys: ['ioWeight', 'ioDevices'],
  check({ ioWeight, ioDevices }) {
    checkWhole(ioWeight, 'ioWeight', weights, ' (100 is usual)');
    if (ioDevices === undefined) return;
    if (!Array.isArray(ioDevices)) throw invalid('ioDevices', 'a list of devices', ioDevices);
    ioDevices.forEach((one: IoDevice, index) => checkDevice(one, `ioDevices[${index}]`));
  },
  write: { 1: write1, 2: write2 },
});

function checkDevice(one: IoDevice, key: string): void {
  checkRecord(one, key, 'an object with a device and its limits');
  for (const field of Object.keys(one ?? {}))
    if (!fields.includes(field)) throw invalid(key, `only ${fields.join(', ')}`, field);
  checkBlockDevice(one.device, `${key}.device`);
  checkWhole(one.weight, `${key}.weight`, weights, ' (100 is usual)');
  for (const { field } of rates) rateOf(field, one[field], `${key}.${field}`);
}

function rateOf(
  field: (typeof rates)[number]['field'],
  value: Bytes | undefined,
  key: string,
): Limit | undefined {
  if (value === undefined) return undefined;
  const limit = field.endsWith('Bps')
    ? parseBytes(value, key)
    : parseCount(value as Count, key, mostOperations);
  if (limit === 0n) throw invalid(key, "more than nothing; no limit is 'max'", value);
  return limit;
}

function write1(list: SettingList, resources: Resources, circumstances: Circumstances): void {
  const { ioWeight, ioDevices = [] } = resources;
  // Kernels have one of the two. That of CFQ goes from 10 to 1000 with 500 as its middle, that of BFQ from 1 to 1000 with 100.
  const isCfq =
    hasFile(circumstances, 'blkio.weight') === true &&
    hasFile(circumstances, 'blkio.bfq.weight') !== true;
  const scheduler = isCfq ? 'blkio' : 'blkio.bfq';
  const scale = (weight: number): number =>
    isCfq ? Math.min(Math.max(weight * 5, 10), 1000) : Math.min(weight, 1000);
  if (ioWeight !== undefined) list.add(`${scheduler}.weight`, 'ioWeight', scale(ioWeight));
  ioDevices.forEach((one, index) => {
    const key = `ioDevices[${index}]`;
    const device = numbersOf(one.device, `${key}.device`);
    if (one.weight !== undefined)
      list.add(`${scheduler}.weight_device`, `${key}.weight`, `${device} ${scale(one.weight)}`);
    for (const { field, file } of rates) {
      const limit = rateOf(field, one[field], `${key}.${field}`);
      if (limit === undefined) continue;
      list.add(file, `${key}.${field}`, `${device} ${limit === 'max' ? 0 : limit}`);
    }
  });
}

function write2(list: SettingList, resources: Resources, circumstances: Circumstances): void {
  const { ioWeight, ioDevices = [] } = resources;
  const files = weightFiles(circumstances);
  for (const { file, most } of ioWeight === undefined ? [] : files)
    list.add(file, 'ioWeight', Math.min(ioWeight ?? 0, most));
  ioDevices.forEach((one, index) => {
    const key = `ioDevices[${index}]`;
    const device = numbersOf(one.device, `${key}.device`);
    for (const { file, most } of one.weight === undefined ? [] : files)
      list.add(file, `${key}.weight`, `${device} ${Math.min(one.weight ?? 0, most)}`);
    const limits = rates.flatMap(({ field, name }) => {
      const limit = rateOf(field, one[field], `${key}.${field}`);
      return limit === undefined ? [] : { field, text: `${name}=${limit}` };
    });
    const [first] = limits;
    if (!first) return;
    const from = limits.length === 1 ? `${key}.${first.field}` : key;
    list.add('io.max', from, [device, ...limits.map(({ text }) => text)].join(' '));
  });
}

/** Each scheduler has a file of its own, and heeds no other. */
function weightFiles(
  circumstances: Circumstances,
): readonly { readonly file: string; readonly most: number }[] {
  const own = { file: 'io.weight', most: 10_000 };
  const bfq = { file: 'io.bfq.weight', most: 1000 };
  if (!hasFile(circumstances, bfq.file)) return [own];
  return hasFile(circumstances, own.file) ? [own, bfq] : [bfq];
}
