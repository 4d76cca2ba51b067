import { CgroupError } from '../error.ts';
import type { Bytes, Count } from '../resources.ts';

/** What D-Bus has for no limit. */
export const infinity = 0xffff_ffff_ffff_ffffn;

const units = 'KMGTPE';

/** A {@link Bytes}, in bytes. */
export function bytes(value: Bytes | undefined, key: string): bigint | undefined {
  if (typeof value !== 'string' || value === 'max') return count(value, key);
  const match = /^(\d+)(?:\.(\d+))?([KMGTPE]?)(?:i?B)?$/i.exec(value.trim());
  if (!match) throw invalid(key, value, "has to be bytes, such as 1048576, '64M' or 'max'");
  const [, whole = '', fraction = '', unit = ''] = match;
  const power = unit === '' ? 0 : units.indexOf(unit.toUpperCase()) + 1;
  const scale = 10n ** BigInt(fraction.length);
  return checkRange((BigInt(whole + fraction) << BigInt(10 * power)) / scale, value, key);
}

/** A {@link Count}. */
export function count(value: Count | undefined, key: string): bigint | undefined {
  if (value === undefined) return undefined;
  if (value === 'max' || value === -1 || value === -1n) return infinity;
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw invalid(key, value, "has to be a whole number, or 'max'");
  return checkRange(BigInt(value), value, key);
}

function checkRange(amount: bigint, value: Bytes, key: string): bigint {
  if (amount < 0n || amount >= 1n << 63n)
    throw invalid(key, value, "has to be between 0 and 2^63 - 1, or 'max'");
  return amount;
}

/** Shares of version 1 as the weight of version 2, on the kernel's own scale: 1024 is 100. */
export function weightOf(shares: bigint): bigint {
  const weight = (shares * 100n + 512n) / 1024n;
  return weight < 1n ? 1n : weight > 10_000n ? 10_000n : weight;
}

/** The other way round. */
export function sharesOf(weight: bigint): bigint {
  const shares = (weight * 1024n + 50n) / 100n;
  return shares < 2n ? 2n : shares;
}

/** A list of CPUs or nodes (`0-2,4`) as a bit for each, the first in the lowest bit of the first byte. */
export function cpuMask(list: string, key: string): Buffer {
  const mask: number[] = [];
  for (const range of list.split(',')) {
    if (range.trim() === '') continue;
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range.trim());
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (!match || from > to || to > 8191)
      throw invalid(key, list, 'has to be a list of numbers and ranges, such as 0-2,4');
    for (let bit = from; bit <= to; bit += 1)
      mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return Buffer.from(Array.from(mask, (byte) => byte ?? 0));
}

function invalid(key: string, value: Bytes, reason: string): CgroupError {
  return new CgroupError('ERR_INVALID_RESOURCES', `${key}: ${String(value)} ${reason}`, {
    key,
    value: String(value),
  });
}
