import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AT, AT_FDCWD, mkdirat, pidfdOpen, Program, unlinkat } from '@ts-c/syscall';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually, isAlive } from '../test/processes.ts';
import { ended } from '../test/run.ts';
import { execute } from './execute.ts';
import { launch, type Supervised } from './launch.ts';
import { ownMapping } from './mappings.ts';
import { supervise, type Supervision } from './supervisor.ts';

const directory = mkdtempSync(join(tmpdir(), 'ts-c-supervisor-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(script: string, more: Partial<Supervision> = {}): Program {
  const program = new Program();
  supervise(program, {
    created: new Set(['pid', 'uts']),
    execute: () =>
      execute(program, {
        file: '/bin/sh',
        argv: ['sh', '-c', script],
        environment: ['PATH=/bin:/usr/bin'],
      }),
    ...more,
  });
  return program;
}

const start = (script: string, more: Partial<Supervision> = {}): Supervised =>
  launch(write(script, more), { stdio: ['ignore', 'pipe', 'inherit'] });

/** Something on disk while the child exists. */
const reserved = (name: string): Pick<Supervision, 'reserve' | 'release'> => ({
  reserve: (program) => void program.call(mkdirat, AT_FDCWD, join(directory, name), 0o700),
  release: (program) => void program.try(unlinkat, AT_FDCWD, join(directory, name), AT.REMOVEDIR),
});

describe('the listing of a supervisor', () => {
  it('is as it was', async () => {
    await expect(
      `${write('true', { hold: true, gate: true, session: true }).toString()}\n`,
    ).toMatchFileSnapshot('../test/golden/supervisor.plan');
  });

  it('is as it was with a user namespace, a time namespace, and one to join', async () => {
    const uid = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
    const listing = write('true', {
      created: new Set(['user', 'time', 'cgroup', 'mount']),
      mappings: { uid, gid: uid, writer: 'helper' },
      timeOffsets: { boottime: { seconds: 60 } },
      joined: [
        { kind: 'net', target: '/run/netns/blue' },
        { kind: 'ipc', target: { pid: 42 } },
      ],
    }).toString();
    await expect(`${listing}\n`).toMatchFileSnapshot('../test/golden/namespaces.plan');
  });
});

describe('a supervised child', () => {
  it('waits at its beginning and in front of its command', async () => {
    const {
      created,
      ready,
      started,
      proceed,
      process: child,
    } = start('echo $$; hostname', { hold: true, gate: true });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const pid = await created;
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('ts-c\n');
    let isReady = false;
    void ready.then(() => (isReady = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isReady).toBe(false);
    proceed();
    await ready;
    expect(output).toBe('');
    proceed();
    await started;
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output).toMatch(/^1\n/);
  });

  it('dies while it waits, and all promises tell', async () => {
    const { created, ready, started, process: child } = start('true', { gate: true });
    const pid = await created;
    await ready;
    process.kill(pid, 'SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    await expect(started).rejects.toThrow('the supervisor ended early, SIGKILL');
    expect(isAlive(pid)).toBe(false);
  });

  it('fails: the promises that have not been reached reject with what failed', async () => {
    const supervised = start('true', {
      hold: true,
      execute: (program) => execute(program, { file: '/no/such', argv: ['x'], environment: [] }),
    });
    const errors: unknown[] = [];
    supervised.process.on('error', (error) => errors.push(error));
    expect(await supervised.created).toBeGreaterThan(0);
    supervised.proceed();
    await expect(supervised.started).rejects.toMatchObject({ code: 'ENOENT', path: '/no/such' });
    await expect(supervised.ready).rejects.toMatchObject({ code: 'ENOENT' });
    await once(supervised.process, 'close');
    expect(errors.length).toBe(1);
  });

  it('has been started, however soon it ends', async () => {
    for (let i = 0; i < 30; i += 1) {
      const { started, process: child } = start('true');
      const end = ended(child);
      await expect(started).resolves.toBeUndefined();
      expect((await end).code).toBe(0);
    }
  });

  it('is ended by end(), and the supervisor ends by the same signal', async () => {
    const { started, end, process: child } = start('trap "" TERM; exec sleep 100');
    await started;
    end();
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
  });
});

describe('what a supervisor keeps', () => {
  it.each([
    ['the command', 'exit 3', {}, [3, null]],
    ['a signal', 'kill -9 $$', { created: new Set() }, [null, 'SIGKILL']],
    [
      'a failure of the child',
      'true',
      { setUp: (program: Program) => void program.call(unlinkat, AT_FDCWD, '/no/such', 0) },
      [125, null],
    ],
    [
      'a failure of its own',
      'true',
      { joined: [{ kind: 'net', target: '/no/such' }] },
      [125, null],
    ],
  ] as [string, string, Partial<Supervision>, unknown[]][])(
    'is there until %s ends it, and then no more',
    async (name, script, more, result) => {
      const {
        process: child,
        created,
        proceed,
      } = start(script, { ...reserved(name), ...more, hold: true });
      let seen: string[] | undefined;
      const look = (): void => {
        seen = readdirSync(directory);
        proceed();
      };
      created.then(look, () => {});
      const { code, signal } = await ended(child);
      expect([code, signal]).toEqual(result);
      expect(seen).toEqual(more.joined ? undefined : [name]);
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it('is gone after a signal that comes before the child is there', async () => {
    for (let tries = 0; tries < 10; tries += 1) {
      const { process: child, created } = start('exec sleep 100', {
        ...reserved(`early-${tries}`),
        created: new Set(),
      });
      await new Promise((resolve) => setTimeout(resolve, tries / 5));
      child.kill('SIGTERM');
      await once(child, 'close');
      await created.catch(() => {});
      // Killed before its first step it has made nothing, later it passes the signal on.
      expect(child.signalCode).toBe('SIGTERM');
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('may leave the child behind where it outlives its supervisor', async () => {
    const {
      started,
      created,
      process: child,
    } = start('exec sleep 100', { outlives: true, created: new Set() });
    const pid = await created;
    await started;
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    expect(await eventually(() => !isAlive(pid))).toBe(true);
  });
});

describe('what can not be supervised', () => {
  it.each([
    ['a user namespace without id maps', { created: new Set(['user']) }, 'needs id maps'],
    [
      'id maps without a user namespace',
      { mappings: { uid: ownMapping(0), gid: ownMapping(0), writer: 'helper' } },
      'namespaces.user',
    ],
    ['clock offsets without a time namespace', { timeOffsets: {} }, 'namespaces.time'],
  ] as [string, Partial<Supervision>, string][])('is refused: %s', (_, more, message) => {
    expect(() => write('true', more)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('what a supervisor does to a child that waits', () => {
  it.each([
    ['by itself', {}],
    ['with a gate', { gate: true }],
    ['held besides', { hold: true }],
  ])('is done before the first step of the child: %s', async (title, more) => {
    const name = `attached ${title}`;
    const {
      created,
      ready,
      proceed,
      process: child,
    } = start('exit 3', {
      ...more,
      // Something for the child to find.
      attach: (program) => void program.call(mkdirat, AT_FDCWD, join(directory, name), 0o700),
      setUp: (program) => void program.call(mkdirat, AT_FDCWD, join(directory, name, 'x'), 0o700),
      release: (program) => {
        program.try(unlinkat, AT_FDCWD, join(directory, name, 'x'), AT.REMOVEDIR);
        program.try(unlinkat, AT_FDCWD, join(directory, name), AT.REMOVEDIR);
      },
    });
    const end = ended(child);
    await created;
    if ('hold' in more) proceed();
    if ('gate' in more) await ready.then(proceed);
    expect(await end).toMatchObject({ code: 3, errors: [] });
    expect(readdirSync(directory)).not.toContain(name);
  });

  it('is told of the pid', async () => {
    const seen = join(directory, 'seen');
    const { created, process: child } = start('true', {
      attach: (program, pid) => void program.call(pidfdOpen, pid, 0),
      setUp: (program) => void program.call(mkdirat, AT_FDCWD, seen, 0o700),
    });
    const end = ended(child);
    expect(await created).toBeGreaterThan(0);
    expect(await end).toMatchObject({ code: 0, errors: [] });
    expect(readdirSync(directory)).toContain('seen');
  });

  it('fails: the child ends without a step, before all is undone', async () => {
    const { created, process: child } = start('true', {
      ...reserved('attached'),
      attach: (program) =>
        program.section('@ts-c/test', 'attach', () =>
          program.call(unlinkat, AT_FDCWD, '/no/such', 0),
        ),
      setUp: (program) => void program.call(mkdirat, AT_FDCWD, join(directory, 'late'), 0o700),
    });
    const { code, errors } = await ended(child);
    await expect(created).rejects.toMatchObject({ code: 'ENOENT' });
    expect(code).toBe(125);
    expect(errors).toMatchObject([{ code: 'ENOENT', path: '/no/such', owner: '@ts-c/test' }]);
    expect(readdirSync(directory)).not.toContain('attached');
    expect(readdirSync(directory)).not.toContain('late');
  });
});
