import type { Command } from './command.ts';

/** A command before it is loaded. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: unknown }>;
}

/** All commands, in the order of the help page. Each is loaded when it is called, and not before. */
export const entries: readonly Entry[] = [
  {
    name: 'run',
    summary: 'Run a command in a new container',
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'exec',
    summary: 'Run a command in the container of the current directory',
    load: () => import('./commands/exec.ts'),
  },
  {
    name: 'plan',
    summary: 'Print every system call that run or exec would make, and make none',
    load: () => import('./commands/plan.ts'),
  },
  { name: 'list', summary: 'List containers', load: () => import('./commands/list.ts') },
  {
    name: 'state',
    summary: 'Print what is known of a container, as JSON',
    load: () => import('./commands/state.ts'),
  },
  {
    name: 'stats',
    summary: 'Show what containers use',
    load: () => import('./commands/stats.ts'),
  },
  {
    name: 'events',
    summary: 'Print what happens to a container, as JSON lines',
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'ps',
    summary: 'List the processes of a container',
    load: () => import('./commands/ps.ts'),
  },
  {
    name: 'update',
    summary: 'Change the limits of a running container',
    load: () => import('./commands/update.ts'),
  },
  {
    name: 'pause',
    summary: 'Stop all processes of a container for a while',
    load: () => import('./commands/pause.ts'),
  },
  {
    name: 'unpause',
    summary: 'Let a paused container go on',
    load: () => import('./commands/unpause.ts'),
  },
  {
    name: 'kill',
    summary: 'Send a signal to the first process of a container',
    load: () => import('./commands/kill.ts'),
  },
  {
    name: 'delete',
    summary: 'Remove the record of a container that has ended',
    load: () => import('./commands/delete.ts'),
  },
  {
    name: 'spec',
    summary: 'Print container.json in its normal form, or a new one to begin with',
    load: () => import('./commands/spec.ts'),
  },
  {
    name: 'features',
    summary: 'Show what this kernel and user can do, and why not',
    load: () => import('./commands/features.ts'),
  },
];

/** Loads a command. */
export async function load(entry: Entry): Promise<Command> {
  return (await entry.load()).default as Command;
}
