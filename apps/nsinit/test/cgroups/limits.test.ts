import { describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { isUnified, readFileOf } from '../cgroups.ts';
import { Box, counter, lacks, needs, patience, until } from './box.ts';

/** CPU time that a process's cgroup has used, in microseconds. */
function cpuTime(pid: number): number {
  const text = readFileOf(pid, 'cpuacct', 'cpuacct.usage', 'cpu.stat');
  return isUnified ? Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) : Number(text) / 1000;
}

/** How much of a CPU a process's cgroup uses, over three seconds. */
async function measure(pid: number): Promise<number> {
  const begun = performance.now();
  const before = cpuTime(pid);
  await delay(3000);
  return (cpuTime(pid) - before) / 1000 / (performance.now() - begun);
}

describe.skipIf(lacks)(`limits (${needs})`, patience, () => {
  it('a fifth of a CPU is 18 to 22 % over three seconds', async () => {
    const box = new Box();
    const pid = await box.start('busy', '--cpus', '0.2', 'sh', '-c', 'while :; do :; done');
    await delay(200);
    const shares: number[] = [];
    // A machine that is busy otherwise may give it less, never more.
    while (shares.length < 10 && !shares.some((share) => share >= 0.18))
      shares.push(await measure(pid));
    expect(Math.max(...shares)).toBeGreaterThanOrEqual(0.18);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.22);
  });

  it('a number of processes stops a fork bomb', async () => {
    const box = new Box();
    const bomb = '(while :; do sleep 60 & done); /bin/busybox sleep 60; :';
    const pid = await box.start('bomb', '--pids-limit', '20', 'sh', '-c', bomb);
    const current = (): number => Number(readFileOf(pid, 'pids', 'pids.current', 'pids.current'));
    await until(() => readFileOf(pid, 'pids', 'pids.events', 'pids.events') !== 'max 0');
    await until(() => current() === 20);
    await delay(300);
    expect(current()).toBe(20);
    await box.output('delete', '--force', 'bomb');
    expect(box.processes()).toEqual([]);
    expect(box.cgroups()).toEqual([]);
  });

  it('are changed while it runs: all that are named, or none', async () => {
    const box = new Box();
    const pid = await box.start('web', '--memory', '64M', '--cpuset-cpus', '0', ...counter);
    const limits = (): string[] => [
      readFileOf(pid, 'memory', 'memory.limit_in_bytes', 'memory.max'),
      readFileOf(pid, 'pids', 'pids.max', 'pids.max'),
      readFileOf(pid, 'cpu', 'cpu.cfs_quota_us', 'cpu.max').split(' ')[0] ?? '',
    ];
    const unlimited = isUnified ? 'max' : '-1';
    expect(limits()).toEqual([String(64 * 2 ** 20), 'max', unlimited]);

    await box.output('update', '--memory', '128M', '--pids-limit', '40', '--cpus', '0.5', 'web');
    const changed = [String(128 * 2 ** 20), '40', '50000'];
    expect(limits()).toEqual(changed);

    const refused = await box.nsinit('update', '--pids-limit', '9', '--cpuset-cpus', '900', 'web');
    expect(refused).toMatchObject({ status: 125, stdout: '' });
    expect(refused.stderr).toContain('cpuset');
    expect(refused.stderr).toContain('900');
    expect(limits()).toEqual(changed);

    const nothing = await box.nsinit('update', 'web');
    expect(nothing.stderr).toBe(
      'nsinit: update: nothing is to be changed\nhint: give at least one limit: --memory 256M\n',
    );
    const bad = await box.nsinit('update', '--memory', '64Q', 'web');
    expect(bad.status).toBe(125);
    expect(bad.stderr).toMatch(/^nsinit: --memory: .*64Q/);
  });
});
