/**
 * What cgroups cost: one from its making to its removal, next to the same writes made without us; statistics of many, next to runc; and
 * starting a command right in a cgroup of version 2.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import {
  Cgroup,
  isPossible,
  planCgroup,
  readLayout,
  superviseCgroup,
  type Layout,
  type Member,
  type Resources,
  type Step,
} from '@ts-c/cgroups';
import { execute, launch, supervise } from '@ts-c/namespaces';
import { Executable, Program } from '@ts-c/syscall';
import { find } from './competitors.ts';
import { median } from './measure.ts';

/** Eight limits, all of which a usual kernel has in version 1. */
const limits: Resources = {
  memory: '256M',
  memoryReservation: '128M',
  memorySwappiness: 10,
  cpuShares: 512,
  cpuPeriod: 50_000,
  cpuQuota: 25_000,
  pids: 100,
  ioWeight: 200,
};

/** The figures, times in milliseconds; what can't be measured here is undefined. */
export interface CgroupFigures {
  readonly life?: LifeFigures | undefined;
  readonly statistics: StatisticsFigures;
  /** How much longer a process takes from start to exit that begins in a cgroup of version 2. */
  readonly cloneInto?: number | undefined;
  readonly loop: { readonly cgroupsLeft: number; readonly fdsLeft: number; readonly count: number };
}

interface LifeFigures {
  readonly ours: number;
  readonly raw: number;
  readonly ratio: number;
}

interface StatisticsFigures {
  readonly count: number;
  /** One sweep over all of them. */
  readonly sweep: number;
  /** CPU time of it. */
  readonly cpu: number;
  /** Percent of one core, at one sweep a second. */
  readonly share: number;
  /** What runc takes for the statistics of one container. */
  readonly runc?: number | undefined;
}

/** Are there cgroups here that this process may make others in? */
export function canMakeCgroups(): boolean {
  try {
    return isPossible(planCgroup({ name: `ts-c-bench-${process.pid}` }, {}));
  } catch {
    return false;
  }
}

/** @param bundle Of an OCI container that sleeps, for runc. */
export async function cgroupFigures(bundle: string): Promise<CgroupFigures> {
  const layout = readLayout();
  return {
    life: layout.mode === 'v2' ? undefined : await lifeOfOne(),
    statistics: { ...(await sweepMany(200)), runc: runcStatistics(bundle) },
    cloneInto: await cloneInto(layout),
    loop: await loop(500),
  };
}

/** Made, limited, entered by a process, left, removed: round by round in turn with the same writes alone. */
async function lifeOfOne(): Promise<LifeFigures> {
  const layout = readLayout();
  const joined = planCgroup({ name: `ts-c-bench-${process.pid}` }, limits).members;
  // Back where we were, in those hierarchies that we have left.
  const own = Cgroup.from({
    name: '',
    members: ownMembers(layout).filter(({ path }) =>
      joined.some((member) => dirname(member.path) === path),
    ),
  });
  const pairs: { ours: number; raw: number }[] = [];
  for (let round = -20; round < 200; round += 1) {
    const begun = performance.now();
    const group = await Cgroup.create(limits);
    await group.add(process.pid);
    await own.add(process.pid);
    await group.remove();
    const ours = performance.now() - begun;
    const { steps, members } = planCgroup({ name: `ts-c-bench-${process.pid}` }, limits);
    const raw = rawLife(steps, members, own.members);
    if (round >= 0) pairs.push({ ours, raw });
  }
  return {
    ours: median(pairs.map(({ ours }) => ours)),
    raw: median(pairs.map(({ raw }) => raw)),
    ratio: median(pairs.map(({ ours, raw }) => ours / raw)),
  };
}

function rawLife(
  steps: readonly Step[],
  members: readonly Member[],
  own: readonly Member[],
): number {
  const pid = String(process.pid);
  const begun = performance.now();
  for (const step of steps) {
    if (step.kind === 'make') mkdirSync(step.path);
    else if (step.kind === 'write') rawWrite(step.path, step.value);
  }
  for (const { path } of members) rawWrite(`${path}/cgroup.procs`, pid);
  for (const { path } of own) rawWrite(`${path}/cgroup.procs`, pid);
  for (const { path } of members) rmdirSync(path);
  return performance.now() - begun;
}

function rawWrite(path: string, value: string): void {
  const file = openSync(path, 'w');
  writeSync(file, value);
  closeSync(file);
}

function ownMembers({ hierarchies }: Layout): Member[] {
  return hierarchies.map(({ version, controllers, own }) => ({
    version,
    controllers,
    path: own,
    made: [],
  }));
}

/** Reads all statistics of many live cgroups, each with a process in it, over and over. */
async function sweepMany(count: number): Promise<StatisticsFigures> {
  const groups: Cgroup[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const group = await Cgroup.create({ memory: '64M' });
      groups.push(group);
      group.spawn('sleep', ['600'], { stdio: 'ignore' });
    }
    const sweep = async (): Promise<void> => {
      for (const group of groups) await group.statistics();
    };
    for (let round = 0; round < 10; round += 1) await sweep();
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let round = 0; round < 50; round += 1) {
      const begun = performance.now();
      await sweep();
      times.push(performance.now() - begun);
    }
    const used = process.cpuUsage(before);
    const cpu = (used.user + used.system) / 1000 / times.length;
    return { count, sweep: median(times), cpu, share: cpu / 10 };
  } finally {
    await Promise.all(groups.map((group) => group[Symbol.asyncDispose]()));
  }
}

/** Start to exit of a supervised process, with a cgroup of version 2 that it begins in and without, in turn. */
async function cloneInto(layout: Layout): Promise<number | undefined> {
  const unified = layout.hierarchies.filter(({ version }) => version === 2);
  if (unified.length === 0) return undefined;
  const plan = planCgroup(
    { name: `ts-c-bench-${process.pid}` },
    {},
    { mode: 'v2', hierarchies: unified },
  );
  const [member] = plan.members;
  if (!member) return undefined;
  const program = (withGroup: boolean): Executable => {
    const written = new Program();
    const group = withGroup ? superviseCgroup(plan, true) : undefined;
    supervise(written, {
      created: new Set(['pid']),
      ...(group
        ? {
            reserve: (into) => group.reserve(into),
            cgroups: () => group.entrance(),
            release: (into) => group.release(into),
          }
        : {}),
      execute: () =>
        execute(written, { file: '/bin/true', argv: ['true'], environment: ['PATH=/bin'] }),
    });
    return new Executable(written.compile());
  };
  using without = program(false);
  using within = program(true);
  const differences: number[] = [];
  for (let round = -10; round < 100; round += 1) {
    const plain = await startToExit(without);
    const grouped = await startToExit(within);
    if (round >= 0) differences.push(grouped - plain);
  }
  return median(differences);
}

async function startToExit(executable: Executable): Promise<number> {
  const begun = performance.now();
  const { process: child } = launch(executable, { stdio: 'ignore' });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return performance.now() - begun;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Makes and removes many, and counts what is left of them. */
async function loop(count: number): Promise<CgroupFigures['loop']> {
  const { hierarchies } = readLayout();
  const children = (): number =>
    hierarchies
      .flatMap(({ own }) => (existsSync(own) ? readdirSync(own, { withFileTypes: true }) : []))
      .filter((entry) => entry.isDirectory()).length;
  const before = { fds: openDescriptors(), children: children() };
  for (let index = 0; index < count; index += 1) {
    await using group = await Cgroup.create({ pids: 10 });
    await group.statistics();
  }
  return {
    count,
    cgroupsLeft: children() - before.children,
    fdsLeft: openDescriptors() - before.fds,
  };
}

/** Milliseconds of `runc events --stats` of a container that runs already. */
function runcStatistics(bundle: string): number | undefined {
  const runc = find('runc');
  if (!runc) return undefined;
  const id = `ts-c-bench-${process.pid}`;
  const call = (...args: readonly string[]): number | null =>
    spawnSync(runc, ['--root', `${bundle}/state`, ...args], { stdio: 'ignore' }).status;
  if (call('run', '--detach', '--bundle', bundle, id) !== 0) return undefined;
  try {
    const times = Array.from({ length: 10 }, () => {
      const begun = performance.now();
      return call('events', '--stats', id) === 0 ? performance.now() - begun : Number.NaN;
    });
    return times.some(Number.isNaN) ? undefined : median(times);
  } finally {
    call('delete', '--force', id);
  }
}
