import { describe, expect, it } from 'vitest';
import { MOUNT_ATTR } from './flags.ts';
import { parseMountOptions, splitOption } from './options.ts';

const nothing = { mount: { set: 0, clear: 0 }, tree: { set: 0, clear: 0 }, flags: [], data: [] };
const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, NODIRATIME, STRICTATIME, NOSYMFOLLOW } = MOUNT_ATTR;

describe('parseMountOptions', () => {
  it.each<[string, number, number]>([
    ['ro', RDONLY, 0],
    ['rw', 0, RDONLY],
    ['nosuid', NOSUID, 0],
    ['suid', 0, NOSUID],
    ['nodev', NODEV, 0],
    ['dev', 0, NODEV],
    ['noexec', NOEXEC, 0],
    ['exec', 0, NOEXEC],
    ['nosymfollow', NOSYMFOLLOW, 0],
    ['symfollow', 0, NOSYMFOLLOW],
    ['nodiratime', NODIRATIME, 0],
    ['diratime', 0, NODIRATIME],
    ['noatime', NOATIME, 0x70],
    ['atime', 0, 0x70],
    ['relatime', 0, 0x70],
    ['norelatime', STRICTATIME, 0x70],
    ['strictatime', STRICTATIME, 0x70],
    ['nostrictatime', 0, 0x70],
  ])('knows %s, r%s and %s=recursive', (name, set, clear) => {
    expect(parseMountOptions([name])).toEqual({ ...nothing, mount: { set, clear } });
    expect(parseMountOptions([`${name}=recursive`])).toEqual({ ...nothing, tree: { set, clear } });
    expect(parseMountOptions([`r${name}`])).toEqual({ ...nothing, tree: { set, clear } });
  });

  it('lets the last one win', () => {
    expect(parseMountOptions(['ro', 'nosuid', 'rw']).mount).toEqual({ set: NOSUID, clear: RDONLY });
    expect(parseMountOptions(['noatime', 'strictatime']).mount).toEqual({
      set: STRICTATIME,
      clear: 0x70,
    });
    expect(parseMountOptions(['sync', 'async']).flags).toEqual([]);
    expect(parseMountOptions(['bind', 'rbind']).recursive).toBe(true);
  });

  it('knows bind and propagation', () => {
    expect(parseMountOptions(['bind'])).toEqual({ ...nothing, recursive: false });
    expect(parseMountOptions(['rbind'])).toEqual({ ...nothing, recursive: true });
    for (const kind of ['private', 'slave', 'shared', 'unbindable'] as const) {
      expect(parseMountOptions([kind]).propagation).toEqual({ kind, recursive: false });
      expect(parseMountOptions([`r${kind}`]).propagation).toEqual({ kind, recursive: true });
    }
  });

  it('knows flags of all file systems', () => {
    expect(parseMountOptions(['sync', 'dirsync', 'mand', 'lazytime'])).toEqual({
      ...nothing,
      flags: ['sync', 'dirsync', 'mand', 'lazytime'],
    });
    expect(parseMountOptions(['mand', 'nomand', 'dirsync', 'nodirsync'])).toEqual(nothing);
  });

  it('knows id-mapped mounts', () => {
    expect(parseMountOptions(['idmap']).idmap).toEqual({ recursive: false });
    expect(parseMountOptions(['ridmap']).idmap).toEqual({ recursive: true });
    expect(parseMountOptions(['X-mount.idmap=/proc/9/ns/user']).idmap).toEqual({
      recursive: false,
      userNamespace: '/proc/9/ns/user',
    });
    expect(parseMountOptions(['ridmap=/run/ns']).idmap).toEqual({
      recursive: true,
      userNamespace: '/run/ns',
    });
  });

  it('leaves remarks out and hands on the rest', () => {
    expect(parseMountOptions(['defaults', 'silent', 'x-systemd.automount'])).toEqual(nothing);
    const data = ['size=1m', 'mode=755', 'newinstance', 'roo', 'r', '', 'X-mount.owner=1'];
    expect(parseMountOptions(data)).toEqual({ ...nothing, data });
  });
});

describe('splitOption', () => {
  it('takes names, pairs and quotes', () => {
    expect(splitOption('newinstance')).toEqual({ key: 'newinstance' });
    expect(splitOption('size=1m')).toEqual({ key: 'size', value: '1m' });
    expect(splitOption('a=')).toEqual({ key: 'a', value: '' });
    expect(splitOption('lowerdir=a=b\nc')).toEqual({ key: 'lowerdir', value: 'a=b\nc' });
    expect(splitOption('context="u:r:t:s0:c1,c2"')).toEqual({
      key: 'context',
      value: 'u:r:t:s0:c1,c2',
    });
  });
});
