import type { ResourceLimits } from '@ts-c/capabilities';
import { resourceNames } from '../../config/known.ts';
import { suggest } from '../../suggest.ts';
import { unexpected, UsageError } from '../usage-error.ts';

/**
 * Reads a resource limit: `nofile=1024:4096`, `RLIMIT_CORE=0`, `stack=unlimited`. Numbers are in the units of getrlimit(2); a single
 * one is both limits.
 *
 * @throws {UsageError}
 */
export function parseLimit(name: string, text: string): ResourceLimits {
  const [, word = '', soft = '', hard = soft] = /^([^=]+)=([^:]+)(?::(.+))?$/.exec(text) ?? [];
  if (word === '') throw unexpected(name, 'NAME=SOFT or NAME=SOFT:HARD', text);
  const resource = word.toUpperCase().replace(/^RLIMIT_/, '');
  if (!resourceNames.includes(resource)) {
    throw unexpected(
      name,
      'the name of a limit of getrlimit(2)',
      word,
      suggest(resource, resourceNames),
    );
  }
  const limit = { soft: parseNumber(name, soft), hard: parseNumber(name, hard) };
  if (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard)) {
    throw new UsageError(
      `${name}: the soft limit ${soft} of ${word} is above the hard limit ${hard}`,
    );
  }
  return { [resource]: limit };
}

/** -1 is no limit, as in `container.json`. */
function parseNumber(name: string, text: string): number {
  if (text === 'unlimited' || text === '-1') return -1;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw unexpected(name, 'a number or unlimited', text);
  return number;
}
