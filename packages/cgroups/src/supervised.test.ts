import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { execute, launch, supervise, type Supervised } from '@ts-c/namespaces';
import { Program } from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../test/hierarchy.ts';
import { has, hasVersion, layout, leftOf, only, pathsOf, testName } from '../test/machine.ts';
import { Cgroup } from './cgroup.ts';
import { explainFailure } from './failure.ts';
import type { Layout } from './layout.ts';
import { planCgroup, type CgroupPlan } from './plan.ts';
import { processesIn } from './remove.ts';
import type { Resources } from './resources.ts';
import { countOomKills, memoryEventsReport, superviseCgroup } from './supervised.ts';

interface Run extends Supervised {
  readonly plan: CgroupPlan;
  /** The payloads of the reports about memory, so far. */
  readonly reports: readonly Uint8Array[];
  /** What it has said, how its supervisor ended, and what failed. */
  readonly outcome: Promise<{
    readonly output: string;
    readonly status: number | string;
    readonly errors: readonly unknown[];
  }>;
}

interface Options {
  readonly parent?: string;
  readonly cloneInto?: boolean;
  readonly where?: Layout;
  readonly plan?: CgroupPlan;
  readonly namespaces?: readonly ('pid' | 'uts')[];
}

/** Runs a command in a cgroup of its supervisor's. */
function run(argv: readonly string[], resources: Resources = {}, options: Options = {}): Run {
  const { parent, cloneInto = true, where = layout, namespaces = ['pid'] } = options;
  const plan = options.plan ?? planCgroup({ name: testName(), parent }, resources, where);
  const program = new Program();
  const cgroup = superviseCgroup(plan, cloneInto);
  supervise(program, {
    created: new Set(namespaces),
    reserve: (one) => cgroup.reserve(one),
    release: (one) => void cgroup.release(one),
    beforeKill: (one) => cgroup.thaw(one),
    cgroups: () => cgroup.entrance(),
    execute: () =>
      execute(program, {
        file: argv[0] as string,
        argv,
        environment: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      }),
  });
  const reports: Uint8Array[] = [];
  const supervised = launch(program, {
    stdio: ['ignore', 'pipe', 'inherit'],
    onReport: ({ kind, payload }) => {
      if (kind === memoryEventsReport) reports.push(Uint8Array.from(payload));
    },
  });
  const outcome = outcomeOf(supervised.process);
  onTestFinished(async () => {
    supervised.process.kill('SIGKILL');
    await outcome;
    await Cgroup.from(plan)[Symbol.asyncDispose]();
  });
  return { ...supervised, plan, reports, outcome };
}

async function outcomeOf(child: ChildProcess): Run['outcome'] {
  const errors: unknown[] = [];
  child.on('error', (error) => errors.push(error));
  // `once` would reject at an error, and what is awaited here is the end.
  const closed = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? (code as number))),
  );
  const output = child.stdout ? await text(child.stdout) : '';
  return { output, status: await closed, errors };
}

describe.each([
  ['any version', layout],
  ['cgroup v1', only(1)],
  ['cgroup v2', only(2)],
] as const)('a supervised cgroup, %s', (title, where) => {
  const needs = `(needs ${title})`;
  const lacks = !where.hierarchies.some(({ version }) => hasVersion(version));

  it.skipIf(lacks).each([true, false])(
    `has the child before its first instruction, cloned into it: %s ${needs}`,
    async (cloneInto) => {
      const { plan, outcome } = run(['/bin/cat', '/proc/self/cgroup'], {}, { where, cloneInto });
      const { output, status, errors } = await outcome;
      expect(errors).toEqual([]);
      expect(status).toBe(0);
      expect(output.split('\n').filter((line) => line.endsWith(`/${plan.name}`))).toHaveLength(
        plan.members.length,
      );
      expect(leftOf(plan.name)).toEqual([]);
    },
  );

  it.skipIf(lacks)(`goes with what was made above it ${needs}`, async () => {
    const above = testName();
    const { outcome, plan } = run(['/bin/true'], {}, { where, parent: `${above}/x` });
    expect(plan.members.every(({ made }) => made.length === 2)).toBe(true);
    expect(await outcome).toMatchObject({ status: 0, errors: [] });
    expect(leftOf(above)).toEqual([]);
  });

  it.skipIf(lacks)(`goes when the supervisor is told to end, even frozen ${needs}`, async () => {
    const { outcome, plan, created, started, end } = run(['/bin/sleep', '60'], {}, { where });
    await started;
    const group = Cgroup.from(plan);
    expect(await group.processes()).toContain(await created);
    await group.freeze();
    end();
    expect(await outcome).toMatchObject({ errors: [] });
    expect(leftOf(plan.name)).toEqual([]);
  });

  it.skipIf(lacks)(`is gone, too, where a step fails half-way ${needs}`, async () => {
    const above = testName();
    const planned = planCgroup({ name: testName(), parent: above }, {}, where);
    const path = `${planned.members.at(-1)?.path}/nothing.max`;
    const wrong = {
      kind: 'write',
      controller: 'x',
      file: 'nothing.max',
      value: '1',
      key: 'wrong',
    } as const;
    const plan = { ...planned, steps: [...planned.steps, { ...wrong, path }] };
    const { outcome } = run(['/bin/true'], {}, { plan });
    const { errors, status } = await outcome;
    expect(status).toBe(125);
    expect(explainFailure(errors[0], plan.steps)).toMatchObject({
      code: 'ENOENT',
      key: 'wrong',
      path,
      message: expect.stringMatching(/step \d+ of \d+/) as string,
    });
    expect(leftOf(plan.name)).toEqual([]);
    expect(leftOf(above)).toEqual([]);
  });

  it.skipIf(lacks)(`is not made where somebody else has made it meanwhile ${needs}`, async () => {
    const plan = planCgroup({ name: testName() }, {}, where);
    const paths = pathsOf(plan.members);
    const last = paths.at(-1) ?? '';
    mkdirSync(last);
    const { errors } = await run(['/bin/true'], {}, { plan }).outcome;
    expect(explainFailure(errors[0], plan.steps)).toMatchObject({ code: 'EEXIST', path: last });
    // Theirs stays, and none of ours.
    expect(paths.filter((path) => existsSync(path))).toEqual([last]);
    mkdirSync(`${last}/theirs`);
    rmdirSync(`${last}/theirs`);
  });
});

describe('limits', () => {
  it.skipIf(!has('pids') || !has('memory'))('hold for it (needs memory and pids)', async () => {
    const { plan, outcome, started, end } = run(['/bin/sleep', '60'], { memory: '64M', pids: 20 });
    await started;
    const group = Cgroup.from(plan);
    const { memory, pids } = await group.statistics();
    expect(memory?.limit).toBe(64 << 20);
    expect(pids).toMatchObject({ limit: 20, current: 1 });
    end();
    await outcome;
  });

  it.skipIf(!has('cpuset'))('that are refused leave nothing (needs cpuset)', async () => {
    const { plan, outcome } = run(['/bin/true'], { cpusetCpus: '900' });
    const { errors, status } = await outcome;
    expect(status).toBe(125);
    expect(explainFailure(errors[0], plan.steps)).toMatchObject({
      key: 'cpusetCpus',
      value: '900',
    });
    expect(leftOf(plan.name)).toEqual([]);
  });

  it.skipIf(!has('memory'))('are told of when memory runs out (needs memory)', async () => {
    const script = 'const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1));';
    const { reports, outcome } = run([process.execPath, '-e', script], {
      memory: '24M',
      memorySwap: '24M',
    });
    expect(await outcome).toMatchObject({ status: 'SIGKILL', errors: [] });
    expect(countOomKills(reports)).toBeGreaterThan(0);
  });

  it.skipIf(!has('memory'))('are not told of when it does not (needs memory)', async () => {
    const { reports, outcome } = run(['/bin/true'], { memory: '24M' });
    await outcome;
    expect(reports.length).toBeGreaterThan(0);
    expect(countOomKills(reports)).toBe(0);
  });
});

it.skipIf(!hasVersion(2))('ends those who outlive the command (needs cgroup v2)', async () => {
  const { plan, outcome } = run(
    ['/bin/sh', '-c', 'setsid sleep 60 >/dev/null 2>&1 & echo $!'],
    {},
    { namespaces: ['uts'] },
  );
  const { output, status } = await outcome;
  expect(status).toBe(0);
  await until(() => !isRunning(Number(output)));
  expect(pathsOf(plan.members).flatMap(processesIn)).toEqual([]);
  expect(leftOf(plan.name)).toEqual([]);
});

const pieces = (...texts: readonly string[]): Uint8Array[] =>
  texts.map((one) => Buffer.from(one.padEnd(32, '\0')));

describe('countOomKills', () => {
  it('reads what both versions say, in pieces', () => {
    expect(countOomKills(pieces('oom_kill_disable 0\nunder_oom 0\no', 'om_kill 12\n'))).toBe(12);
    expect(
      countOomKills(pieces('low 0\nhigh 0\nmax 7\noom 3\noom_ki', 'll 2\noom_group_kill 1\n')),
    ).toBe(2);
  });

  it('is 0 where nothing was told', () => {
    expect(countOomKills([])).toBe(0);
    expect(countOomKills(pieces('oom_kill_disable 0\n'))).toBe(0);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
