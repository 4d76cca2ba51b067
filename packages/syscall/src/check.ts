/**
 * What may cross into C. koffi cuts strings at a NUL and truncates numbers without a word, so every value is looked at here first.
 */

/** Name of an argument or field, for the error. */
type Name = string;

function invalid(name: Name, expected: string, got: unknown): TypeError {
  const text = typeof got === 'string' ? JSON.stringify(got) : String(got);
  const error = new TypeError(`${name}: expected ${expected}, got ${text}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

/** Refuses a number that is no whole number from `min` to `max`. */
export function checkInteger(name: Name, value: unknown, min: bigint, max: bigint): void {
  const whole =
    typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (!whole) throw invalid(name, 'a whole number', value);
  const big = BigInt(value);
  if (big < min || big > max) throw invalid(name, `a number from ${min} to ${max}`, value);
}

/** Refuses a string with a NUL in it, and what is no string. */
export function checkString(name: Name, value: unknown): asserts value is string {
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
