import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { mountOf, mountPointOf, parseMountInfo, readMountInfo } from './mountinfo.ts';

const parse = (line: string) => parseMountInfo(line)[0];

describe('parseMountInfo', () => {
  it('reads the line of the manual page', () => {
    expect(
      parse('36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue'),
    ).toEqual({
      id: 36,
      parentId: 35,
      major: 98,
      minor: 0,
      root: '/mnt1',
      mountPoint: '/mnt2',
      options: ['rw', 'noatime'],
      master: 1,
      unbindable: false,
      type: 'ext3',
      source: '/dev/root',
      superOptions: ['rw', 'errors=continue'],
    });
  });

  it('reads any number of optional fields, known or not', () => {
    const line =
      '5 4 0:9 / /x rw shared:7 master:3 propagate_from:2 unbindable future:1 - tmpfs none rw';
    expect(parse(line)).toMatchObject({
      shared: 7,
      master: 3,
      propagateFrom: 2,
      unbindable: true,
      type: 'tmpfs',
    });
    expect(parse('5 4 0:9 / /x rw - tmpfs none rw')).not.toHaveProperty('shared');
  });

  it('decodes octal escapes, and nothing that only looks like one', () => {
    const line = String.raw`5 4 0:9 /a\040b /mnt/new\012line\011tab\134back\043hash ro - fuse.x a\040b rw,lowerdir=/l\0541`;
    expect(parse(line)).toMatchObject({
      root: '/a b',
      mountPoint: '/mnt/new\nline\ttab\\back#hash',
      source: 'a b',
      superOptions: ['rw', 'lowerdir=/l,1'],
    });
    expect(parse(String.raw`5 4 0:9 / /\134040 rw - tmpfs none rw`)?.mountPoint).toBe(
      String.raw`/\040`,
    );
  });

  it('keeps an empty source and missing options empty', () => {
    expect(parse('5 4 0:9 / /x rw - tmpfs  rw,size=1k')).toMatchObject({
      source: '',
      superOptions: ['rw', 'size=1k'],
    });
    expect(parse('5 4 0:9 / /x rw - tmpfs none')).toMatchObject({
      source: 'none',
      superOptions: [],
    });
  });

  it('takes a dash for a name where it is one', () => {
    expect(parse('5 4 0:9 / /- rw - tmpfs - rw')).toMatchObject({ mountPoint: '/-', source: '-' });
    expect(parse('5 4 0:9 /- /- rw shared:1 - tmpfs none rw')).toMatchObject({
      root: '/-',
      shared: 1,
    });
  });

  it('leaves roots of namespaces and of deleted directories as they are', () => {
    expect(parse('5 4 0:4 net:[4026531840] /run/netns/a rw - nsfs nsfs rw')?.root).toBe(
      'net:[4026531840]',
    );
    expect(parse('5 4 8:1 /gone//deleted /x rw - ext4 /dev/sda1 rw')?.root).toBe('/gone//deleted');
  });

  it.each(['x', '36 35 98:0 / /mnt rw', 'a b c d e f - g h i', '36 35 98:0 / /mnt rw -'])(
    'refuses %j',
    (line) => {
      expect(() => parseMountInfo(line)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_MOUNTINFO' }),
      );
    },
  );

  it('reads an empty file', () => {
    expect(parseMountInfo('')).toEqual([]);
    expect(parseMountInfo('\n')).toEqual([]);
  });
});

describe('mountOf', () => {
  const mounts = parseMountInfo(
    ['/', '/a', '/a/b', '/ab', '/a']
      .map((place, index) => `${index + 1} 1 0:9 / ${place} rw - tmpfs t${index} rw`)
      .join('\n'),
  );

  it.each([
    ['/', 't0'],
    ['/x', 't0'],
    ['/a', 't4'],
    ['/a/c', 't4'],
    ['/a/b', 't2'],
    ['/a/b/c', 't2'],
    ['/abc', 't0'],
    ['/ab/c', 't3'],
  ])('finds the innermost and last one for %s', (path, source) => {
    expect(mountOf(path, mounts)?.source).toBe(source);
  });
});

describe('the mounts of this machine', () => {
  it('has /proc among them', () => {
    expect(
      readMountInfo().filter(({ mountPoint, type }) => mountPoint === '/proc' && type === 'proc'),
    ).not.toEqual([]);
    expect(readMountInfo(process.pid)).toEqual(readMountInfo());
  });

  it('finds the mount of a path', () => {
    expect(mountPointOf('/proc/self/status')).toMatchObject({ mountPoint: '/proc', type: 'proc' });
    expect(() => mountPointOf('/does/not/exist')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});
