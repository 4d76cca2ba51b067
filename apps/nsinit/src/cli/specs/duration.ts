import { unexpected } from '../usage-error.ts';

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** What a timer of Node's can wait, in milliseconds. */
const longest = 2 ** 31 - 1;

/**
 * Reads a duration: `500ms`, `10s` or `10`, `2m`, `1.5h`, `1d`.
 *
 * @returns milliseconds.
 * @throws {UsageError} for anything else, and for none at all.
 */
export function parseDuration(name: string, text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  const milliseconds = Math.round(Number(number) * (units[unit] ?? 1));
  if (milliseconds >= 1 && milliseconds <= longest) return milliseconds;
  throw unexpected(name, 'a duration of 1ms to 24d such as 500ms, 10s, 2m or 1h', text);
}
