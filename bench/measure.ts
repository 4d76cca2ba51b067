import type { Competitor } from './competitors.ts';

/** What the runs of one competitor took, in milliseconds. */
export interface Measurement {
  readonly name: string;
  readonly times: readonly number[];
  /** Why there are none: a run that did not exit with status 0. */
  readonly failure?: string;
}

/** Runs all competitors in turn, round after round, so that whatever the machine does meanwhile hits all of them. */
export async function interleave(
  competitors: readonly Competitor[],
  rounds: number,
  warmUp: number,
): Promise<Measurement[]> {
  const results = competitors.map(({ name }) => ({
    name,
    times: [] as number[],
    failure: undefined as string | undefined,
  }));
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const [index, competitor] of competitors.entries()) {
      const result = results[index];
      if (!result || result.failure !== undefined) continue;
      const begun = performance.now();
      const status = await competitor.run().catch((error: unknown) => String(error));
      const took = performance.now() - begun;
      if (status !== 0)
        result.failure = typeof status === 'string' ? status : `exit status ${status}`;
      else if (round >= 0) result.times.push(took);
    }
  }
  return results.map(({ name, times, failure }) => ({
    name,
    times,
    ...(failure === undefined ? {} : { failure }),
  }));
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The ratio of two competitors, round by round, and of that the median: a machine that slows down for a while slows both.
 */
export function ratio(
  one: Measurement | undefined,
  other: Measurement | undefined,
): number | undefined {
  if (!one || !other || one.failure !== undefined || other.failure !== undefined) return undefined;
  return median(one.times.map((time, index) => time / (other.times[index] ?? Number.NaN)));
}
