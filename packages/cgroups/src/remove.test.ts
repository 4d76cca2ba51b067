import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../test/hierarchy.ts';
import { hasVersion, leftOf, only, pathsOf, testCgroup, whenIn } from '../test/machine.ts';
import { killMembers, processesIn, removeMembers, removeNow } from './remove.ts';

/** Twenty processes, of which each starts another and ends, again and again. */
const hopping =
  'hop() { sleep 0.01; hop & }; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do hop & done; wait; exec sleep 60';

describe.each([1, 2] as const)('version %d alone', (version) => {
  const needs = `(needs cgroup v${version})`;
  const where = only(version);
  const lacks = !hasVersion(version);

  it.skipIf(lacks)(`removes a cgroup with those beneath it ${needs}`, async () => {
    const group = await testCgroup({}, where);
    const [first = ''] = pathsOf(group.members);
    mkdirSync(`${first}/a`);
    mkdirSync(`${first}/a/b`);
    mkdirSync(`${first}/c`);
    await removeMembers(group.members);
    expect(leftOf(group.name)).toEqual([]);
  });

  it.skipIf(lacks)(`takes one that is gone for removed ${needs}`, async () => {
    const group = await testCgroup({}, where);
    await removeMembers(group.members);
    await removeMembers(group.members);
    await killMembers(group.members);
    removeNow(group.members);
    expect(await group.processes()).toEqual([]);
  });

  it.skipIf(lacks)(`leaves what has been made above it to whoever uses that ${needs}`, async () => {
    const name = `${(await testCgroup({}, where)).name}-above`;
    const one = await testCgroup({ parent: name }, where);
    const two = await testCgroup({ parent: name }, where);
    expect(one.members.every(({ made }) => made.length === 1)).toBe(true);
    expect(two.members.every(({ made }) => made.length === 0)).toBe(true);
    await one.remove();
    expect(leftOf(name)).toHaveLength(one.members.length);
    await two.remove();
    // Whoever made it has gone before: it is left, and that is all.
    await removeMembers(one.members);
    expect(leftOf(name)).toEqual([]);
  });

  it.skipIf(lacks)(`waits for the kernel to be done with the processes ${needs}`, async () => {
    const group = await testCgroup({}, where);
    const child = group.spawn('sleep', ['0.3'], { stdio: 'ignore' });
    await whenIn(group, child);
    await removeMembers(group.members);
    expect(leftOf(group.name)).toEqual([]);
  });

  it.skipIf(lacks)(`names the processes that are still in it ${needs}`, async () => {
    const group = await testCgroup({}, where);
    const child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
    await whenIn(group, child);
    const [pid] = await group.processes();
    const expected = {
      code: 'ERR_CGROUP_NOT_EMPTY',
      message: expect.stringContaining(`it still has processes: ${pid}`) as string,
      path: pathsOf(group.members).at(-1),
    };
    await expect(group.remove()).rejects.toMatchObject(expected);
    expect(pathsOf(group.members).every((path) => existsSync(path))).toBe(true);
  });

  it.skipIf(lacks)(`kills a tree that forks meanwhile, to the last ${needs}`, async () => {
    const group = await testCgroup({}, where);
    const child = group.spawn('sh', ['-c', hopping], { stdio: 'ignore' });
    const [path = ''] = pathsOf(group.members);
    await until(() => processesIn(path).length >= 20);
    await group.kill();
    expect(await group.processes()).toEqual([]);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await delay(50);
    expect(pathsOf(group.members).flatMap(processesIn)).toEqual([]);
    await group.remove();
    expect(leftOf(group.name)).toEqual([]);
  });

  it.skipIf(lacks)(`ends and removes at once what is left of one ${needs}`, async () => {
    const group = await testCgroup({}, where);
    const child = group.spawn('sh', ['-c', 'sleep 60 & exec sleep 60'], { stdio: 'ignore' });
    await whenIn(group, child);
    const ended = once(child, 'exit');
    removeNow(group.members);
    expect(leftOf(group.name)).toEqual([]);
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
  });

  it.skipIf(lacks)(`kills what is frozen ${needs}`, async () => {
    const group = await testCgroup({}, where);
    const child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
    await whenIn(group, child);
    await group.freeze();
    expect(await group.isFrozen()).toBe(true);
    const ended = once(child, 'exit');
    await group.kill();
    await ended;
    expect(await group.processes()).toEqual([]);
  });

  it.skipIf(lacks)(`kills in the cgroups beneath it, too ${needs}`, async () => {
    const group = await testCgroup({}, where);
    const child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
    await whenIn(group, child);
    const [pid] = await group.processes();
    for (const path of pathsOf(group.members)) {
      mkdirSync(`${path}/beneath`);
      writeFileSync(`${path}/beneath/cgroup.procs`, String(pid));
    }
    expect(await group.processes()).toEqual([pid]);
    await group.kill();
    await group.remove();
    expect(leftOf(group.name)).toEqual([]);
  });
});

it('says why a directory can’t be removed', async () => {
  const path = '/proc/self/task';
  const members = [{ version: 1, controllers: [], path, made: [] }] as const;
  const expected = expect.objectContaining({
    code: 'EPERM',
    path,
    message: expect.stringContaining(`the cgroup ${path} can’t be removed`) as string,
  });
  await expect(removeMembers(members)).rejects.toEqual(expected);
  expect(() => removeNow(members)).toThrow(expected);
});
