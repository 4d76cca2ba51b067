import type { Bytes, Resources } from '../resources.ts';
import type { Circumstances } from '../setting.ts';
import { checkFlag, checkWhole, contradicts, invalid, isMore, parseBytes } from '../value.ts';
import type { Limit } from '../value.ts';
import { defineController, type SettingList } from './define.ts';

const byteKeys = [
  'memory',
  'memoryReservation',
  'memorySwap',
  'memoryHigh',
  'memoryMin',
  'kernelMemory',
  'kernelMemoryTcp',
] as const;

/** Version 1 keeps limits as pages, so that none reads as a number like this one. */
const unlimited1 = 2n ** 62n;

/** Memory: Documentation/admin-guide/cgroup-v1/memory.rst, and Memory in Documentation/admin-guide/cgroup-v2.rst. */
export const memory = defineController({
  names: { 1: 'memory', 2: 'memory' },
  keys: [...byteKeys, 'memorySwappiness', 'oomKillDisable', 'memoryOomGroup'],
  lacks: {
    1: {
      memoryHigh: {
        remedy: 'use memoryReservation, or a host with version 2',
        isNothing: ({ memoryHigh }) => limitOf(memoryHigh, 'memoryHigh') === 'max',
      },
      memoryMin: {
        remedy: 'leave it out, or use a host with version 2',
        isNothing: ({ memoryMin }) => limitOf(memoryMin, 'memoryMin') === 0n,
      },
      memoryOomGroup: {
        remedy: 'leave it out and kill the cgroup when it tells of an OOM kill',
        isNothing: ({ memoryOomGroup }) => memoryOomGroup === false,
      },
    },
    2: {
      memorySwappiness: { remedy: 'leave it out; memorySwap limits the swap that it may use' },
      oomKillDisable: {
        remedy: 'leave it out; memoryHigh slows processes down instead of killing them',
        isNothing: ({ oomKillDisable }) => oomKillDisable === false,
      },
      kernelMemory: {
        remedy: 'leave it out; memory counts that of the kernel too',
        isNothing: ({ kernelMemory }) => limitOf(kernelMemory, 'kernelMemory') === 'max',
      },
      kernelMemoryTcp: {
        remedy: 'leave it out; memory counts that of sockets too',
        isNothing: ({ kernelMemoryTcp }) => limitOf(kernelMemoryTcp, 'kernelMemoryTcp') === 'max',
      },
    },
  },
  check(resources) {
    for (const key of byteKeys) limitOf(resources[key], key);
    const {
      memory: total,
      memorySwap,
      memorySwappiness,
      oomKillDisable,
      memoryOomGroup,
    } = resources;
    checkWhole(memorySwappiness, 'memorySwappiness', [0, 200]);
    checkFlag(oomKillDisable, 'oomKillDisable');
    checkFlag(memoryOomGroup, 'memoryOomGroup');
    const limit = limitOf(total, 'memory');
    if (limit === 0n) throw invalid('memory', "more than nothing; no limit is 'max'", total);
    const swap = limitOf(memorySwap, 'memorySwap');
    if (limit !== undefined && swap !== undefined && isMore(limit, swap))
      throw contradicts(
        'memorySwap',
        memorySwap,
        `is less than memory (${total}); it is memory and swap together, so give at least as much`,
      );
  },
  write: { 1: write1, 2: write2 },
});

function write1(list: SettingList, resources: Resources, circumstances: Circumstances): void {
  const total = limitOf(resources.memory, 'memory');
  const both = limitOf(resources.memorySwap, 'memorySwap');
  const writes = [
    () => {
      if (total !== undefined) list.addLimit('memory.limit_in_bytes', 'memory', total, '-1');
    },
    () => {
      if (both !== undefined)
        list.addLimit('memory.memsw.limit_in_bytes', 'memorySwap', both, '-1');
    },
  ];
  if (both !== undefined && both !== 'max' && total === undefined && !circumstances.read)
    throw needsMemory(resources.memorySwap);
  // memory may never be above memorySwap, not even in between.
  const before = current(circumstances, 'memory.memsw.limit_in_bytes');
  if (both !== undefined && before !== undefined && isMore(both, before)) writes.reverse();
  for (const write of writes) write();
  const others = [
    ['memory.soft_limit_in_bytes', 'memoryReservation'],
    ['memory.kmem.limit_in_bytes', 'kernelMemory'],
    ['memory.kmem.tcp.limit_in_bytes', 'kernelMemoryTcp'],
  ] as const;
  for (const [file, key] of others) {
    const limit = limitOf(resources[key], key);
    if (limit !== undefined) list.addLimit(file, key, limit, '-1');
  }
  const { memorySwappiness, oomKillDisable } = resources;
  if (memorySwappiness !== undefined)
    list.add('memory.swappiness', 'memorySwappiness', memorySwappiness);
  if (oomKillDisable !== undefined)
    list.addSwitch('memory.oom_control', 'oomKillDisable', oomKillDisable);
}

function write2(list: SettingList, resources: Resources, circumstances: Circumstances): void {
  const files = [
    ['memory.min', 'memoryMin'],
    ['memory.low', 'memoryReservation'],
    ['memory.high', 'memoryHigh'],
    ['memory.max', 'memory'],
  ] as const;
  for (const [file, key] of files) {
    const limit = limitOf(resources[key], key);
    if (limit !== undefined) list.addLimit(file, key, limit, 'max');
  }
  const both = limitOf(resources.memorySwap, 'memorySwap');
  if (both !== undefined)
    list.addLimit('memory.swap.max', 'memorySwap', swapOnly(both, resources, circumstances), 'max');
  if (resources.memoryOomGroup !== undefined)
    list.addSwitch('memory.oom.group', 'memoryOomGroup', resources.memoryOomGroup);
}

/** Memory and swap together, less memory. */
function swapOnly(both: Limit, resources: Resources, circumstances: Circumstances): Limit {
  if (both === 'max') return 'max';
  const total = limitOf(resources.memory, 'memory') ?? current(circumstances, 'memory.max');
  if (total === undefined || total === 'max') throw needsMemory(resources.memorySwap);
  if (total > both)
    throw contradicts(
      'memorySwap',
      resources.memorySwap,
      `is less than memory, which is ${total}; it is memory and swap together, so give at least as much`,
    );
  return both - total;
}

function needsMemory(value: Bytes | undefined): Error {
  return contradicts(
    'memorySwap',
    value,
    "can't be without memory, as it is memory and swap together; give memory too",
  );
}

function limitOf(value: Bytes | undefined, key: string): Limit | undefined {
  return value === undefined ? undefined : parseBytes(value, key);
}

function current({ read }: Circumstances, file: string): Limit | undefined {
  const text = read?.(file)?.trim();
  if (text === 'max') return 'max';
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const amount = BigInt(text);
  return amount >= unlimited1 ? 'max' : amount;
}
