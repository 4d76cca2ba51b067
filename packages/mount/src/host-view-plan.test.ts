import { describe, expect, it } from 'vitest';
import { MOUNT_ATTR } from './flags.ts';
import { planHostView, type HostFiles } from './host-view-plan.ts';
import { parseMountInfo, type MountInfo } from './mountinfo.ts';

const { NODEV, NOEXEC, NOSUID } = MOUNT_ATTR;

/** Mounts by `place type options`, each on the innermost one before it. */
function mountsOf(...lines: readonly string[]): MountInfo[] {
  const places: { id: number; place: string }[] = [];
  const text = lines.map((line, index) => {
    const [place = '', type = '', options = 'rw', root = '/'] = line.split(' ');
    const on = places
      .filter((other) => other.place === '/' || `${place}/`.startsWith(`${other.place}/`))
      .toSorted((a, b) => a.place.length - b.place.length || a.id - b.id)
      .at(-1);
    places.push({ id: index + 10, place });
    return `${index + 10} ${on?.id ?? 1} 8:${index} ${root} ${place} ${options} - ${type} dev ${options}`;
  });
  return parseMountInfo(text.join('\n'));
}

const host = (files: readonly string[] = [], names: readonly string[] = []): HostFiles => ({
  isDirectory: (path) => !files.includes(path),
  names: () => names,
  link: (path) => (path === '/bin' ? 'usr/bin' : undefined),
});
const usual = [
  '/ ext4',
  '/proc proc',
  '/sys sysfs',
  '/dev devtmpfs',
  '/dev/shm tmpfs',
  '/run tmpfs',
];

const never = (): never => {
  throw new Error('looked at');
};

describe('planHostView', () => {
  it('needs one overlay on a machine with one file system', () => {
    const mounts = mountsOf(...usual, '/sys/fs/cgroup cgroup2', '/tmp tmpfs', '/run/user/0 tmpfs');
    expect(planHostView(mounts, { host: host() })).toEqual({
      overlays: [{ path: '/', attributes: 0 }],
      files: [],
    });
  });

  it('has one for each file system below, with what is forbidden there', () => {
    const mounts = mountsOf(
      ...usual,
      '/usr xfs rw,relatime',
      '/home ext4 rw,nosuid,nodev',
      '/nix btrfs rw,noexec',
    );
    expect(planHostView(mounts, { host: host() }).overlays).toEqual([
      { path: '/', attributes: 0 },
      { path: '/home', attributes: NOSUID | NODEV },
      { path: '/nix', attributes: NOEXEC },
      { path: '/usr', attributes: 0 },
    ]);
  });

  it('shows what can’t be written to as it is, and single files', () => {
    const mounts = mountsOf(
      ...usual,
      '/snap/core/1 squashfs ro',
      '/etc/hosts ext4 rw /var/hosts',
      '/etc/resolv.conf tmpfs rw /resolv.conf',
      '/srv/part ext4 rw /part',
    );
    const plan = planHostView(mounts, { host: host(['/etc/hosts', '/etc/resolv.conf']) });
    expect(plan.files).toEqual([
      { path: '/etc/hosts', kind: 'file' },
      { path: '/etc/resolv.conf', kind: 'file' },
      { path: '/snap/core/1', kind: 'directory' },
    ]);
    expect(plan.overlays.map(({ path }) => path)).toEqual(['/', '/srv/part']);
  });

  it('covers what is no file system of files, and leaves other containers out', () => {
    const mounts = mountsOf(
      ...usual,
      '/var/lib/nfs/rpc_pipefs rpc_pipefs',
      '/net autofs',
      '/var/lib/docker/overlay2/x/merged overlay',
      '/var/lib/docker ext4',
      '/home/me/box overlay',
      '/run/netns/a nsfs rw net:[1]',
    );
    expect(planHostView(mounts, { host: host() })).toEqual({
      overlays: [{ path: '/', attributes: 0 }],
      files: [],
      covers: ['/net', '/var/lib/nfs/rpc_pipefs'],
    });
  });

  it('never looks at a whole file system, which may be a server that is gone', () => {
    const mounts = mountsOf(...usual, '/home nfs4', '/net autofs', '/mnt fuse.sshfs');
    const files = { isDirectory: never, names: never, link: never };
    expect(planHostView(mounts, { host: files }).overlays.map(({ path }) => path)).toEqual([
      '/',
      '/home',
      '/mnt',
    ]);
  });

  it('leaves out what another mount covers', () => {
    // The second /home is on the first; /data/old was there before /data.
    const mounts = mountsOf(
      ...usual,
      '/home ext4 rw,nosuid',
      '/home xfs',
      '/data/old ext4',
      '/data ext4',
    );
    expect(planHostView(mounts, { host: host() }).overlays).toEqual([
      { path: '/', attributes: 0 },
      { path: '/data', attributes: 0 },
      { path: '/home', attributes: 0 },
    ]);
    expect(mounts.find(({ mountPoint }) => mountPoint === '/data')?.parentId).toBe(10);
  });

  it('takes the last of several roots', () => {
    const mounts = mountsOf('/ rootfs', '/ overlay rw,nodev', '/proc proc');
    expect(planHostView(mounts, { host: host() }).overlays).toEqual([
      { path: '/', attributes: NODEV },
    ]);
  });

  it('goes by the names in / for a user namespace', () => {
    const mounts = mountsOf(...usual, '/home ext4 rw,nodev', '/var/lib/x xfs', '/ro ext4 ro');
    const names = ['bin', 'etc', 'home', 'proc', 'ro', 'run', 'swapfile', 'tmp', 'usr', 'var'];
    const options = { userNamespace: true, host: host(['/swapfile'], names) };
    expect(planHostView(mounts, options)).toEqual({
      overlays: [
        { path: '/etc', attributes: 0 },
        { path: '/home', attributes: NODEV },
        { path: '/usr', attributes: 0 },
      ],
      files: [
        { path: '/ro', kind: 'directory' },
        { path: '/swapfile', kind: 'file' },
        { path: '/var', kind: 'directory' },
      ],
      links: [{ path: '/bin', target: 'usr/bin' }],
    });
  });
});
