import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, readdirSync, readlinkSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { live, pidfdOpen } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { hold } from '../test/run.ts';
import { mayRead, nobody, scriptOf } from '../test/unprivileged.ts';
import { commandPid } from './spawn.ts';
import type { ThreadNamespaceKind } from './thread.ts';
import { setHostname } from './uts.ts';
import { within } from './within.ts';

const own = (kind: string): string => readlinkSync(`/proc/thread-self/ns/${kind}`);
const kinds: ThreadNamespaceKind[] = ['net', 'uts', 'ipc', 'cgroup'];

async function elsewhere() {
  const held = await hold('echo ready; exec sleep 60', {
    namespaces: { net: true, uts: true, ipc: true, cgroup: true },
    setUp: (kernel) => setHostname(kernel, 'elsewhere'),
  });
  const pid = await commandPid(held.child);
  return { pid, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

describe('within', () => {
  it.each(kinds)('runs a function inside another %s namespace and comes back', async (kind) => {
    await using there = await elsewhere();
    const home = own(kind);
    const descriptors = readdirSync('/proc/self/fd').length;
    expect(within(kind, { pid: there.pid }, () => own(kind))).toBe(
      readlinkSync(`/proc/${there.pid}/ns/${kind}`),
    );
    expect(own(kind)).toBe(home);
    expect(readdirSync('/proc/self/fd').length).toBe(descriptors);
  });

  it('takes a path and a pidfd too, and leaves the pidfd open', async () => {
    await using there = await elsewhere();
    expect(within('uts', `/proc/${there.pid}/ns/uts`, () => hostname())).toBe('elsewhere');
    const pidfd = Number(live.call(pidfdOpen, there.pid, 0));
    expect(within('uts', { pidfd }, () => hostname())).toBe('elsewhere');
    expect(hostname()).not.toBe('elsewhere');
    closeSync(pidfd);
  });

  it('works with what Node and its children do there', async () => {
    await using there = await elsewhere();
    // The only interface of a new network namespace is down.
    expect(within('net', { pid: there.pid }, () => networkInterfaces())).toEqual({});
    expect(
      within('uts', { pid: there.pid }, () => execFileSync('hostname').toString().trim()),
    ).toBe('elsewhere');
  });

  it('comes back when the function throws', async () => {
    await using there = await elsewhere();
    const home = own('net');
    expect(() =>
      within('net', { pid: there.pid }, () => {
        throw new RangeError('mine');
      }),
    ).toThrow(new RangeError('mine'));
    expect(own('net')).toBe(home);
  });

  it('goes in and out in layers', async () => {
    await using first = await elsewhere();
    await using second = await elsewhere();
    const seen = within('net', { pid: first.pid }, () => [
      own('net'),
      within('net', { pid: second.pid }, () => own('net')),
      own('net'),
    ]);
    const [one, two] = [first, second].map(({ pid }) => readlinkSync(`/proc/${pid}/ns/net`));
    expect(seen).toEqual([one, two, one]);
  });

  it('refuses an async function before it runs, and a promise once it has', async () => {
    await using there = await elsewhere();
    let ran = false;
    const code = 'ERR_INVALID_ARG_VALUE';
    expect(() =>
      within('net', { pid: there.pid }, async () => {
        ran = true;
      }),
    ).toThrow(expect.objectContaining({ code }));
    expect(ran).toBe(false);
    const home = own('net');
    expect(() =>
      within('net', { pid: there.pid }, () => Promise.reject(new Error('not unhandled'))),
    ).toThrow(expect.objectContaining({ code }));
    expect(own('net')).toBe(home);
  });

  it('leaves other threads where they are', async () => {
    await using there = await elsewhere();
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const { readlinkSync } = require('node:fs');
       Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0);
       Atomics.wait(workerData, 0, 1);
       parentPort.postMessage(readlinkSync('/proc/thread-self/ns/net'));
       Atomics.store(workerData, 0, 3); Atomics.notify(workerData, 0);`,
      { eval: true, workerData: shared },
    );
    await once(worker, 'online');
    Atomics.wait(shared, 0, 0, 10_000);
    within('net', { pid: there.pid }, () => {
      Atomics.store(shared, 0, 2);
      Atomics.notify(shared, 0);
      // Until the other thread has looked.
      Atomics.wait(shared, 0, 2, 10_000);
    });
    expect(await once(worker, 'message')).toEqual([own('net')]);
    await worker.terminate();
  });

  it('tells why it can not go in', () => {
    expect(() => within('net', '/proc/self/ns/uts', () => 1)).toThrow(
      expect.objectContaining({
        code: 'EINVAL',
        message: expect.stringContaining('is not a net namespace'),
      }),
    );
    expect(() => within('net', '/etc/passwd', () => 1)).toThrow(/is not a namespace/);
    expect(() => within('net', { pid: 2 ** 22 - 1 }, () => 1)).toThrow(
      expect.objectContaining({ code: 'ESRCH' }),
    );
    expect(() => within('net', 'relative', () => 1)).toThrow(/target: expected an absolute path/);
    expect(() => within('mount' as never, '/proc/self/ns/mnt', () => 1)).toThrow(
      /expected one of net, uts, ipc, cgroup/,
    );
  });

  it.skipIf(!mayRead())('takes CAP_SYS_ADMIN (needs a checkout that others can read)', () => {
    const index = new URL('index.ts', import.meta.url).pathname;
    const script = `const { within } = await import(${JSON.stringify(index)});
      try { within('net', '/proc/self/ns/net', () => 1); } catch ({ code, syscall }) { console.log(code, syscall); }`;
    const { stdout } = spawnSync(process.execPath, scriptOf(script), {
      ...nobody,
      cwd: '/',
      encoding: 'utf8',
    });
    expect(stdout).toBe('EPERM setns\n');
  });
});
