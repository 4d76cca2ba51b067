import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openDescriptors } from '../../test/descriptors.ts';
import {
  makeGroup,
  mountV1,
  mountV2,
  removeGroup,
  spawnIn,
  whenMember,
} from '../../test/hierarchy.ts';
import { watchPopulated, whenEmpty } from './empty.ts';

const hierarchies = [
  ['cgroup v1', 1, mountV1('pids')],
  ['cgroup v1, a named hierarchy', 1, mountV1('name=systemd')],
  ['cgroup v2', 2, mountV2()],
] as const;

describe.each(hierarchies)('in %s', (need, version, mount) => {
  const isMissing = mount === undefined;

  it.skipIf(isMissing)(`whenEmpty waits for the last process (needs ${need})`, async () => {
    const directory = makeGroup(mount);
    const child = join(directory, 'child');
    mkdirSync(child);
    const processes = [spawnIn(directory, 'exec sleep 100'), spawnIn(child, 'exec sleep 100')];
    await Promise.all([whenMember(directory, processes[0]!), whenMember(child, processes[1]!)]);
    const before = openDescriptors();
    let isEmpty = false;
    const empty = whenEmpty(directory, version).then(() => (isEmpty = true));
    for (const each of processes) {
      expect(isEmpty).toBe(false);
      each.kill('SIGKILL');
      await once(each, 'exit');
      await delay(20);
    }
    await empty;
    expect(openDescriptors()).toEqual(before);
  });

  it.skipIf(isMissing)(`whenEmpty can be given up (needs ${need})`, async () => {
    const directory = makeGroup(mount);
    await whenMember(directory, spawnIn(directory, 'exec sleep 100'));
    const before = openDescriptors();
    const controller = new AbortController();
    const empty = whenEmpty(directory, version, controller.signal);
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 20);
    await expect(empty).rejects.toBe(reason);
    expect(openDescriptors()).toEqual(before);
  });

  it.skipIf(isMissing)(`whenEmpty sees who is moved away (needs ${need})`, async () => {
    const [directory, other] = [makeGroup(mount), makeGroup(mount)];
    const child = spawnIn(directory, 'exec sleep 100');
    await whenMember(directory, child);
    const empty = whenEmpty(directory, version);
    writeFileSync(join(other, 'cgroup.procs'), String(child.pid));
    await empty;
    expect(child.exitCode).toBeNull();
  });

  it.skipIf(isMissing)(`a cgroup that is gone is empty (needs ${need})`, async () => {
    const directory = makeGroup(mount);
    rmdirSync(directory);
    await whenEmpty(directory, version);
    expect(() => watchPopulated(directory, version)).toThrow(
      expect.objectContaining({ code: 'ERR_CGROUP_REMOVED', path: directory }),
    );
  });

  it.skipIf(isMissing)(`watchPopulated tells each change, to the end (needs ${need})`, async () => {
    const before = openDescriptors();
    const directory = makeGroup(mount);
    const child = join(directory, 'child');
    const seen: boolean[] = [];
    const events = watchPopulated(directory, version);
    const next = async (): Promise<void> => {
      const { value } = await events.next();
      if (value) seen.push(value.populated);
    };
    await next();
    const first = spawnIn(directory, 'exec sleep 100');
    await next();
    first.kill('SIGKILL');
    await next();
    mkdirSync(child);
    await delay(20);
    const second = spawnIn(child, 'exec sleep 100');
    await next();
    second.kill('SIGKILL');
    await next();
    expect(seen).toEqual([false, true, false, true, false]);
    const end = events.next();
    await removeGroup(directory);
    expect(await end).toEqual({ done: true, value: undefined });
    expect(openDescriptors()).toEqual(before);
  });

  it.skipIf(isMissing)(`fifty at once leave nothing open (needs ${need})`, async () => {
    const before = openDescriptors();
    const directory = makeGroup(mount);
    const threads = readdirSync('/proc/self/task').length;
    const streams = Array.from({ length: 50 }, () => watchPopulated(directory, version));
    const firsts = await Promise.all(streams.map((stream) => stream.next()));
    expect(firsts.every(({ value }) => value?.populated === false)).toBe(true);
    const seconds = Promise.all(streams.map((stream) => stream.next()));
    const child = spawnIn(directory, 'exec sleep 100');
    expect((await seconds).every(({ value }) => value?.populated === true)).toBe(true);
    expect(readdirSync('/proc/self/task').length).toBeLessThanOrEqual(threads);
    await Promise.all(streams.map((stream) => stream.return()));
    expect(openDescriptors()).toEqual(before);
    child.kill('SIGKILL');
  });
});

it.skipIf(!existsSync('/proc/self/cgroup'))(
  'a directory that is no cgroup is refused',
  async () => {
    expect(() => watchPopulated(process.cwd(), 2)).toThrow(
      expect.objectContaining({ code: 'ERR_NO_CONTROLLER' }),
    );
  },
);
