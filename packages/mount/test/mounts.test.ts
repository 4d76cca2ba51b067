import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  changePropagation,
  mount,
  parseMountInfo,
  setUpMountNamespace,
  type Mount,
} from '../src/index.ts';
import { busybox, contain, makeRootfs, temporaryDirectory } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

/** A directory with a file and a directory in it. */
function makeSource(): string {
  const source = temporaryDirectory();
  writeFileSync(join(source, 'file'), 'content\n');
  mkdirSync(join(source, 'sub'));
  return source;
}

/** Runs a script where these mounts are. */
const withMounts = (mounts: readonly Mount[], script: string) =>
  inContainer({ rootfs: makeRootfs(), mounts }, script);

describe.skipIf(!busybox)('bind mounts (needs busybox-static)', () => {
  guardHost();

  it('are read-only, also what is mounted below the source', async () => {
    const source = makeSource();
    const rootfs = makeRootfs();
    const { stdout, stderr, error } = await contain((program) => {
      changePropagation(program, '/', 'private');
      mount(program, join(source, 'sub'), { type: 'tmpfs', source: 'below' });
      const mounts = [{ type: 'bind', source, destination: '/data' }];
      setUpMountNamespace(program, { rootfs, mounts, deviceNodes: [] });
    }, 'cat /data/file; echo x >/data/file; echo x >/data/new; echo x >/data/sub/new; cat /proc/mounts');
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^content\n/);
    expect(stderr.match(/Read-only file system/g)).toHaveLength(3);
    expect(stdout).toMatch(/^below \/data\/sub tmpfs ro,/m);
    expect(readFileSync(join(source, 'file'), 'utf8')).toBe('content\n');
  });

  it('are writable where that is asked for, in either way', async () => {
    const source = makeSource();
    const { stderr } = await withMounts(
      [
        { type: 'bind', source, destination: '/a', writable: true },
        { type: 'bind', source, destination: '/b', options: ['rbind', 'rw'] },
      ],
      'echo a >/a/a; echo b >/b/b',
    );
    expect(stderr).toBe('');
    expect(readdirSync(source).toSorted()).toEqual(['a', 'b', 'file', 'sub']);
  });

  it('take options, and keep what the source forbids', async () => {
    const source = makeSource();
    const rootfs = makeRootfs();
    const { stdout, error } = await contain((program) => {
      changePropagation(program, '/', 'private');
      const data = 'size=1m';
      mount(program, source, { type: 'tmpfs', source: 'it', flags: 2 | 4, data });
      const bind = { type: 'bind', source, writable: true };
      const mounts = [
        { ...bind, destination: '/plain' },
        { ...bind, destination: '/more', options: ['noexec', 'noatime', 'nosymfollow'] },
        { ...bind, destination: '/deep', options: ['rnoexec', 'rro'] },
      ];
      setUpMountNamespace(program, { rootfs, mounts, deviceNodes: [] });
    }, 'cat /proc/self/mountinfo');
    expect(error).toBeUndefined();
    const options = (path: string) =>
      parseMountInfo(stdout).find(({ mountPoint }) => mountPoint === path)?.options;
    expect(options('/plain')).toEqual(['rw', 'nosuid', 'nodev', 'relatime']);
    expect(options('/more')).toEqual(['rw', 'nosuid', 'nodev', 'noexec', 'noatime', 'nosymfollow']);
    expect(options('/deep')).toEqual(['ro', 'nosuid', 'nodev', 'noexec', 'relatime']);
  });

  it('bind files, and make the place where it is missing', async () => {
    const source = makeSource();
    const rootfs = makeRootfs();
    const file = join(source, 'file');
    const { stdout } = await inContainer(
      {
        rootfs,
        mounts: [
          { type: 'bind', source: file, destination: '/etc/deep/name' },
          { type: 'bind', source: file, destination: '/dev/something' },
          { type: 'bind', source, destination: '/made/for/it' },
        ],
      },
      'cat /etc/deep/name /dev/something; ls /made/for/it',
    );
    expect(stdout).toBe('content\ncontent\nfile\nsub\n');
    expect(readFileSync(join(rootfs, 'etc/deep/name'), 'utf8')).toBe('');
    expect(existsSync(join(rootfs, 'dev/something'))).toBe(false);
  });

  it('come before devices, which leave them alone', async () => {
    const file = join(makeSource(), 'file');
    const nodes = [{ type: 99, path: '/dev/null', major_number: 1, minor_number: 3 }];
    const { stdout, error } = await inContainer(
      {
        rootfs: makeRootfs(),
        mounts: [{ type: 'bind', source: file, destination: '/dev/null' }],
        deviceNodes: nodes,
      },
      'cat /dev/null',
    );
    expect(error).toBeUndefined();
    expect(stdout).toBe('content\n');
  });

  it('have the propagation that is asked for', async () => {
    const source = makeSource();
    const rootfs = makeRootfs();
    const { stdout } = await contain((program) => {
      changePropagation(program, '/', 'private');
      mount(program, source, { type: 'tmpfs', source: 'it' });
      const bind = { type: 'bind', source };
      const mounts = [
        { ...bind, destination: '/private', private: true },
        { ...bind, destination: '/shared', options: ['rshared'] },
        { ...bind, destination: '/unbindable', options: ['unbindable'] },
      ];
      setUpMountNamespace(program, { rootfs, mounts, deviceNodes: [] });
    }, 'cat /proc/self/mountinfo');
    const at = (path: string) =>
      parseMountInfo(stdout).find(({ mountPoint }) => mountPoint === path);
    expect(at('/private')).not.toHaveProperty('shared');
    expect(at('/shared')).toHaveProperty('shared');
    expect(at('/unbindable')).toHaveProperty('unbindable', true);
  });

  it('are refused beforehand where the source is missing', () => {
    const mounts = [{ type: 'bind', source: '/no/such/source', destination: '/a' }];
    return expect(withMounts(mounts, '')).rejects.toMatchObject({
      code: 'ERR_INVALID_MOUNT',
      field: 'mounts[0].source',
    });
  });
});

describe.skipIf(!busybox)('file systems (need busybox-static)', () => {
  guardHost();

  it('are mounted with their options', async () => {
    const { stdout, error } = await withMounts(
      [
        {
          type: 'tmpfs',
          source: 'mine',
          destination: '/a',
          options: ['size=64k', 'nosuid', 'mode=700'],
        },
        { type: 'tmpfs', destination: '/b', writable: false },
        { type: 'mqueue', destination: '/dev/mqueue', options: ['nosuid', 'nodev', 'noexec'] },
        { type: 'proc', destination: '/c/proc', options: ['ro'] },
        { type: 'devpts', destination: '/c/pts', options: ['newinstance', 'ptmxmode=0600'] },
        { type: 'sysfs', destination: '/c/sys', options: ['ro', 'noatime'] },
      ],
      'cat /proc/mounts',
    );
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^mine \/a tmpfs rw,nosuid,relatime,.*size=64k,mode=700/m);
    expect(stdout).toMatch(/^tmpfs \/b tmpfs ro,relatime/m);
    expect(stdout).toMatch(/^mqueue \/dev\/mqueue mqueue rw,nosuid,nodev,noexec,relatime/m);
    expect(stdout).toMatch(/^proc \/c\/proc proc ro,relatime/m);
    expect(stdout).toMatch(/^devpts \/c\/pts devpts rw,relatime,.*ptmxmode=600/m);
    expect(stdout).toMatch(/^sysfs \/c\/sys sysfs ro,noatime/m);
    // The mount is read-only, and the file system, which others may have mounted too, is not.
    expect(stdout).toMatch(/^proc \/proc proc rw,/m);
    expect(stdout).toMatch(/^sysfs \/sys sysfs rw,/m);
  });

  it('of memory take the mode of the directory that they cover (M10)', async () => {
    const rootfs = makeRootfs();
    mkdirSync(join(rootfs, 'drop'));
    chmodSync(join(rootfs, 'drop'), 0o2751);
    const { stdout } = await inContainer(
      {
        rootfs,
        mounts: [
          { type: 'tmpfs', destination: '/drop' },
          { type: 'tmpfs', destination: '/new' },
        ],
      },
      'stat -c %a /drop /new',
    );
    expect(stdout).toBe('2751\n1777\n');
  });

  it('are laid over others, with any number of lower layers', async () => {
    const lower = Array.from({ length: 12 }, (_, index) => {
      const directory = temporaryDirectory('a-rather-long-name-for-a-layer');
      writeFileSync(join(directory, `file${index}`), '');
      return directory;
    });
    const options = [`lowerdir=${lower.join(':')}`];
    const { stdout, error } = await withMounts(
      [{ type: 'overlay', destination: '/all', options }],
      'ls /all',
    );
    expect(error).toBeUndefined();
    expect(stdout.split(/\s/).filter((name) => name.startsWith('file'))).toHaveLength(12);
  });

  it('that nobody knows, and options too, end in an error that shows the step', async () => {
    const type = await withMounts([{ type: 'nosuchfs', destination: '/a' }], '');
    expect(type.error).toMatchObject({ code: 'ENODEV', syscall: 'fsopen', path: 'nosuchfs' });
    const mounts = [{ type: 'tmpfs', destination: '/a', options: ['sise=1m'] }];
    const { error } = await withMounts(mounts, '');
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'fsconfig' });
    expect(error?.step?.call).toMatch(/FSCONFIG_SET_STRING, "sise", "1m"/);
  });
});
