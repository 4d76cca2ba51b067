import { spawn as spawnProcess, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDescriptors } from '../test/descriptors.ts';
import { until } from '../test/hierarchy.ts';
import {
  has,
  hasVersion,
  leftOf,
  only,
  pathsOf,
  testCgroup,
  testName,
  whenIn,
} from '../test/machine.ts';
import { makeTree } from '../test/tree.ts';
import { Cgroup, type CgroupOptions } from './cgroup.ts';

const chattr = (mode: string, path: string): boolean =>
  spawnSync('chattr', [mode, path], { stdio: 'ignore' }).status === 0;

/** Can a directory be made such that what is made in it stays? */
const canAppendOnly = ((): boolean => {
  const directory = mkdtempSync(`${tmpdir()}/ts-c-test-`);
  const can = chattr('+a', directory) && chattr('-a', directory);
  rmSync(directory, { recursive: true });
  return can;
})();

const canLimit = has('memory') && has('pids');
const hasAny = hasVersion(1) || hasVersion(2);

const read = (group: Cgroup, controller: string, file: string): string =>
  readFileSync(`${group.directory(controller)}/${file}`, 'utf8').trim();

/** What a child says, and how it ended. */
async function outcome(child: ChildProcess): Promise<{ output: string; code: number | null }> {
  const ended = once(child, 'close') as Promise<[number | null]>;
  const output = child.stdout ? await text(child.stdout) : '';
  const [code] = await ended;
  return { output, code };
}

/** Starts a counter in the cgroup. What it has counted to is what it wrote last. */
function startCounter(group: Cgroup): () => number {
  const child = group.spawn('sh', ['-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done']);
  let last = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    last = Number(chunk.toString().trim().split('\n').at(-1));
  });
  return () => last;
}

const lacks = (key: string): object =>
  expect.objectContaining({ code: 'ERR_NO_CONTROLLER', key }) as object;

describe('Cgroup.create', () => {
  it.skipIf(!canLimit)('limits (needs memory and pids)', async () => {
    const group = await testCgroup({ memory: '64M', pids: 32 });
    const file = hasFile(group, 'memory.max') ? 'memory.max' : 'memory.limit_in_bytes';
    expect(read(group, 'memory', file)).toBe('67108864');
    expect(read(group, 'pids', 'pids.max')).toBe('32');
    expect(group.directory('nothing')).toBeUndefined();
  });

  it.skipIf(!hasAny)('names it by itself, never twice alike (needs cgroups)', async () => {
    await using one = await Cgroup.create();
    await using two = await Cgroup.create();
    expect(one.name).not.toBe(two.name);
    expect(leftOf(one.name).toSorted()).toEqual(pathsOf(one.members).toSorted());
  });

  it.skipIf(!hasAny)('takes a parent from the root of the hierarchy (needs cgroups)', async () => {
    const above = testName();
    const group = await testCgroup({ parent: `/${above}/x` });
    for (const path of pathsOf(group.members))
      expect(path.endsWith(`/${above}/x/${group.name}`)).toBe(true);
    await group.remove();
    expect(leftOf(above)).toEqual([]);
  });

  it.skipIf(!hasAny)('ends with its block, and all that is in it (needs cgroups)', async () => {
    const name = testName();
    let child: ChildProcess;
    {
      await using group = await Cgroup.create({ name });
      child = group.spawn('sh', ['-c', 'sleep 60 & sleep 60'], { stdio: 'ignore' });
      await whenIn(group, child);
    }
    expect(leftOf(name)).toEqual([]);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });

  it.skipIf(!hasAny)(
    'ends with its block also what is only about to begin (needs cgroups)',
    async () => {
      const name = testName();
      let child: ChildProcess;
      {
        await using group = await Cgroup.create({ name });
        child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
      }
      expect(leftOf(name)).toEqual([]);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
    },
  );

  it.each([
    [{ memory: '64Q' }, 'ERR_INVALID_RESOURCES', 'memory'],
    [{ pids: -7 }, 'ERR_INVALID_RESOURCES', 'pids'],
    [{ memory: '9999999999999G' }, 'ERR_INVALID_RESOURCES', 'memory'],
    [{ memmory: 1 }, 'ERR_INVALID_RESOURCES', 'memmory'],
    [{ name: 'x/..' }, 'ERR_INVALID_CGROUP_NAME', 'name'],
    [{ name: '..' }, 'ERR_INVALID_CGROUP_NAME', 'name'],
    [{ parent: '/..' }, 'ERR_INVALID_CGROUP_NAME', 'parent'],
    [{ devices: [{ type: 'x', major: 1, minor: 3 }] }, 'ERR_INVALID_RESOURCES', 'devices[0].type'],
  ])('refuses %j', async (options, code, key) => {
    const name = testName();
    await expect(Cgroup.create({ name, ...(options as CgroupOptions) })).rejects.toMatchObject({
      name: 'CgroupError',
      code,
      key,
    });
    expect(leftOf(name)).toEqual([]);
  });

  it.skipIf(!has('cpuset'))('leaves nothing of what fails half-way (needs cpuset)', async () => {
    const name = testName();
    const above = testName();
    const attempt = Cgroup.create({ name, parent: `${above}/y`, cpusetCpus: '900' });
    const error = (await attempt.catch((reason: unknown) => reason)) as NodeJS.ErrnoException;
    expect(error).toMatchObject({
      key: 'cpusetCpus',
      value: '900',
      syscall: 'write',
      path: expect.stringMatching(`${above}/y/${name}/cpuset.cpus$`) as string,
    });
    expect(error.code).toMatch(/^E[A-Z]+$/);
    expect(error.message).toMatch(
      /^cpusetCpus: "900" can’t be written to .*\/cpuset\.cpus: E[A-Z]+: not all of these CPUs are there/,
    );
    expect(leftOf(name)).toEqual([]);
    expect(leftOf(above)).toEqual([]);
  });

  it.skipIf(!canAppendOnly)(
    'reports both errors where it can’t be undone (needs chattr)',
    async () => {
      // No cgroups, but directories: in one that can only be added to.
      const root = makeTree({ 'pids/': '' });
      const mountPoint = `${root}/pids`;
      chattr('+a', mountPoint);
      onTestFinished(() => void chattr('-a', mountPoint));
      const pids = { version: 1, mountPoint, controllers: ['pids'], own: mountPoint } as const;
      const attempt = Cgroup.create({ name: 'c', pids: 5 }, { mode: 'v1', hierarchies: [pids] });
      const error: unknown = await attempt.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AggregateError);
      expect(error).toMatchObject({
        code: 'ENOENT',
        message: expect.stringMatching(
          /^pids: "5" can’t be written .*; and what had been made could not all be undone: the cgroup .*\/pids\/c can’t be removed: EPERM/,
        ) as string,
        errors: [
          { code: 'ENOENT', key: 'pids' },
          { code: 'EPERM', path: `${mountPoint}/c` },
        ],
      });
    },
  );

  it.skipIf(!hasAny)('replaces one that is empty (needs cgroups)', async () => {
    const first = await testCgroup();
    const again = await Cgroup.create({ name: first.name });
    expect(pathsOf(again.members)).toEqual(pathsOf(first.members));
    await again.remove();
  });

  it.skipIf(!hasAny)(
    'touches none that is in use, nor what is beneath it (needs cgroups)',
    async () => {
      const group = await testCgroup();
      const [path = ''] = pathsOf(group.members);
      mkdirSync(`${path}/beneath`);
      await expect(Cgroup.create({ name: group.name })).rejects.toMatchObject({
        code: 'ERR_CGROUP_BUSY',
        path,
      });
      expect(existsSync(`${path}/beneath`)).toBe(true);
      const child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
      await once(child, 'spawn');
      await expect(Cgroup.create({ name: group.name })).rejects.toMatchObject({
        code: 'ERR_CGROUP_BUSY',
        message: expect.stringContaining('choose another name') as string,
      });
    },
  );

  it('says so where no cgroups are mounted', async () => {
    await expect(Cgroup.create({}, { mode: 'v1', hierarchies: [] })).rejects.toMatchObject({
      message: expect.stringContaining('no cgroup can be made here') as string,
    });
  });
});

describe('processes', () => {
  it.skipIf(!hasAny)('begin in it (needs cgroups)', async () => {
    const group = await testCgroup();
    const { output } = await outcome(
      group.spawn('cat', ['/proc/self/cgroup'], { stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    const within = output.split('\n').filter((line) => line.endsWith(`/${group.name}`));
    expect(within).toHaveLength(group.members.length);
  });

  it.skipIf(!hasAny)('begin in it with namespaces of their own (needs cgroups)', async () => {
    const group = await testCgroup();
    const child = group.spawn('cat', ['/proc/self/cgroup'], {
      namespaces: { uts: true, pid: true },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { output } = await outcome(child);
    expect(output.split('\n').filter((line) => line.endsWith(`/${group.name}`))).toHaveLength(
      group.members.length,
    );
  });

  it.skipIf(!hasAny)(
    'see it as the root of a cgroup namespace of their own (needs cgroups)',
    async () => {
      const group = await testCgroup();
      const child = group.spawn('cat', ['/proc/self/cgroup'], {
        namespaces: { cgroup: true },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { output } = await outcome(child);
      const roots = output.split('\n').filter((line) => line.endsWith(':/'));
      expect(roots.length).toBeGreaterThanOrEqual(group.members.length);
      expect(output).not.toContain('..');
    },
  );

  it.skipIf(!hasAny)(
    'begin in it also as another user of a user namespace (needs cgroups)',
    async () => {
      const group = await testCgroup();
      const mappings = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
      const child = group.spawn('cat', ['/proc/self/cgroup'], {
        namespaces: { user: true, mount: true },
        uidMappings: mappings,
        gidMappings: mappings,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { output } = await outcome(child);
      expect(output.split('\n').filter((line) => line.endsWith(`/${group.name}`))).toHaveLength(
        group.members.length,
      );
    },
  );

  it.skipIf(!hasAny)('may do more before they begin (needs cgroups)', async () => {
    const group = await testCgroup();
    let done = false;
    const child = group.spawn('true', [], { setUp: () => void (done = true) });
    await once(child, 'exit');
    expect(done).toBe(true);
  });

  it.skipIf(!hasAny)(
    'can be moved into it, and are told of with their children (needs cgroups)',
    async () => {
      const group = await testCgroup();
      const child = spawnProcess('sh', ['-c', 'read go; sleep 60 & echo $!; wait'], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const pid = child.pid as number;
      await group.add(pid);
      expect(await group.processes()).toEqual([pid]);
      child.stdin.end('go\n');
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      expect((await group.processes()).toSorted((a, b) => a - b)).toEqual([pid, Number(line)]);
      expect(Cgroup.of(pid)?.name).toBe(group.name);
    },
  );

  it.skipIf(!hasAny)('that are none are refused (needs cgroups)', async () => {
    const group = await testCgroup();
    const child = spawnProcess('true');
    await once(child, 'exit');
    await expect(group.add(child.pid as number)).rejects.toMatchObject({
      name: 'CgroupError',
      code: 'ESRCH',
      value: String(child.pid),
    });
    await expect(group.add(0)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    await expect(group.add(Number.NaN)).rejects.toThrow(/pid/);
    await group.remove();
    await expect(group.add(process.pid)).rejects.toMatchObject({ code: 'ERR_CGROUP_REMOVED' });
  });

  it.skipIf(!has('pids'))(
    'are no more than the limit: a fork bomb stops (needs pids)',
    async () => {
      const group = await testCgroup({ pids: 20 });
      group.spawn('sh', ['-c', 'bomb() { bomb | bomb & wait; sleep 60; }; bomb'], {
        stdio: 'ignore',
      });
      await until(() => Number(/^max (\d+)$/m.exec(read(group, 'pids', 'pids.events'))?.[1]) > 0);
      await delay(100);
      expect(Number(read(group, 'pids', 'pids.current'))).toBeLessThanOrEqual(20);
      const { pids } = await group.statistics();
      expect(pids?.limit).toBe(20);
      await group.kill();
      expect(await group.processes()).toEqual([]);
    },
  );

  it.skipIf(!hasAny)('stand still while it is frozen, and go on (needs a freezer)', async () => {
    const group = await testCgroup();
    const count = startCounter(group);
    await until(() => count() > 3);
    await group.freeze();
    expect(await group.isFrozen()).toBe(true);
    await delay(30);
    const before = count();
    await delay(200);
    expect(count()).toBe(before);
    await group.thaw();
    expect(await group.isFrozen()).toBe(false);
    await until(() => count() > before + 3);
  });
});

describe('to be found again', () => {
  it.skipIf(!hasAny)('by what it is as JSON (needs cgroups)', async () => {
    const group = await testCgroup();
    const again = Cgroup.from(JSON.parse(JSON.stringify(group)) as ReturnType<typeof group.toJSON>);
    expect(again).toMatchObject({ name: group.name, members: group.members });
    const child = again.spawn('sleep', ['60'], { stdio: 'ignore' });
    await whenIn(group, child);
    expect(await again.processes()).toEqual(await group.processes());
    await again.kill();
    await again.remove();
    expect(leftOf(group.name)).toEqual([]);
  });

  it.skipIf(!hasAny)('by a process in it (needs cgroups)', async () => {
    const group = await testCgroup();
    const child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
    await whenIn(group, child);
    const found = Cgroup.of(child.pid as number);
    expect(pathsOf(found?.members ?? []).toSorted()).toEqual(pathsOf(group.members).toSorted());
    expect(() => Cgroup.of(2 ** 30)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('what happens in it', () => {
  it.skipIf(!canLimit)('is measured (needs memory and pids)', async () => {
    const group = await testCgroup({ memory: '64M', pids: 32 });
    const child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
    await whenIn(group, child);
    const statistics = await group.statistics();
    expect(statistics.memory?.limit).toBe(67_108_864);
    expect(statistics.pids).toMatchObject({ limit: 32 });
    expect(statistics.pids?.current).toBeGreaterThan(0);
    const classic = await group.classicStatistics();
    expect(classic).toHaveProperty('memory_stats');
  });

  it.skipIf(!canLimit)('is measured again and again until it is gone (needs memory)', async () => {
    const group = await testCgroup({ memory: '64M' });
    let count = 0;
    for await (const { memory } of group.stats({ interval: 5 })) {
      expect(memory?.limit).toBe(67_108_864);
      count += 1;
      if (count === 3) await group.remove();
    }
    expect(count).toBe(3);
  });

  it.skipIf(!canLimit)('is told of: out of memory (needs memory)', async () => {
    const group = await testCgroup({ memory: '16M' });
    const stop = new AbortController();
    const events = group.oom({ signal: stop.signal });
    const script = 'const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1));';
    const child = group.spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const { value } = await events[Symbol.asyncIterator]().next();
    expect(value).toBeDefined();
    const [code, signal] = (await ended) as [number | null, string | null];
    expect(signal ?? code).toBe('SIGKILL');
    stop.abort();
  });

  it.skipIf(!hasAny)('is told of: that it is empty (needs cgroups)', async () => {
    const group = await testCgroup();
    const child = group.spawn('sleep', ['60'], { stdio: 'ignore' });
    await whenIn(group, child);
    let isEmpty = false;
    const empty = group.whenEmpty().then(() => (isEmpty = true));
    await delay(50);
    expect(isEmpty).toBe(false);
    await group.kill();
    await empty;
  });

  it.skipIf(!hasVersion(2))('is told of: pressure (needs cgroup v2)', async () => {
    const group = await testCgroup({}, only(2));
    const stop = new AbortController();
    const events = group.pressure({
      resource: 'cpu',
      kind: 'some',
      stall: 100_000,
      window: 2_000_000,
      signal: stop.signal,
    });
    stop.abort();
    await expect(events[Symbol.asyncIterator]().next()).rejects.toBe(stop.signal.reason);
  });

  it.skipIf(!hasVersion(1))('is not told of where nothing tells (needs cgroup v1)', async () => {
    const pids = only(1).hierarchies.filter(({ controllers }) => controllers.includes('pids'));
    const group = await testCgroup({}, { mode: 'v1', hierarchies: pids });
    expect(() => group.oom()).toThrow(lacks('oom'));
    expect(() => group.pressure({ resource: 'cpu', kind: 'some', stall: 1, window: 2 })).toThrow(
      lacks('pressure'),
    );
    expect(() => group.freezer()).toThrow(lacks('freeze'));
    await expect(group.freeze()).rejects.toEqual(lacks('freeze'));
  });
});

describe.skipIf(!hasAny)('many of them (needs cgroups)', () => {
  it('leave no cgroup, no descriptor and no watch', async () => {
    const prefix = testName();
    const resources = canLimit ? { memory: '64M', pids: 32 } : {};
    // What Node opens once and keeps is there by then.
    await (await Cgroup.create({ name: `${prefix}-first`, ...resources })).remove();
    const events = openDescriptors();
    const descriptors = readdirSync('/proc/self/fd').length;
    for (let index = 0; index < 500; index += 1) {
      const group = await Cgroup.create({ name: `${prefix}-${index}`, ...resources });
      if (index % 50 === 0) {
        await group.statistics();
        const stop = new AbortController();
        const whenEmpty = group.whenEmpty({ signal: stop.signal });
        await whenEmpty;
      }
      await group.remove();
    }
    expect(openDescriptors()).toEqual(events);
    expect(readdirSync('/proc/self/fd').length).toBe(descriptors);
    const [somewhere] = only(hasVersion(1) ? 1 : 2).hierarchies;
    expect(readdirSync(somewhere?.own ?? '').filter((one) => one.startsWith(prefix))).toEqual([]);
  }, 120_000);
});

function hasFile(group: Cgroup, file: string): boolean {
  return existsSync(`${group.directory(file.split('.')[0] ?? '')}/${file}`);
}
