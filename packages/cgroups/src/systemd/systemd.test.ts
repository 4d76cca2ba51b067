import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SystemdConnection } from './connection.ts';
import { hasSystemd } from './booted.ts';
import { systemd, usualAddresses } from './detect.ts';
import { slicePath } from './name.ts';
import {
  attachProcesses,
  controlGroup,
  freezeUnit,
  setProperties,
  startScope,
  stopScope,
  thawUnit,
} from './scope.ts';

const here = hasSystemd();
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const hasIt = here && isV2 && process.getuid?.() === 0;
const socket = '/run/systemd/private';
const disk = hasIt ? diskOf() : undefined;

let sequence = 0;
const processes: ChildProcess[] = [];
const units: string[] = [];

function newUnit(): string {
  sequence += 1;
  const unit = `ts-c-test-${process.pid}-${sequence}.scope`;
  units.push(unit);
  return unit;
}

/** A block device, with its numbers. */
function diskOf(): { path: string; numbers: string } | undefined {
  const name = readdirSync('/sys/block').find((one) => existsSync(`/dev/${one}`));
  if (name === undefined) return undefined;
  const numbers = readFileSync(`/sys/block/${name}/dev`, 'utf8').trim();
  return { path: `/dev/${name}`, numbers };
}

/** A process that waits to be moved. */
async function held(): Promise<number> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  processes.push(child);
  await once(child, 'spawn');
  return Number(child.pid);
}

function read(group: string, file: string): string {
  return readFileSync(`/sys/fs/cgroup${group}/${file}`, 'utf8').trim();
}

/** How many sockets keep this process from ending. */
function kept(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length;
}

/** What systemd has of a unit, loaded or not. */
async function listed(connection: SystemdConnection, unit: string): Promise<unknown> {
  const [list] = await connection.call('ListUnitsByNames', 'as', [[unit]]);
  const [name, , load, active] = (list as unknown[][])[0] ?? [];
  return { name, load, active };
}

const collected = { load: 'not-found', active: 'inactive' };

afterEach(async () => {
  if (units.length > 0) {
    await using connection = await systemd();
    for (const unit of units.splice(0)) await stopScope(connection, unit, { kill: true });
  }
  for (const child of processes.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
});

describe('a connection', () => {
  it.skipIf(here)(
    'is refused with the reason where systemd did not start the machine',
    async () => {
      await expect(systemd()).rejects.toMatchObject({
        code: 'ERR_NO_SYSTEMD',
        message: expect.stringContaining('/run/systemd/system'),
      });
    },
  );

  it('is refused where there is no socket', async () => {
    const address = 'unix:path=/nowhere/at/all';
    await expect(systemd({ address })).rejects.toMatchObject({
      code: 'ERR_NO_SYSTEMD',
      value: address,
      message: expect.stringMatching(/ENOENT.*systemctl start dbus/),
    });
  });

  it('is refused at an address that is none', async () => {
    await expect(systemd({ address: 'nonsense' })).rejects.toMatchObject({
      code: 'ERR_NO_SYSTEMD',
      message: expect.stringContaining('nonsense'),
    });
  });

  describe('to somebody else', () => {
    const answers: Record<string, (stream: Socket) => void> = {
      'who says nothing': (stream) => void stream.resume(),
      'who hangs up': (stream) => stream.destroy(),
      'who refuses this user': (stream) => {
        stream.on('data', () => stream.write('REJECTED\r\n'));
      },
      'who talks about other things': (stream) => {
        stream.on('data', () => stream.write(`${'no such thing '.repeat(1000)}\r\n`));
      },
      'who says yes and nothing more': (stream) => {
        stream.once('data', () => stream.write('OK 1234\r\n'));
      },
    };

    it.each(Object.entries(answers))('%s ends in time', async (_who, answer) => {
      const directory = await mkdtemp(join(tmpdir(), 'ts-c-bus-'));
      const streams: Socket[] = [];
      const server = createServer((stream) => {
        streams.push(stream);
        stream.on('error', () => undefined);
        answer(stream);
      });
      try {
        const path = join(directory, 'bus');
        server.listen(path);
        await once(server, 'listening');
        const attempt = systemd({ address: `unix:path=${path}`, timeout: 500 });
        await expect(attempt).rejects.toMatchObject({ code: 'ERR_NO_SYSTEMD' });
        for (const stream of streams) if (!stream.closed) await once(stream, 'close');
      } finally {
        server.close();
        await rm(directory, { recursive: true });
      }
    });
  });

  it('is given up when asked to', async () => {
    const reason = new Error('enough');
    const address = 'unix:path=/nowhere';
    await expect(systemd({ address, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('is looked for where the environment says', () => {
    expect(usualAddresses(false, {}, 1000)).toEqual(['unix:path=/run/dbus/system_bus_socket']);
    expect(usualAddresses(false, {}, 0)).toContain('unix:path=/run/systemd/private');
    expect(usualAddresses(false, { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/x' }, 0)).toEqual([
      'unix:path=/x',
    ]);
    expect(usualAddresses(true, { XDG_RUNTIME_DIR: '/run/user/7' }, 7)).toEqual([
      'unix:path=/run/user/7/bus',
      'unix:path=/run/user/7/systemd/private',
    ]);
    expect(usualAddresses(true, {}, 7)[0]).toBe('unix:path=/run/user/7/bus');
  });
});

describe.skipIf(!hasIt)('a scope (needs systemd)', { timeout: 60_000 }, () => {
  it.each([
    ['the bus', undefined],
    ['the socket of the manager', `unix:path=${socket}`],
  ])('holds a process to what was asked, over %s', async (_way, address) => {
    await using connection = await systemd(address === undefined ? {} : { address });
    expect(connection.version).toBeGreaterThan(200);
    const unit = newUnit();
    const pid = await held();
    const scope = await startScope(connection, {
      unit,
      pids: [pid],
      version: 2,
      resources: {
        memory: '64M',
        memoryHigh: '48M',
        memoryMin: '1M',
        memoryReservation: '2M',
        memorySwap: '96M',
        cpuWeight: 50,
        cpuQuota: 20_000,
        cpuPeriod: 50_000,
        cpusetCpus: '0',
        cpusetMems: '0',
        pids: 32,
        ioWeight: 200,
        cpuBurst: 1000,
      },
    });
    expect(scope).toEqual({
      unit,
      controlGroup: `/${slicePath('system.slice')}/${unit}`,
      remaining: ['cpuBurst'],
    });
    const files = {
      'cgroup.procs': String(pid),
      'memory.max': String(64 << 20),
      'memory.high': String(48 << 20),
      'memory.min': String(1 << 20),
      'memory.low': String(2 << 20),
      'memory.swap.max': String(32 << 20),
      'cpu.weight': '50',
      'cpu.max': '20000 50000',
      'cpuset.cpus': '0',
      'cpuset.mems': '0',
      'pids.max': '32',
    };
    const found = Object.keys(files).map((file) => [file, read(scope.controlGroup, file)]);
    expect(Object.fromEntries(found)).toEqual(files);

    const remaining = await setProperties(connection, unit, {
      version: 2,
      resources: { memory: '80M', pids: 'max', cpuQuota: -1, memorySwappiness: 1 },
    });
    expect(remaining).toEqual(['memorySwappiness']);
    expect(read(scope.controlGroup, 'memory.max')).toBe(String(80 << 20));
    expect(read(scope.controlGroup, 'pids.max')).toBe('max');
    expect(read(scope.controlGroup, 'cpu.max')).toBe('max 100000');

    await stopScope(connection, unit);
    expect(existsSync(`/sys/fs/cgroup${scope.controlGroup}`)).toBe(false);
    expect(await listed(connection, unit)).toEqual({ name: unit, ...collected });
    // Once more is no error.
    await stopScope(connection, unit);
    await expect(controlGroup(connection, unit)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a unit that is there, and leaves it alone', async () => {
    await using connection = await systemd();
    const unit = newUnit();
    const first = await held();
    const { controlGroup: group } = await startScope(connection, {
      unit,
      pids: [first],
      version: 2,
    });
    const second = startScope(connection, { unit, pids: [await held()], version: 2 });
    await expect(second).rejects.toMatchObject({
      code: 'EEXIST',
      message: expect.stringContaining(unit),
    });
    expect(read(group, 'cgroup.procs')).toBe(String(first));
  });

  it('is forgotten when its last process ends', async () => {
    await using connection = await systemd();
    const unit = newUnit();
    await startScope(connection, { unit, pids: [await held()], version: 2 });
    const [child] = processes;
    child?.kill('SIGKILL');
    await expect
      .poll(() => listed(connection, unit), { timeout: 20_000 })
      .toEqual({ name: unit, ...collected });
  });

  it('freezes, thaws, takes more processes and is killed', async () => {
    await using connection = await systemd();
    const unit = newUnit();
    const pid = await held();
    const { controlGroup: group } = await startScope(connection, { unit, pids: [pid], version: 2 });
    const another = await held();
    await attachProcesses(connection, unit, [another]);
    expect(read(group, 'cgroup.procs').split('\n')).toEqual([String(pid), String(another)]);
    await freezeUnit(connection, unit);
    expect(read(group, 'cgroup.events')).toContain('frozen 1');
    await thawUnit(connection, unit);
    expect(read(group, 'cgroup.events')).toContain('frozen 0');
    await stopScope(connection, unit, { kill: true });
    expect(existsSync(`/sys/fs/cgroup${group}`)).toBe(false);
  });

  it('leaves nothing of what could not be started', async () => {
    await using connection = await systemd();
    const unit = newUnit();
    // No process has this number: the kernel's highest is 2 ** 22.
    const gone = startScope(connection, { unit, pids: [2 ** 23], version: 2 });
    await expect(gone).rejects.toMatchObject({
      code: expect.stringMatching(/^(ESRCH|ERR_SYSTEMD)$/),
    });
    const bad = startScope(connection, { unit: 'no scope', pids: [await held()], version: 2 });
    await expect(bad).rejects.toMatchObject({ code: 'ERR_INVALID_RESOURCES' });
    expect(await listed(connection, unit)).toEqual({ name: unit, ...collected });
  });

  it('denies devices but those that are listed', async () => {
    await using connection = await systemd();
    const unit = newUnit();
    const script =
      'read x; for d in null zero full; do (: < /dev/$d) 2>&- && echo $d; done; exit 0';
    const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    processes.push(child);
    const { remaining } = await startScope(connection, {
      unit,
      pids: [Number(child.pid)],
      version: 2,
      resources: {
        devices: [
          { type: 'c', major: 1, minor: 3 },
          { type: 'c', major: 1, minor: 5, access: 'rw' },
        ],
      },
    });
    expect(remaining).toEqual([]);
    child.stdin.end('go\n');
    const [output] = (await Promise.all([
      child.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
      once(child, 'exit'),
    ])) as [string, unknown];
    expect(output).toBe('null\nzero\n');
  });

  it.skipIf(!disk)('limits a disk (needs a block device)', async () => {
    await using connection = await systemd();
    const unit = newUnit();
    const { path = '', numbers = '' } = disk ?? {};
    const ioDevices = [{ device: path, readBps: '1M', writeIops: 7 }];
    const pids = [await held()];
    const { controlGroup: group, remaining } = await startScope(connection, {
      unit,
      pids,
      version: 2,
      resources: { ioDevices },
    });
    expect(remaining).toEqual([]);
    expect(read(group, 'io.max')).toBe(`${numbers} rbps=1048576 wbps=max riops=max wiops=7`);
  });

  it('is started under a slice of its own', async () => {
    await using connection = await systemd();
    const unit = newUnit();
    const slice = `tsctest-${process.pid}.slice`;
    units.push(slice, 'tsctest.slice');
    const pids = [await held()];
    const scope = await startScope(connection, { unit, slice, pids, version: 2 });
    expect(scope.controlGroup).toBe(`/${slicePath(slice)}/${unit}`);
  });

  it('of a manager that serves one user is reached by its own socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ts-c-user-'));
    const before = process.env['XDG_RUNTIME_DIR'];
    try {
      await writeFile(join(directory, 'default.target'), '[Unit]\nDefaultDependencies=no\n');
      process.env['XDG_RUNTIME_DIR'] = directory;
      const manager = spawn('/lib/systemd/systemd', ['--user'], {
        stdio: 'ignore',
        env: { ...process.env, SYSTEMD_UNIT_PATH: directory, container: 'ts-c' },
      });
      processes.push(manager);
      await expect
        .poll(() => existsSync(join(directory, 'systemd/private')), { timeout: 30_000 })
        .toBe(true);
      await using connection = await systemd({ user: true });
      expect(connection.address).toBe(`unix:path=${directory}/systemd/private`);
      expect(connection.version).toBeGreaterThan(200);
    } finally {
      if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
      else process.env['XDG_RUNTIME_DIR'] = before;
      for (const child of processes.splice(0)) child.kill('SIGKILL');
      await rm(directory, { recursive: true });
    }
  });

  it('has a connection that does not keep the process once it is closed', async () => {
    // Many, as there are sockets of other tests that close at this moment.
    const many = 20;
    const before = kept();
    const connections = await Promise.all(Array.from({ length: many }, () => systemd()));
    expect(kept()).toBeGreaterThan(before + many / 2);
    for (const connection of connections) connection.close();
    await expect.poll(kept).toBeLessThan(before + many / 2);
  });

  it('fails over a connection that is closed', async () => {
    const connection = await systemd();
    const waiting = connection.call('ListUnits');
    connection.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_SYSTEMD' });
    await expect(connection.call('ListUnits')).rejects.toMatchObject({ code: 'ERR_SYSTEMD' });
  });
});
