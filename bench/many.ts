import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { run, type ContainerRequest } from 'nsinit';

/** What many containers in a row, from one process, leave behind. */
export interface ManyResult {
  readonly containers: number;
  /** Median of the last hundred over that of the first, the very first few left out. */
  readonly slowdown: number;
  readonly fdsLeft: number;
  readonly processesLeft: number;
  readonly mountsLeft: number;
  /** Growth of the resident memory, in bytes. */
  readonly residentGrowth: number;
}

/** Runs containers one after the other. */
export async function runMany(
  request: ContainerRequest,
  containers: number,
  median: (of: number[]) => number,
): Promise<ManyResult> {
  const one = async (): Promise<number> => {
    const begun = performance.now();
    const { exitCode } = await run(request, { stdio: 'ignore' });
    if (exitCode !== 0) throw new Error(`a container ended with status ${exitCode}`);
    return performance.now() - begun;
  };
  for (let count = 0; count < 20; count += 1) await one();
  const before = census();
  const times: number[] = [];
  for (let count = 0; count < containers; count += 1) times.push(await one());
  const after = census();
  return {
    containers,
    slowdown: median(times.slice(-100)) / median(times.slice(0, 100)),
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
