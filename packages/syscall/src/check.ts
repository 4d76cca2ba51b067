/**
 * What may cross into C. koffi cuts strings at a NUL and truncates numbers without a word, so every value is looked at here first.
 */

/** The error for a value that may not cross: a TypeError with the code that Node gives its own. */
export function invalid(name: string, expected: string, got: unknown): TypeError {
  const error = new TypeError(`${name}: expected ${expected}, got ${describe(got)}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object';
  return String(value);
}

/**
 * Refuses a number that is no whole number from `min` to `max`.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the value.
 */
export function checkInteger(
  name: string,
  value: unknown,
  min: number | bigint,
  max: number | bigint,
): asserts value is number | bigint {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
    throw invalid(name, 'a whole number', value);
  const number = value as number | bigint;
  if (number < min || number > max) throw invalid(name, `a number from ${min} to ${max}`, value);
}

/**
 * Refuses a string with a NUL in it, and what is no string.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the value.
 */
export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalid(name, 'a string', value);
  if (value.includes('\0')) throw invalid(name, 'a string without NUL bytes', value);
}

/** The numbers that fit into so many bits. */
export const range = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  u16: [0n, 2n ** 16n - 1n],
  u8: [0n, 255n],
} as const satisfies Record<string, readonly [bigint, bigint]>;

/** An integer type of C. */
export type IntegerType = keyof typeof range;
