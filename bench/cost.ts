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

/** What it takes, in a warm process, to turn a description into an executable. */
export interface CompileCost {
  /** Milliseconds to look up what the description leaves open, and to write the container down. */
  readonly write: number;
  /** Milliseconds to compile what is written down. */
  readonly compile: number;
  /** Size of the executable. */
  readonly bytes: number;
}

/** Writes a container down and compiles it, again and again, and gives the medians. */
export function compileCost(
  request: ContainerRequest,
  median: (of: number[]) => number,
): CompileCost {
  const writing: number[] = [];
  const compiling: number[] = [];
  let bytes = 0;
  for (let count = 0; count < 1500; count += 1) {
    const begun = performance.now();
    const program = plan(request);
    const written = performance.now();
    bytes = program.compile().bytes.length;
    writing.push(written - begun);
    compiling.push(performance.now() - written);
  }
  return { write: median(writing.slice(1000)), compile: median(compiling.slice(1000)), bytes };
}
