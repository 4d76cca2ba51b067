import { CgroupError } from './error.ts';
import type { Bytes, Count } from './resources.ts';

/** An amount that the kernel keeps, or none. */
export type Limit = bigint | 'max';

/** The largest amount that the kernel keeps in any file: 2^63 - 1. */
export const largest = 2n ** 63n - 1n;

const units = 'KMGTPE';
const bytesText = /^(\d{1,20})(?:\.(\d{1,20}))?(?:([KMGTPE])(?:i?B)?|B)?$/i;
const bytesRemedy =
  "bytes such as 67108864, '64M' or '1.5G' (units of 1024: K, M, G, T, P, E), or 'max'";

/** The error for a value that can't be: one line with the key, what is expected, and what there is instead. */
export function invalid(key: string, expected: string, value: unknown): CgroupError {
  const info = { key, value: plain(value) };
  return new CgroupError(
    'ERR_INVALID_RESOURCES',
    `${key}: expected ${expected}, got ${describe(value)}`,
    info,
  );
}

/** The error for a value that contradicts another. */
export function contradicts(key: string, value: unknown, reason: string): CgroupError {
  const info = { key, value: plain(value) };
  return new CgroupError('ERR_INVALID_RESOURCES', `${key}: ${describe(value)} ${reason}`, info);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : plain(value);
}

function plain(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/**
 * Reads an amount of bytes. Units are of 1024; a fraction of a byte is dropped.
 *
 * @throws {CgroupError} `ERR_INVALID_RESOURCES` for what is no amount, negative (but -1), or more than 2^63 - 1.
 */
export function parseBytes(value: Bytes, key: string): Limit {
  if (typeof value !== 'string') return parseWhole(value, key, bytesRemedy, largest);
  if (value === 'max' || value === '-1') return 'max';
  const match = bytesText.exec(value);
  if (!match) throw invalid(key, bytesRemedy, value);
  const [, whole = '', fraction = '', unit = ''] = match;
  const shift = unit === '' ? 0n : BigInt(units.indexOf(unit.toUpperCase()) + 1) * 10n;
  const amount = (BigInt(whole + fraction) << shift) / 10n ** BigInt(fraction.length);
  if (amount > largest) throw invalid(key, `at most ${largest} bytes, or 'max'`, value);
  return amount;
}

/**
 * Reads a count.
 *
 * @throws {CgroupError} `ERR_INVALID_RESOURCES` for what is no whole number, negative (but -1), or more than `most`.
 */
export function parseCount(value: Count, key: string, most: bigint = largest): Limit {
  if (value === 'max') return value;
  return parseWhole(value, key, `a whole number from 0 to ${most}, or 'max'`, most);
}

function parseWhole(value: unknown, key: string, expected: string, most: bigint): Limit {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value)))
    throw invalid(key, expected, value);
  if (value === -1 || value === -1n) return 'max';
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw invalid(key, 'a bigint for a number beyond 2^53, as a number is not exact there', value);
  const amount = BigInt(value);
  if (amount < 0n) throw invalid(key, `${expected}; no limit is 'max' or -1`, value);
  if (amount > most) throw invalid(key, `at most ${most}, or 'max'`, value);
  return amount;
}

/**
 * Refuses what is no whole number from `min` to `max`.
 *
 * @param remedy What to do instead, if there is more to say than the range.
 * @throws {CgroupError} `ERR_INVALID_RESOURCES`.
 */
export function checkWhole(
  value: number | undefined,
  key: string,
  [min, max]: readonly [number, number],
  remedy = '',
): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw invalid(key, `a whole number from ${min} to ${max}${remedy}`, value);
}

/** @throws {CgroupError} `ERR_INVALID_RESOURCES` for what is neither true nor false. */
export function checkFlag(value: boolean | undefined, key: string): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalid(key, 'true or false', value);
}

/**
 * Refuses what can't be one word of a line that the kernel reads: empty text, spaces, control characters, NUL.
 *
 * @throws {CgroupError} `ERR_INVALID_RESOURCES`.
 */
export function checkWord(value: string, key: string, what: string): void {
  if (typeof value !== 'string' || !/^[^\s\p{Cc}]+$/u.test(value))
    throw invalid(key, `${what}, without spaces`, value);
}

/** @throws {CgroupError} `ERR_INVALID_RESOURCES` for what is no object with keys of its own. */
export function checkRecord(value: unknown, key: string, expected: string): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(key, expected, value);
}

/**
 * Refuses what is no list of numbers and ranges, as cpuset(7) has it: `0-2,4`.
 *
 * @throws {CgroupError} `ERR_INVALID_RESOURCES`.
 */
export function checkList(value: string | undefined, key: string): void {
  if (value === undefined) return;
  const expected = "a list of numbers and ranges, such as '0-2,4'";
  if (typeof value !== 'string' || !/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(value))
    throw invalid(key, expected, value);
  for (const range of value.split(',')) {
    const [from = 0, to = from] = range.split('-').map(Number);
    if (from > to) throw invalid(key, `${expected}; the range ${range} runs backwards`, value);
  }
}

/** Is one limit more than another? */
export function isMore(one: Limit, other: Limit): boolean {
  if (other === 'max') return false;
  return one === 'max' || one > other;
}

/** Writes an amount of bytes for people: `64 MiB`, `1.5 GiB`, `1000 bytes`. */
export function formatBytes(amount: bigint): string {
  let power = 0;
  while (power < units.length && amount >= 1n << BigInt(10 * (power + 1))) power += 1;
  if (power === 0) return amount === 1n ? '1 byte' : `${amount} bytes`;
  const hundredths = (amount * 100n) >> BigInt(10 * power);
  const number = Number(hundredths) / 100;
  return `${number} ${units[power - 1] ?? ''}iB`;
}

/** Shares of version 1 as the weight of version 2, on the kernel's own scale: 1024 shares are a weight of 100. */
export function weightOfShares(shares: number): number {
  return Math.min(Math.max(Math.round((shares * 100) / 1024), 1), 10_000);
}

/** A weight of version 2 as shares of version 1. */
export function sharesOfWeight(weight: number): number {
  return Math.round((weight * 1024) / 100);
}
