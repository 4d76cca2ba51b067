import type { Bytes, Count } from '../resources.ts';
import { parseBytes, parseCount, type Limit } from '../value.ts';

/** What D-Bus has for no limit. */
export const infinity = 0xffff_ffff_ffff_ffffn;

/** An amount of bytes as D-Bus has it. */
export function bytes(value: Bytes | undefined, key: string): bigint | undefined {
  return value === undefined ? undefined : toNumber(parseBytes(value, key));
}

/** A count as D-Bus has it. */
export function count(value: Count | undefined, key: string): bigint | undefined {
  return value === undefined ? undefined : toNumber(parseCount(value, key));
}

function toNumber(limit: Limit): bigint {
  return limit === 'max' ? infinity : limit;
}

/** A list of CPUs or nodes (`0-2,4`) as a bit for each, the first in the lowest bit of the first byte. */
export function cpuMask(list: string): Buffer {
  const ranges = list.split(',').map((range) => range.split('-').map(Number));
  const last = Math.max(...ranges.map(([from = 0, to = from]) => to));
  const mask = Buffer.alloc((last >> 3) + 1);
  for (const [from = 0, to = from] of ranges) {
    for (let bit = from; bit <= to; bit += 1)
      mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return mask;
}
