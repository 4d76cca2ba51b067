import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  defaultAutoCreatedDevices,
  defaultReadonlyPaths,
  openTree,
  parseMountInfo,
} from '../src/index.ts';
import { busybox, makeRootfs } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

// What kernels differ in, and what depends on how memory is set up.
const systemMounts = [
  /^proc \/proc proc rw,nosuid,nodev,noexec,relatime 0 0$/,
  /^sysfs \/sys sysfs rw,nosuid,nodev,noexec,relatime 0 0$/,
  /^tmpfs \/dev tmpfs rw,nosuid,(seclabel,)?mode=755(,inode64)? 0 0$/,
  /^shm \/dev\/shm tmpfs rw,nosuid,nodev,noexec,relatime,(seclabel,)?size=65536k(,inode64)? 0 0$/,
  /^devpts \/dev\/pts devpts rw,nosuid,noexec,relatime,(seclabel,)?gid=5,mode=620,ptmxmode=666 0 0$/,
];

describe.skipIf(!busybox)('setUpMountNamespace (needs busybox-static)', () => {
  guardHost();

  it.each([
    ['pivot_root(2)', false],
    ['a moved root', true],
  ])('mounts what every container has, with %s', async (_, noPivotRoot) => {
    const rootfs = makeRootfs();
    const { stdout: output, error } = await inContainer(
      { rootfs, noPivotRoot },
      'cat /proc/mounts; ls /',
    );
    expect(error).toBeUndefined();
    const lines = output.trimEnd().split('\n');
    const names = lines.splice(-4);
    expect(names).toEqual(['bin', 'dev', 'proc', 'sys']);
    // A moved root leaves the old one beneath it, with all that is mounted there.
    const mounts = noPivotRoot ? lines.slice(-systemMounts.length - 1) : lines;
    expect(mounts.shift()?.split(' ')[1]).toBe('/');
    expect(mounts).toEqual(systemMounts.map((line) => expect.stringMatching(line)));
    // Nothing but the places to mount on is left in the rootfs.
    expect(readdirSync(rootfs).toSorted()).toEqual(names);
    expect(readdirSync(join(rootfs, 'dev'))).toEqual([]);
  });

  it('makes devices with the modes that are asked for, and links', async () => {
    const setup = { rootfs: makeRootfs(), deviceNodes: defaultAutoCreatedDevices };
    const { stdout: output } = await inContainer(setup, 'ls -l /dev; umask');
    const lines = output.trimEnd().split('\n').slice(1);
    expect(lines.pop()).toBe('0022');
    const entries = lines.map((line) =>
      line.replace(/ +\w{3} +\d+ +[\d:]+ /, ' ').replaceAll(/ +/g, ' '),
    );
    expect(entries.filter((entry) => !entry.includes('kcore'))).toEqual([
      'lrwxrwxrwx 1 0 0 13 fd -> /proc/self/fd',
      'crw-rw-rw- 1 0 0 1, 7 full',
      'c--------- 1 0 0 10, 229 fuse',
      'crw-rw-rw- 1 0 0 1, 3 null',
      'lrwxrwxrwx 1 0 0 8 ptmx -> pts/ptmx',
      'drwxr-xr-x 2 0 0 0 pts',
      'crw-rw-rw- 1 0 0 1, 8 random',
      'drwxrwxrwt 2 0 0 40 shm',
      'lrwxrwxrwx 1 0 0 15 stderr -> /proc/self/fd/2',
      'lrwxrwxrwx 1 0 0 15 stdin -> /proc/self/fd/0',
      'lrwxrwxrwx 1 0 0 15 stdout -> /proc/self/fd/1',
      'crw-rw-rw- 1 0 0 5, 0 tty',
      'crw-rw-rw- 1 0 0 1, 9 urandom',
      'crw-rw-rw- 1 0 0 1, 5 zero',
    ]);
  });

  it('gives devices the owner that they are to have', async () => {
    const device = { type: 99, path: '/dev/sub/null', major_number: 1, minor_number: 3 };
    const deviceNodes = [{ ...device, file_mode: 0o640, uid: 7, gid: 8 }];
    const { stdout: output } = await inContainer(
      { rootfs: makeRootfs(), deviceNodes },
      'stat -c "%A %u:%g %t:%T" /dev/sub/null; echo lost >/dev/sub/null; stat -c %F /dev/sub/null',
    );
    expect(output).toBe('crw-r----- 7:8 1:3\ncharacter special file\n');
  });

  it('restricts what 1.1.0 restricts, and the mount alone', async () => {
    const setup = { rootfs: makeRootfs(), restrictSys: true };
    const { stdout: output, stderr: errors } = await inContainer(
      setup,
      'cat /proc/self/mountinfo; echo x >/proc/sys/kernel/hostname; mkdir /sys/kernel/x',
    );
    const mounts = parseMountInfo(output);
    const at = (path: string) => mounts.find(({ mountPoint }) => mountPoint === path);
    // Kernels differ in which of them there are.
    const present = defaultReadonlyPaths.filter((path) => existsSync(path));
    expect(present).toContain('/proc/sys');
    for (const path of present)
      expect(at(path)?.options).toEqual(['ro', 'nosuid', 'nodev', 'noexec', 'relatime']);
    // M1: /sys keeps its other flags, and nobody else's sysfs becomes read-only.
    expect(at('/sys')?.superOptions).toContain('rw');
    expect(errors.match(/Read-only file system/g)).toHaveLength(2);
  });

  it('makes the root read-only, and nothing below it', async () => {
    const setup = { rootfs: makeRootfs(), readonlyRoot: true };
    const { stdout: output, stderr: errors } = await inContainer(
      setup,
      'touch /new; echo yes >/dev/shm/new; cat /dev/shm/new',
    );
    expect(output).toBe('yes\n');
    expect(errors).toMatch(/\/new: Read-only file system/);
  });

  it('has a /dev/pts of its own', async () => {
    const { stdout: output } = await inContainer(
      { rootfs: makeRootfs() },
      'ls /dev/pts; stat -L -c "%a %t:%T" /dev/ptmx',
    );
    expect(output).toBe('ptmx\n666 5:2\n');
  });

  it.each([
    ['private', { shared: undefined, master: undefined, unbindable: false }],
    ['slave', { shared: undefined, unbindable: false }],
    ['shared', { shared: expect.any(Number), unbindable: false }],
    ['unbindable', { shared: undefined, unbindable: true }],
  ] as const)('leaves the root %s', async (mountPropagation, expected) => {
    const setup = { rootfs: makeRootfs(), mountPropagation };
    const { stdout } = await inContainer(setup, 'cat /proc/self/mountinfo');
    const root = parseMountInfo(stdout).find(({ mountPoint }) => mountPoint === '/');
    // What is not there counts as undefined.
    expect({ shared: undefined, master: undefined, ...root }).toMatchObject(expected);
  });

  it('takes a tree instead of a path, attached or not', async () => {
    const rootfs = makeRootfs();
    const { stdout: output, error } = await inContainer(
      { rootfs: (kernel) => openTree(kernel, rootfs, { recursive: true }) },
      'ls /',
    );
    expect(error).toBeUndefined();
    expect(output.split('\n').slice(0, 3)).toEqual(['bin', 'dev', 'proc']);
  });

  it('says which step failed for a rootfs that is none', async () => {
    const { error } = await inContainer({ rootfs: '/no/such/rootfs' });
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'openat', path: '/no/such/rootfs' });
    const file = await inContainer({ rootfs: busybox as string });
    expect(file.error).toMatchObject({ code: 'ENOTDIR', path: busybox });
  });
});
