import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

describe.skipIf(!busybox)('files that a container is given (needs busybox-static)', () => {
  guardHost();

  it('are over what the root has, which stays as it is', async () => {
    const rootfs = makeRootfs();
    mkdirSync(join(rootfs, 'etc'));
    writeFileSync(join(rootfs, 'etc/hosts'), 'the root’s own\n');
    const files = [
      { path: '/etc/hosts', text: '127.0.0.1 localhost\n' },
      { path: '/etc/resolv.conf', text: '', mode: 0o600 },
    ];
    const { stdout, error } = await inContainer(
      { rootfs, files },
      'cat /etc/hosts; stat -c %a /etc/hosts /etc/resolv.conf; echo more >> /etc/hosts && ls -A /dev',
    );
    expect(error).toBeUndefined();
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, 3)).toEqual(['127.0.0.1 localhost', '644', '600']);
    expect(lines).not.toContain('.provided');
    expect(readFileSync(join(rootfs, 'etc/hosts'), 'utf8')).toBe('the root’s own\n');
    expect(readFileSync(join(rootfs, 'etc/resolv.conf'), 'utf8')).toBe('');
  });

  it('are reached through links, which stay inside the root', async () => {
    const rootfs = makeRootfs();
    mkdirSync(join(rootfs, 'etc'));
    symlinkSync('/run/resolv.conf', join(rootfs, 'etc/resolv.conf'));
    mkdirSync(join(rootfs, 'run'));
    writeFileSync(join(rootfs, 'run/resolv.conf'), 'old\n');
    const files = [{ path: '/etc/resolv.conf', text: 'nameserver 192.0.2.1\n' }];
    const { stdout } = await inContainer({ rootfs, files }, 'cat /run/resolv.conf');
    expect(stdout).toBe('nameserver 192.0.2.1\n');
  });

  it('are mounted over a link that leads to nothing', async () => {
    const rootfs = makeRootfs();
    mkdirSync(join(rootfs, 'etc'));
    symlinkSync('../run/nowhere/resolv.conf', join(rootfs, 'etc/resolv.conf'));
    const files = [{ path: '/etc/resolv.conf', text: 'nameserver 192.0.2.1\n' }];
    const { stdout, error } = await inContainer({ rootfs, files }, 'cat /etc/resolv.conf');
    expect({ stdout, error }).toEqual({ stdout: 'nameserver 192.0.2.1\n', error: undefined });
  });

  it('have absolute paths', async () => {
    const files = [{ path: 'etc/hosts', text: '' }];
    await expect(inContainer({ rootfs: makeRootfs(), files })).rejects.toThrow(
      expect.objectContaining({ field: 'files[0].path' }),
    );
  });
});
