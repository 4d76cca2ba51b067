import { Executable, type Program } from '@ts-c/syscall';
import { writeContainer, type Plan } from './container-program.ts';

/** A compiled container, and the pidfds that have to be handed to it. */
export interface CompiledContainer {
  readonly executable: Executable;
  readonly pidfds: readonly number[];
  /** Gives the executable back; it may live on for the next container of the same kind. */
  [Symbol.dispose](): void;
}

// Servers start the same container over and over. Each that is kept costs a file descriptor and the pages of a memfd.
const most = 4;
const kept = new Map<string, CompiledContainer>();

/**
 * Compiles a container, or takes what was compiled for the same plan before. What is not the same machine code (an id, a keeper's
 * directory, a cgroup) is never kept.
 *
 * @param into Where to write it, if not into a Program of its own.
 */
export function compileContainer(plan: Plan, into?: Program): CompiledContainer {
  const key =
    plan.reservation || plan.facts.cgroup || plan.facts.network?.id || into
      ? undefined
      : JSON.stringify(plan, withBigints);
  const known = key === undefined ? undefined : kept.get(key);
  if (known && key !== undefined) {
    // The one used last goes last, and the first is the one to go.
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  const { program, pidfds } = writeContainer(plan, into);
  const executable = new Executable(program.compile(), 'nsinit');
  if (key === undefined)
    return { executable, pidfds, [Symbol.dispose]: () => executable[Symbol.dispose]() };
  const compiled = { executable, pidfds, [Symbol.dispose]: () => {} };
  kept.set(key, compiled);
  const [oldest] = kept;
  if (kept.size > most && oldest) {
    kept.delete(oldest[0]);
    oldest[1].executable[Symbol.dispose]();
  }
  return compiled;
}

function withBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
