import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Cgroup } from '@ts-c/cgroups';
import { parseJson, toPlain } from '@ts-c/state';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cgroupsNow, directoryOf, isUnified, removeParents, uniqueParent } from '../cgroups.ts';
import { command, nsinit, output } from '../cli/nsinit.ts';
import { makeRootfs } from '../rootfs.ts';
import { Box, counter, lacks, needs, patience, until } from './box.ts';
import { classicTree } from './classic-tree.ts';

/** All that a container of the sample configuration does before it is looked at. */
const work =
  'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; /bin/busybox dd if=/dev/zero of=/dev/null bs=8M count=8 2>/dev/null; exec sleep 60';

/** Starts `nsinit exec` of the sample configuration without its networks, and gives the directory and the pid. */
async function startSample(): Promise<{ cwd: string; pid: number }> {
  const cwd = makeRootfs();
  const parent = uniqueParent();
  const text = readFileSync(new URL('../fixtures/minimal.json', import.meta.url), 'utf8');
  const { networks: _, ...config } = JSON.parse(text) as { networks: unknown; cgroups: object };
  const cgroups = { ...config.cgroups, parent };
  writeFileSync(join(cwd, 'container.json'), JSON.stringify({ ...config, cgroups }));
  const [node, ...args] = [...command, 'exec', '--', '/bin/sh', '-c', work];
  const child = spawn(node, args, { cwd, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    // The container ends with it.
    child.kill('SIGKILL');
    await ended;
    await until(() => cgroupsNow(`${parent}/`).length === 0);
    removeParents(parent);
  });
  const state = join(cwd, 'state.json');
  await until(() => existsSync(state));
  const { init_pid: pid } = JSON.parse(readFileSync(state, 'utf8')) as { init_pid: number };
  await until(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
  return { cwd, pid };
}

/** Numbers of 64 bits are compared digit by digit. */
const parse = (text: string): unknown => toPlain(parseJson(text).value);

describe.skipIf(lacks)(`nsinit stats (${needs})`, patience, () => {
  it('equals the kernel’s files for every key of 1.1.0, in the directory of nsinit exec', async () => {
    const { cwd, pid } = await startSample();
    const cgroup = Cgroup.of(pid);
    await cgroup?.freeze();
    const read = (controller: string, file: string): string | undefined => {
      const path = join(directoryOf(pid, controller), file);
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    };
    // What the kernel has counted may be summed up a moment later: once nothing changes from before to after, that is it.
    let printed = '';
    let before = {};
    for (let tries = 0; tries < 20; tries += 1) {
      before = classicTree(read, isUnified);
      printed = await output(['stats', '--json'], { cwd });
      if (isDeepStrictEqual(before, classicTree(read, isUnified))) break;
    }
    expect(parse(printed)).toEqual({ network_stats: {}, cgroup_stats: before });
    expect(before).toMatchObject({
      cpu_stats: { cpu_usage: { total_usage: expect.any(Number) } },
      memory_stats: { usage: expect.any(Number), stats: expect.any(Object) },
      freezer_stats: { self_state: '1' },
    });
    await cgroup?.thaw();
    const elsewhere = await nsinit(['stats'], { cwd: makeRootfs() });
    expect(elsewhere.status).toBe(125);
    expect(elsewhere.stderr).toMatch(/^nsinit: no container of .* is running\nhint: /);
  });

  it('knows containers by their ids, in all formats', async () => {
    const box = new Box();
    await box.start('one', '--memory', '64M', '--pids-limit', '30', ...counter);
    await box.start('two', 'sleep', '60');
    const table = (await box.output('stats', 'one', 'two')).split('\n');
    expect(table[0]).toMatch(/^ID +CPU +MEMORY +LIMIT +PIDS +READ +WRITTEN +STATE$/);
    expect(table[1]).toMatch(/^one +\d+\.\d% +[\d.]+[KM] +64M +\d\/30 .* running$/);
    expect(table[2]).toMatch(/^two +0\.\d% +[\d.]+K +- +1 .* running$/);

    await box.output('pause', 'one');
    expect(await box.output('stats', 'one')).toMatch(/^one .* paused$/m);
    const tree = parse(await box.output('stats', '--json', 'one'));
    expect(tree).toMatchObject({
      network_stats: {},
      cgroup_stats: { freezer_stats: { self_state: '1' }, memory_stats: { failcnt: 0 } },
    });
    const full = parse(await box.output('stats', '--format', 'full', 'one', 'two')) as object;
    expect(full).toMatchObject({
      one: { frozen: true, memory: { limit: 64 * 2 ** 20 }, pids: { limit: 30 } },
      two: { frozen: false },
    });
    const metrics = await box.output('stats', '--format', 'prometheus', 'one', 'two');
    expect(metrics).toMatch(/^# TYPE container_frozen gauge$/m);
    expect(metrics).toMatch(/^container_frozen\{id="one"\} 1$/m);
    expect(metrics).toMatch(/^container_frozen\{id="two"\} 0$/m);

    const contradiction = await box.nsinit('stats', '--json', '--format', 'table', 'one');
    expect(contradiction.stderr).toBe('nsinit: --json and --format contradict each other\n');
  });

  it('goes on until they have ended', async () => {
    const box = new Box();
    await box.start('one', ...counter);
    const watched = box.follow('stats', '--watch', '--interval', '100ms', '--json', 'one');
    const events = box.follow('events', '--stats', '--interval', '100ms', 'one');
    await until(() => watched.lines().length > 2);
    await until(() => events.lines().filter((line) => line.includes('"type":"stats"')).length > 2);
    await box.output('delete', '--force', 'one');
    expect(await watched.ended).toBe(0);
    expect(await events.ended).toBe(0);
    const usage = watched
      .lines()
      .map(
        (line) =>
          parse(line) as { cgroup_stats: { cpu_stats: { cpu_usage: { total_usage: number } } } },
      )
      .map((sample) => sample.cgroup_stats.cpu_stats.cpu_usage.total_usage);
    expect(usage.at(-1)).toBeGreaterThan(usage[0] ?? 0);
  });
});
