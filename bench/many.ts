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
}

/**
 * Runs containers one after the other, each next to a plain process: how long it takes is told by that, so that a machine that slows
 * down for a while does not count.
 */
export async function runMany(
  request: ContainerRequest,
  plain: () => Promise<number>,
  containers: number,
  median: (of: number[]) => number,
): Promise<ManyResult> {
  const one = async (): Promise<number> => {
    const begun = performance.now();
    const { exitCode } = await run(request, { stdio: 'ignore' });
    if (exitCode !== 0) throw new Error(`a container ended with status ${exitCode}`);
    const between = performance.now();
    await plain();
    return (between - begun) / (performance.now() - between);
  };
  for (let count = 0; count < 20; count += 1) await one();
  const before = census();
  const ratios: number[] = [];
  for (let count = 0; count < containers; count += 1) ratios.push(await one());
  const after = census();
  return {
    containers,
    slowdown: median(ratios.slice(-100)) / median(ratios.slice(0, 100)),
    fdsLeft: after.fds - before.fds,
    processesLeft: after.children - before.children,
    mountsLeft: after.mounts - before.mounts,
    residentGrowth: after.resident - before.resident,
  };
}

function census(): { fds: number; children: number; mounts: number; resident: number } {
  globalThis.gc?.();
  return {
    fds: readdirSync('/proc/self/fd').length,
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean).length,
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length,
    resident: process.memoryUsage.rss(),
  };
}
