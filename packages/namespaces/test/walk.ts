import { setTimeout as delay } from 'node:timers/promises';
import { launch, execute, supervise, type Supervised, type Supervision } from '../src/index.ts';
import { childrenOf } from './processes.ts';
import { PausingProgram } from './pausing-program.ts';

/** What to walk through: a user namespace by a helper, all others by clone and unshare, and the gates. */
const ids = [{ containerId: 0, hostId: 100_000, size: 10 }];
const supervision: Omit<Supervision, 'execute'> = {
  created: new Set(['user', 'time', 'mount', 'uts', 'ipc', 'pid', 'net', 'cgroup']),
  mappings: { uid: ids, gid: ids, writer: 'helper' },
  timeOffsets: { boottime: { seconds: 1 } },
  hold: true,
  gate: true,
  session: true,
};

/** Writes the Program down that stops in front of a step. Its command sleeps, and has the marker in its command line. */
function write(at: number, marker: string): PausingProgram {
  const program = new PausingProgram(at);
  supervise(program, {
    ...supervision,
    execute: () => execute(program, { file: '/bin/sleep', argv: [marker, '100'], environment: [] }),
  });
  return program;
}

/** How many steps there are. */
const steps = write(0, 'x').count;

/** A supervisor that stands still, or whose child does, or its helper. */
export interface Paused {
  readonly supervised: Supervised;
  /** The supervisor and its children. */
  readonly pids: readonly number[];
}

/** Starts one that stands still in front of a step, or gets its command running if nothing leads past that step. */
function start(at: number, marker: string): Supervised {
  const supervised = launch(write(at, marker), { stdio: 'ignore', argv0: marker });
  supervised.process.on('error', () => {});
  void supervised.created.then(() => supervised.proceed()).catch(() => {});
  void supervised.ready.then(() => supervised.proceed()).catch(() => {});
  return supervised;
}

/** Stops one at each step, and one that has its command running. All have the marker in their command lines. */
export async function stopEverywhere(marker: string): Promise<Paused[]> {
  const started = Array.from({ length: steps + 1 }, (_, index) => start(index + 1, marker));
  await delay(1500);
  return started.map((supervised) => {
    const supervisor = supervised.process.pid as number;
    return { supervised, pids: [supervisor, ...childrenOf(supervisor)] };
  });
}
