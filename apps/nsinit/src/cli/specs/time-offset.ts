import type { TimeOffset, TimeOffsets } from '@ts-c/namespaces';
import { suggest } from '../../suggest.ts';
import { unexpected } from '../usage-error.ts';

const clocks = ['monotonic', 'boottime'];

/**
 * Reads what a clock is to be ahead: `monotonic=3600`, `boottime=-1.5`, in seconds; a number alone is for both clocks.
 *
 * @throws {UsageError}
 */
export function parseTimeOffset(name: string, text: string): TimeOffsets {
  const equals = text.indexOf('=');
  if (equals < 0) {
    const offset = parseSeconds(name, text);
    return { monotonic: offset, boottime: offset };
  }
  const clock = text.slice(0, equals);
  if (!clocks.includes(clock))
    throw unexpected(name, `the clock ${clocks.join(' or ')}`, clock, suggest(clock, clocks));
  return { [clock]: parseSeconds(name, text.slice(equals + 1)) };
}

function parseSeconds(name: string, text: string): TimeOffset {
  const match = /^([+-]?)(\d{1,15})(?:\.(\d{1,9}))?s?$/.exec(text);
  if (!match) throw unexpected(name, 'seconds such as 3600 or -1.5', text);
  const [, sign, whole, fraction = ''] = match;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.padEnd(9, '0'));
  if (sign !== '-') return { seconds, nanoseconds };
  // The kernel counts nanoseconds forward, also from a second that is negative.
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}
