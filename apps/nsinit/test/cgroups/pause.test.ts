import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cgroupsWith } from '../cgroups.ts';
import { Box, counter, lacks, needs, patience, until } from './box.ts';

const stateOf = async (box: Box): Promise<unknown> => (await box.list())[0]?.['status'];

async function stands(box: Box): Promise<boolean> {
  const before = box.count();
  await delay(300);
  return box.count() === before;
}

describe.skipIf(lacks)(`a paused container (${needs})`, patience, () => {
  it('stands still until it is let go on', async () => {
    const box = new Box();
    await box.start('count', ...counter);
    const events = box.follow('events', 'count');
    await until(() => box.count() > 5);
    await until(() => events.lines().length > 0);

    await box.output('pause', 'count');
    expect(await stands(box)).toBe(true);
    expect(await stateOf(box)).toBe('paused');
    expect((await box.state('count'))['status']).toBe('paused');
    expect(await box.output('list')).toMatch(/^count +\d+ +paused +/m);
    await box.output('pause', 'count');

    await box.output('unpause', 'count');
    expect(await stands(box)).toBe(false);
    expect(await stateOf(box)).toBe('running');
    await box.output('unpause', 'count');

    await box.output('delete', '--force', 'count');
    expect(await events.ended).toBe(0);
    const all = events.lines().map((line) => JSON.parse(line) as { type: string; state?: string });
    const states = all.flatMap(({ type, state }) => (type === 'freezer' ? state : []));
    expect(states.filter((state) => state !== 'freezing')).toEqual(['thawed', 'frozen', 'thawed']);
    expect(all.at(-1)).toMatchObject({ type: 'exit' });
  });

  it.each([
    ['kill', ['p', 'KILL']],
    ['delete', ['--force', 'p']],
  ])('ends by nsinit %s', async (name, args) => {
    const box = new Box();
    await box.start('p', ...counter);
    await box.output('pause', 'p');
    await box.output(name, ...args);
    await until(async () => (await box.list()).length === 0);
    expect(box.processes()).toEqual([]);
    expect(await cgroupsWith(box.parent)).toEqual([]);
  });

  it('that runs in the foreground ends with nsinit', async () => {
    const box = new Box();
    const running = box.run('--id', 'p', '--timeout', '15s', ...counter);
    await until(async () => (await stateOf(box)) === 'running');
    await box.output('pause', 'p');
    expect(await running).toMatchObject({ status: 137 });
    expect(await cgroupsWith(box.parent)).toEqual([]);
  });

  it('is said not to be there where there is none', async () => {
    const box = new Box();
    await box.output('run', '-d', '--id', 'bare', '--cgroup', 'none', 'sleep', '60');
    for (const name of ['pause', 'unpause', 'ps', 'stats', 'events']) {
      const { status, stdout, stderr } = await box.nsinit(name, 'bare');
      expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
      expect(stderr).toContain('nsinit: container bare has no cgroup of its own\nhint: ');
    }
    expect((await box.nsinit('pause', 'nothing')).stderr).toContain(
      'there is no container nothing',
    );
  });
});
