import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { run, type ContainerRequest } from 'nsinit';

/** What many containers in a row, from one process, leave behind. */
export interface ManyResult {
  readonly containers: number;
  /** How many plain processes a container takes as long as: the last hundred over the first, medians. */
  readonly slowdown: number;
  readonly fdsLeft: number;
  readonly processesLeft: number;
  readonly mountsLeft: number;
  /** Growth of the resident memory, in bytes. */
  readonly residentGrowth: number;
  /** How much of that is JavaScript that is still in use, in bytes. The rest is room that V8 and the C library keep. */
  readonly liveGrowth: number;
}

/** How many at the start and at the end are compared. */
const compared = 100;

/**
 * Runs containers one after the other. How long the first hundred and the last hundred take is told by a plain process next to each,
 * so that a machine that slows down for a while does not count.
 */
export async function runMany(
  request: ContainerRequest,
  plain: () => Promise<number>,
  containers: number,
  median: (of: number[]) => number,
): Promise<ManyResult> {
  const one = async (): Promise<void> => {
    const { exitCode } = await run(request, { stdio: 'ignore' });
    if (exitCode !== 0) throw new Error(`a container ended with status ${exitCode}`);
  };
  const both = async (): Promise<number> => (await timed(one)) / (await timed(plain));
  for (let count = 0; count < 20; count += 1) await both();
  const before = census();
  const first: number[] = [];
  const last: number[] = [];
  for (let count = 0; count < containers; count += 1) {
    if (count < compared) first.push(await both());
    else if (count >= containers - compared) last.push(await both());
    else await one();
  }
  const after = census();
  return {
    containers,
    slowdown: median(last) / median(first),
    fdsLeft: after.fds - before.fds,
    processesLeft: after.children - before.children,
    mountsLeft: after.mounts - before.mounts,
    residentGrowth: after.resident - before.resident,
    liveGrowth: after.live - before.live,
  };
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

function census(): {
  fds: number;
  children: number;
  mounts: number;
  resident: number;
  live: number;
} {
  globalThis.gc?.();
  return {
    fds: readdirSync('/proc/self/fd').length,
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean).length,
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length,
    resident: process.memoryUsage.rss(),
    live: process.memoryUsage().heapUsed,
  };
}
