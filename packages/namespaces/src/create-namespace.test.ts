import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { sh } from '../test/run.ts';
import { mayRead, nobody, scriptOf } from '../test/unprivileged.ts';
import { createNamespace } from './create-namespace.ts';
import { getNamespace, namespaceOf } from './kinds.ts';
import type { ThreadNamespaceKind } from './thread.ts';
import { within } from './within.ts';

const own = (kind: string): string => readlinkSync(`/proc/thread-self/ns/${kind}`);
const kinds: ThreadNamespaceKind[] = ['net', 'uts', 'ipc', 'cgroup'];
const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('createNamespace', () => {
  it.each(kinds)('makes a %s namespace, and this thread stays where it is', (kind) => {
    const before = descriptors();
    const home = own(kind);
    {
      using namespace = createNamespace(kind);
      expect(own(kind)).toBe(home);
      expect(namespace.kind).toBe(kind);
      expect(readlinkSync(namespace.path)).not.toBe(home);
      expect(readlinkSync(namespace.path)).toMatch(new RegExp(`^${namespaceOf(kind).file}:\\[`));
      expect(within(kind, namespace, () => own(kind))).toBe(readlinkSync(namespace.path));
      expect(descriptors()).toBe(before + 1);
    }
    expect(descriptors()).toBe(before);
  });

  it('is a target for commands and for other programs, and no child inherits it', async () => {
    await using net = createNamespace('net');
    using uts = createNamespace('uts');
    const there = [net, uts].map(({ path }) => readlinkSync(path)).join('\n');
    const look = 'readlink /proc/self/ns/net /proc/self/ns/uts';
    expect(await sh(look, { namespaces: { net, uts } })).toBe(there);
    const args = [`--net=${net.path}`, `--uts=${uts.path}`, 'sh', '-c', look];
    expect(execFileSync('nsenter', args).toString().trim()).toBe(there);
    expect(within('net', net, () => networkInterfaces())).toEqual({});
    const inherited = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    expect(inherited).not.toContain('net:[');
  });

  it('has no path any more once it is closed', async () => {
    const net = createNamespace('net');
    net.close();
    net.close();
    expect(net.fd).toBe(-1);
    const closed = expect.objectContaining({ code: 'ERR_NAMESPACE_CLOSED' });
    expect(() => net.path).toThrow(closed);
    expect(() => within('net', net, () => 1)).toThrow(closed);
    await expect((async () => sh('true', { namespaces: { net } }))()).rejects.toEqual(closed);
  });

  it('refuses kinds that a thread can not leave and come back to, and paths that are none', () => {
    for (const key of ['NEWNS', 'NEWPID', 'NEWUSER', 'NEWTIME']) {
      expect(() => createNamespace(getNamespace(key)?.kind as never)).toThrow(
        /^createNamespace: expected one of net, uts, ipc, cgroup, got /,
      );
    }
    expect(() => within('net', { path: 'relative' }, () => 1)).toThrow(
      /^target\.path: expected an absolute path/,
    );
    expect(() => within('net', { path: 7 as never }, () => 1)).toThrow(/^target\.path: /);
  });

  it.skipIf(!mayRead())('takes CAP_SYS_ADMIN (needs a checkout that others can read)', () => {
    const index = new URL('index.ts', import.meta.url).pathname;
    const script = `const { createNamespace } = await import(${JSON.stringify(index)});
      const { openSync } = await import('node:fs');
      const before = openSync('/dev/null');
      try { createNamespace('net'); } catch ({ code, syscall, title }) { console.log(code, syscall, title); }
      console.log(openSync('/dev/null') - before);`;
    const { stdout } = spawnSync(process.execPath, scriptOf(script), {
      ...nobody,
      cwd: '/',
      encoding: 'utf8',
    });
    expect(stdout).toBe('EPERM unshare a new net namespace\n1\n');
  });
});
