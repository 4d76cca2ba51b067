import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMountInfo } from '../src/index.ts';
import { busybox, makeRootfs, temporaryDirectory } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

describe.skipIf(!busybox)('restrict (needs busybox-static)', () => {
  guardHost();

  it('hides files behind the null device, and directories behind empty ones', async () => {
    const rootfs = makeRootfs();
    mkdirSync(join(rootfs, 'secrets'));
    writeFileSync(join(rootfs, 'secrets/key'), 'key');
    writeFileSync(join(rootfs, 'password'), 'password');
    const { stdout, stderr, error } = await inContainer(
      { rootfs, maskedPaths: ['/secrets', '/password', '/proc/version', '/no/such/path'] },
      'ls /secrets; cat /password /proc/version; stat -c %F /password; echo x >/secrets/new',
    );
    expect(error).toBeUndefined();
    expect(stdout).toBe('character special file\n');
    expect(stderr).toMatch(/\/secrets\/new: Read-only file system/);
    expect(readFileSync(join(rootfs, 'password'), 'utf8')).toBe('password');
  });

  it('makes files and directories read-only, with all that is mounted below', async () => {
    const rootfs = makeRootfs();
    mkdirSync(join(rootfs, 'etc'));
    writeFileSync(join(rootfs, 'etc/passwd'), 'root');
    writeFileSync(join(rootfs, 'file'), 'file');
    const source = temporaryDirectory();
    const { stdout, stderr, error } = await inContainer(
      {
        rootfs,
        mounts: [
          { type: 'bind', source, destination: '/data', writable: true },
          { type: 'tmpfs', destination: '/data/below' },
        ],
        readonlyPaths: ['/etc', '/file', '/data', '/no/such/path'],
      },
      'for i in /etc/passwd /file /data/new /data/below/new; do echo x >$i; done; cat /etc/passwd /file; echo x >/new',
    );
    expect(error).toBeUndefined();
    expect(stdout).toBe('rootfile');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(4);
    expect(readFileSync(join(rootfs, 'new'), 'utf8')).toBe('x\n');
  });

  it('mounts onto itself only what is no mount already', async () => {
    const rootfs = makeRootfs();
    mkdirSync(join(rootfs, 'home'));
    const { stdout } = await inContainer(
      { rootfs, readonlyPaths: ['/dev/shm', '/home'] },
      'cat /proc/self/mountinfo',
    );
    const mounts = parseMountInfo(stdout);
    const at = (path: string) => mounts.filter(({ mountPoint }) => mountPoint === path);
    expect(at('/dev/shm').map(({ options }) => options)).toEqual([
      ['ro', 'nosuid', 'nodev', 'noexec', 'relatime'],
    ]);
    expect(at('/home')).toHaveLength(1);
  });
});
