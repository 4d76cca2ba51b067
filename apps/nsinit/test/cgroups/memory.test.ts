import { describe, expect, it } from 'vitest';
import { run } from '../../src/index.ts';
import { cgroupsWith } from '../cgroups.ts';
import { afterGo, Box, lacks, needs, patience, until } from './box.ts';

/** Takes 200 MB at once, and fills them. */
const greedy = '/bin/busybox dd if=/dev/zero of=/dev/null bs=200M count=1';

describe.skipIf(lacks)(`a limit on memory (${needs})`, patience, () => {
  it('has what takes more killed, which nsinit events tells', async () => {
    const box = new Box();
    const running = box.run('--id', 'greedy', '--memory', '64M', ...afterGo(`exec ${greedy}`));
    await until(async () => (await box.list())[0]?.['status'] === 'running');
    const events = box.follow('events', 'greedy');
    await until(() => events.lines().length > 0);
    box.signal();

    expect(await running).toMatchObject({ status: 137, stdout: '' });

    expect(await events.ended).toBe(0);
    const all = events.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(all[0]).toMatchObject({ id: 'greedy', type: 'freezer', state: 'thawed' });
    expect(all.find(({ type }) => type === 'oom')).toMatchObject({ id: 'greedy', killed: 1 });
    expect(all.at(-1)).toMatchObject({ id: 'greedy', type: 'exit' });
    expect(all.every(({ time }) => Date.parse(String(time)) > 0)).toBe(true);
    expect(await cgroupsWith(box.parent)).toEqual([]);
  });

  it('is told to who uses the library', async () => {
    const { rootfs, parent } = new Box();
    const command = ['/bin/sh', '-c', `exec ${greedy}`];
    const limited = await run({ rootfs, command, cgroup: { parent, memory: '64M' } });
    expect(limited).toMatchObject({ exitCode: null, signal: 'SIGKILL', oomKilled: true });
    const enough = await run({ rootfs, command, cgroup: { parent, memory: '512M' } });
    expect(enough).toMatchObject({ exitCode: 0, oomKilled: false });
    // Not the first process, but one of it.
    const child = ['/bin/sh', '-c', `${greedy}; exit 3`];
    const survived = await run({ rootfs, command: child, cgroup: { parent, memory: '64M' } });
    expect(survived).toMatchObject({ exitCode: 3, oomKilled: true });
    expect(await cgroupsWith(parent)).toEqual([]);
  });
});
