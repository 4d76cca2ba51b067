import { SIGNAL } from '@ts-c/syscall';
import { suggest } from '../../suggest.ts';
import { unexpected } from '../usage-error.ts';

const realTime = { MIN: 34, MAX: 64 };
const greatest = realTime.MAX;

/**
 * Reads a signal: `TERM`, `SIGTERM`, `15`, `RTMIN+3`.
 *
 * @returns its number.
 * @throws {UsageError} where there is no such signal.
 */
export function parseSignal(name: string, text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number <= greatest) return number;
  }
  const word = text.toUpperCase().replace(/^SIG/, '');
  const known = Object.entries(SIGNAL).find(([signal]) => signal === `SIG${word}`);
  if (known) return known[1];
  const match = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(word);
  if (match) {
    const [, from, sign = '+', distance = '0'] = match;
    const number = realTime[from as 'MIN' | 'MAX'] + Number(`${sign}${distance}`);
    if (number >= realTime.MIN && number <= realTime.MAX) return number;
  }
  const names = Object.keys(SIGNAL).map((signal) => signal.slice('SIG'.length));
  throw unexpected(
    name,
    `a signal such as TERM, SIGTERM or a number from 0 to ${greatest}`,
    text,
    suggest(word, names),
  );
}
