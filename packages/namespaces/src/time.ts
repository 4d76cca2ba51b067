import { checkInteger, type Program, type Value } from '@ts-c/syscall';
import { unshare } from './calls.ts';
import { invalid } from './invalid.ts';
import { namespaceOf } from './kinds.ts';
import { writeFile } from './write-file.ts';

/** What the clocks of a new time namespace are ahead of the host's. See time_namespaces(7). */
export interface TimeOffsets {
  readonly monotonic?: TimeOffset;
  readonly boottime?: TimeOffset;
}

/** An offset of a clock, in seconds and nanoseconds. */
export interface TimeOffset {
  /** Whole seconds; may be negative, as long as the clock does not become so. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanoseconds?: number;
}

const clocks: readonly string[] = ['monotonic', 'boottime'] satisfies (keyof TimeOffsets)[];

/**
 * Writes offsets as /proc/PID/timens_offsets takes them.
 *
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for another clock, or a number out of range.
 */
export function formatTimeOffsets(offsets: TimeOffsets): string {
  return Object.entries(offsets)
    .map(([clock, { seconds, nanoseconds = 0 }]: [string, TimeOffset]) => {
      if (!clocks.includes(clock))
        throw invalid(`timeOffsets: expected the clocks ${clocks.join(' and ')}, got ${clock}`);
      checkInteger(`timeOffsets.${clock}.seconds`, seconds, -(2n ** 53n), 2n ** 53n);
      checkInteger(`timeOffsets.${clock}.nanoseconds`, nanoseconds, 0n, 999_999_999n);
      return `${clock} ${seconds} ${nanoseconds}\n`;
    })
    .join('');
}

/**
 * Steps that make the time namespace that children will live in, and set its clocks. No process may live there yet.
 *
 * @param self A descriptor of /proc/self.
 */
export function createTimeNamespace(
  program: Program,
  offsets: TimeOffsets | undefined,
  self: Value,
): void {
  program.call(unshare, namespaceOf('time').flag);
  const text = formatTimeOffsets(offsets ?? {});
  if (text !== '') writeFile(program, self, 'timens_offsets', text);
}
