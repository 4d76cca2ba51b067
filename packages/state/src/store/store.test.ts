import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/temporary.ts';
import { lockDirectory } from '../lock.ts';
import { processStartTime, type ProcessIdentity } from '../process.ts';
import { exitName, gateName, recordFileNames, type ContainerRecord } from './record.ts';
import { ContainerStore } from './store.ts';

const self: ProcessIdentity = { pid: process.pid, startTime: processStartTime(process.pid) };
const gone: ProcessIdentity = { pid: process.pid, startTime: '1' };

let store: ContainerStore;
let child: ChildProcess | undefined;

beforeEach(() => {
  store = new ContainerStore(join(temporaryDirectory(), 'root'));
  store.prepare();
});

afterEach(async () => {
  if (!child || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGKILL');
  await end;
  child = undefined;
});

function add(id: string, record: Partial<ContainerRecord> = {}): string {
  const directory = store.directory(id);
  mkdirSync(directory, { mode: 0o700 });
  store.write({ id, created: new Date(0).toISOString(), command: ['true'], ...record });
  return directory;
}

function age(directory: string): void {
  utimesSync(directory, 1, 1);
}

function exitFile(directory: string, code: number, status: number): void {
  const info = Buffer.alloc(32);
  info.writeInt32LE(17, 0);
  info.writeInt32LE(code, 8);
  info.writeInt32LE(1234, 16);
  info.writeInt32LE(status, 24);
  writeFileSync(join(directory, exitName), info);
}

const corrupt = expect.objectContaining({ code: 'ERR_STATE_CORRUPT' });
const missing = expect.objectContaining({ code: 'ERR_NO_SUCH_CONTAINER' });

describe('write and read', () => {
  it('keeps a record as it is, bigints and odd keys included', () => {
    const record: ContainerRecord = {
      id: 'a',
      created: '2026-01-02T03:04:05.678Z',
      init: self,
      supervisor: self,
      bundle: '/b',
      rootfs: '/b/<rootfs>',
      command: ['sh', '-c', 'a & b'],
      keep: true,
      config: { limit: 2n ** 64n, tiny: 1.5, ['__proto__']: { x: null } },
    };
    const directory = add('a', record);
    expect(store.read('a')).toEqual({ id: 'a', status: 'running', record });
    expect(statSync(join(directory, 'container.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['container.json']);
  });

  it('needs the directory, which the supervisor makes', () => {
    const record = { id: 'a', created: new Date().toISOString(), command: [] };
    expect(() => store.write(record)).toThrow(missing);
    expect(() => store.read('a')).toThrow(missing);
    expect(() => store.read('a')).toThrow(`no container a in ${store.root}`);
  });

  it.each(['', '.', '..', 'a/b', '-a', 'a b', 'a\0', `a${'b'.repeat(128)}`, '../a'])(
    'refuses the id %j',
    (id) => {
      expect(() => store.read(id)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ID' }));
    },
  );
});

describe('status', () => {
  it('follows the life of a container', async () => {
    child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = child.pid!;
    const init = { pid, startTime: processStartTime(pid) };
    const directory = store.directory('a');
    const write = (fields: Partial<ContainerRecord>): void =>
      store.write({ id: 'a', created: new Date().toISOString(), command: [], ...fields });
    const status = (): string => store.read('a').status;

    mkdirSync(directory);
    expect(store.read('a')).toEqual({ id: 'a', status: 'creating' });
    write({ supervisor: self });
    expect(status()).toBe('creating');
    writeFileSync(join(directory, gateName), '');
    write({ supervisor: self, init, keep: true });
    expect(status()).toBe('created');
    expect(() => store.remove('a')).toThrow('container a is created: kill it');
    // The supervisor removes the gate.
    store.write({ ...store.read('a').record!, supervisor: gone });
    writeFileSync(join(directory, '.container.json.tmp'), 'left over');
    unlinkSync(join(directory, gateName));
    expect(status()).toBe('running');
    expect(() => store.remove('a', { force: true })).toThrow(
      expect.objectContaining({ code: 'ERR_CONTAINER_RUNNING', path: directory }),
    );
    const end = once(child, 'exit');
    child.kill('SIGKILL');
    await end;
    expect(status()).toBe('stopped');
    store.remove('a');
    expect(existsSync(directory)).toBe(false);
  });

  it.each([
    [1, 0, { exitCode: 0 }],
    [1, 7, { exitCode: 7 }],
    [2, 9, { signal: 'SIGKILL' }],
    [3, 11, { signal: 'SIGSEGV' }],
    [2, 35, { signal: 'SIGRTMIN+1' }],
    [4, 5, {}],
  ])('reads how it ended: code %i, status %i', (code, status, expected) => {
    exitFile(add('a', { init: gone, keep: true }), code, status);
    expect(store.read('a')).toMatchObject({ status: 'stopped', ...expected });
    expect(Object.keys(store.read('a'))).toEqual([
      'id',
      'status',
      'record',
      ...Object.keys(expected),
    ]);
  });

  it('does without an exit file that is cut off', () => {
    const directory = add('a', { init: gone, keep: true });
    writeFileSync(join(directory, exitName), Buffer.alloc(20, 17));
    expect(store.read('a')).not.toHaveProperty('exitCode');
  });

  it('is stopped where the pid is another process by now', () => {
    add('a', { init: gone, supervisor: gone, keep: true });
    expect(store.read('a').status).toBe('stopped');
  });
});

describe('list', () => {
  it('is empty without a root', () => {
    expect(new ContainerStore('/nowhere/at/all').list()).toEqual({ containers: [], problems: [] });
  });

  it('gives all in order, and what is wrong with others beside them', () => {
    add('b', { init: self });
    add('a', { init: self });
    const texts: Record<string, string> = {
      broken: '{"version":1,"id":"bro',
      other: '{"version":1,"id":"a","created":"2026-01-01","command":[]}',
      newer: '{"version":2}',
      negative:
        '{"version":1,"id":"negative","created":"2026-01-01","command":[],"init":{"pid":-1,"startTime":"1"}}',
      binary: '\u0000\u0001',
      deep: '['.repeat(10_000),
      list: '[]',
      command: '{"version":1,"id":"command","created":"2026-01-01","command":"sh"}',
      time: '{"version":1,"id":"time","created":"soon","command":[]}',
    };
    for (const [id, text] of Object.entries(texts)) {
      mkdirSync(store.directory(id));
      writeFileSync(join(store.directory(id), 'container.json'), text);
      age(store.directory(id));
    }
    mkdirSync(join(store.directory('pipe-or-so'), 'container.json'), { recursive: true });
    mkdirSync(join(store.root, '.hidden'));
    writeFileSync(join(store.root, 'file'), '');
    symlinkSync(store.directory('a'), join(store.root, 'link'));

    const { containers, problems } = store.list();
    expect(containers.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(problems.map(({ id }) => id)).toEqual([...Object.keys(texts), 'pipe-or-so'].toSorted());
    for (const { id, error } of problems) {
      expect(error).toEqual(corrupt);
      expect(error.message).toContain(join(store.directory(id), 'container.json'));
    }
    expect(() => store.remove('broken')).toThrow(corrupt);
    store.remove('broken', { force: true });
    expect(existsSync(store.directory('broken'))).toBe(false);
  });

  it('removes what dead containers have left, and nothing else', () => {
    const stale = add('stale', { init: gone, supervisor: gone });
    for (const name of recordFileNames.slice(1)) writeFileSync(join(stale, name), '');
    add('early', { supervisor: gone });
    const abandoned = store.directory('abandoned');
    mkdirSync(abandoned);
    age(abandoned);
    mkdirSync(store.directory('new'));
    add('kept', { init: gone, supervisor: gone, keep: true });
    add('ending', { init: gone, supervisor: self });
    add('running', { init: self });
    writeFileSync(join(add('foreign', { init: gone }), 'something'), '');
    const locked = add('locked', { init: gone });
    const lock = lockDirectory(locked);

    expect(store.prune()).toEqual(['abandoned', 'early', 'stale']);
    lock.release();
    expect(store.list().containers.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'ending stopped',
      'foreign stopped',
      'kept stopped',
      'new creating',
      'running running',
    ]);
    expect(() => store.remove('foreign', { force: true })).toThrow('it holds something');
  });
});

describe('resolve', () => {
  it('finds an id by its beginning', () => {
    for (const id of ['abc', 'abcd', 'xyz']) add(id, { init: self });
    expect(store.resolve('x')).toBe('xyz');
    expect(store.resolve('abc')).toBe('abc');
    expect(() => store.resolve('q')).toThrow(missing);
    expect(() => store.resolve('ab')).toThrow(
      expect.objectContaining({
        code: 'ERR_AMBIGUOUS_ID',
        message: '2 containers have an id that begins with ab: abc, abcd',
      }),
    );
    expect(() => store.resolve('../x')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ID' }),
    );
  });
});

describe('prepare', () => {
  const refusal = expect.objectContaining({ code: 'ERR_STATE_ROOT' });

  it('makes a directory for its user alone', () => {
    expect(statSync(store.root).mode & 0o777).toBe(0o700);
    expect(store.prepare()).toBe(store.root);
  });

  it('refuses a directory that others could have written to', () => {
    chmodSync(store.root, 0o777);
    expect(() => store.prepare()).toThrow('others may write to it (mode 0777)');
    chmodSync(store.root, 0o711);
    store.prepare();
    const link = join(store.root, 'link');
    symlinkSync(store.root, link);
    expect(() => new ContainerStore(link).prepare()).toThrow(refusal);
  });

  it.skipIf(process.getuid?.() !== 0)('refuses that of another user (needs root)', () => {
    chownSync(store.root, 65_534, 65_534);
    expect(() => store.prepare()).toThrow('it belongs to user 65534');
    chownSync(store.root, 0, 0);
  });
});
