import { readFileSync } from 'node:fs';
import { start, plan, type ContainerRequest } from 'nsinit';

/** Private memory of a process in bytes, as smaps_rollup counts it: see proc_pid_smaps(5). */
function privateMemory(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return [...text.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce(
    (sum, match) => sum + Number(match[1]) * 1024,
    0,
  );
}

/** What a detached running container costs beside its own command: the private memory of its supervisor, in bytes. */
export async function memoryOfSupervisor(request: ContainerRequest): Promise<number> {
  await using container = start({ ...request, command: ['/bin/sleep', '60'] }, { stdio: 'ignore' });
  await container.started;
  return privateMemory(container.process.pid as number);
}

/** How long writing a container down and compiling it takes in a warm process, in milliseconds, and how large it becomes. */
export function compileCost(
  request: ContainerRequest,
  median: (of: number[]) => number,
): { milliseconds: number; bytes: number } {
  const times: number[] = [];
  let bytes = 0;
  for (let count = 0; count < 1500; count += 1) {
    const begun = performance.now();
    bytes = plan(request).compile().bytes.length;
    times.push(performance.now() - begun);
  }
  return { milliseconds: median(times.slice(1000)), bytes };
}
