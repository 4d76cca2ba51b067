import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cgroupsWith } from '../cgroups.ts';
import { temporaryDirectory } from '../rootfs.ts';
import { Box, counter, lacks, needs, patience, until } from './box.ts';

/** Goes on as the machine's own processes: no pid namespace ends them all. */
const shared = ['--namespace', 'pid=host', '--pids-limit', '40'] as const;

describe.skipIf(lacks)(`the cgroup of a container (${needs})`, patience, () => {
  it('is named after the container, and goes with it', async () => {
    const box = new Box();
    await box.start('web', 'sleep', '60');
    const names = box.cgroups().map((path) => path.slice(path.indexOf(box.parent)));
    expect(new Set(names)).toEqual(new Set([box.parent, `${box.parent}/nsinit-web`]));
    await box.output('kill', 'web', 'KILL');
    expect(await cgroupsWith(box.parent)).toEqual([]);
  });

  it('lets no fork bomb outlive nsinit delete', async () => {
    const box = new Box();
    const bomb = 'bomb() { bomb & bomb & sleep 60; }; trap "" TERM HUP; bomb; sleep 60';
    await box.start('bomb', ...shared, 'sh', '-c', bomb);
    await until(() => box.processes().length > 5);
    await box.output('delete', '--force', 'bomb');
    expect(box.processes()).toEqual([]);
    expect(await cgroupsWith(box.parent)).toEqual([]);
    expect(await box.list()).toEqual([]);
  });

  it('is found by nsinit delete when its first process has left others behind', async () => {
    const box = new Box();
    await box.launch('orphans', ...shared, 'sh', '-c', 'sleep 60 & sleep 60 & sleep 0.5');
    await until(() => box.processes().length === 2 || box.cgroups().length === 0);
    await box.output('delete', '--force', 'orphans');
    expect(box.processes()).toEqual([]);
    expect(await cgroupsWith(box.parent)).toEqual([]);
    expect(await box.list()).toEqual([]);
  });

  it('ends all of it with nsinit, in the foreground', async () => {
    const box = new Box();
    const result = await box.run(...shared, 'sh', '-c', 'sleep 60 > /dev/null 2>&1 & exit 4');
    expect(result).toEqual({ status: 4, stdout: '', stderr: '' });
    expect(box.processes()).toEqual([]);
    expect(await cgroupsWith(box.parent)).toEqual([]);
  });

  it('is removed by nsinit list when its supervisor was killed', async () => {
    const box = new Box();
    await box.start('lost', ...counter);
    process.kill(Number((await box.state('lost'))['supervisorPid']), 'SIGKILL');
    await box.output('kill', 'lost', 'KILL');
    await until(() => box.processes().length === 0);
    expect(box.cgroups()).not.toEqual([]);
    expect(await box.list()).toEqual([]);
    expect(box.cgroups()).toEqual([]);
  });

  it('is not shared', async () => {
    const box = new Box();
    await box.start('one', '--cgroup', 'same', 'sleep', '60');
    const { status, stderr } = await box.run('--id', 'two', '--cgroup', 'same', 'true');
    expect(status).toBe(125);
    expect(stderr).toContain('is in use by process');
    expect((await box.list()).map(({ id }) => id)).toEqual(['one']);
    await box.output('delete', '--force', 'one');
    expect(await box.run('--cgroup', 'same', 'true')).toMatchObject({ status: 0 });
  });

  it('begins frozen where the configuration says so', async () => {
    const box = new Box();
    const config = join(temporaryDirectory('config'), 'container.json');
    const namespaces = { NEWNS: true, NEWPID: true };
    const cgroups = { name: 'cold', freezer: 'FROZEN', allow_all_devices: true };
    writeFileSync(
      config,
      JSON.stringify({ namespaces, environment: ['PATH=/bin'], mount_config: {}, cgroups }),
    );
    await box.start('cold', '--config', config, ...counter);
    expect((await box.list())[0]).toMatchObject({ id: 'cold', status: 'paused' });
    const before = box.count();
    await box.output('unpause', 'cold');
    await until(() => box.count() > before);
    await box.output('delete', '--force', 'cold');
    expect(await cgroupsWith(box.parent)).toEqual([]);
  });
});
