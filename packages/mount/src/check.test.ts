import { describe, expect, it } from 'vitest';
import { checkDevice, checkMount, checkMounts, MountError } from './check.ts';
import type { Device, Mount } from './config.ts';

const bind = (destination: string, rest: Partial<Mount> = {}): Mount => ({
  type: 'bind',
  source: '/srv',
  destination,
  ...rest,
});

describe('checkMount', () => {
  it.each<[string, string, Mount, RegExp]>([
    ['a relative destination', 'destination', bind('data'), /absolute path, got "data"/],
    ['an empty destination', 'destination', bind(''), /absolute path, got ""/],
    ['the root', 'destination', bind('/'), /root itself/],
    ['the root, in other words', 'destination', bind('/a/..//.'), /root itself/],
    ['/proc', 'destination', bind('/proc'), /in \/proc, which has to stay what it is/],
    ['what is in /proc', 'destination', bind('/proc/self/attr'), /in \/proc/],
    ['/proc by a detour', 'destination', bind('/tmp/../proc/./sys'), /\/proc\/sys is in \/proc/],
    ['a tmpfs on /proc', 'destination', { type: 'tmpfs', destination: '/proc' }, /in \/proc/],
    ['procfs inside /proc', 'destination', { type: 'proc', destination: '/proc/1' }, /in \/proc/],
    ['a NUL in the destination', 'destination', bind('/a\0b'), /NUL byte/],
    ['a NUL in the source', 'source', bind('/a', { source: '/a\0b' }), /NUL byte/],
    ['a NUL in the type', 'type', { type: 'tmp\0fs', destination: '/a' }, /NUL byte/],
    ['no type', 'type', { type: '', destination: '/a' }, /expected bind or a type/],
    [
      'a bind without a source',
      'source',
      { type: 'bind', destination: '/a' },
      /absolute path, got ""/,
    ],
    ['a relative source', 'source', bind('/a', { source: 'srv' }), /absolute path, got "srv"/],
    ['an empty option', 'options[1]', bind('/a', { options: ['ro', ''] }), /an option, got ""/],
    ['a NUL in an option', 'options[0]', bind('/a', { options: ['r\0'] }), /an option/],
    [
      'a mistyped option of a bind',
      'options[1]',
      bind('/a', { options: ['ro', 'nosiud'] }),
      /"nosiud" means nothing/,
    ],
    [
      'ids that nobody maps',
      'options',
      bind('/a', { options: ['idmap'] }),
      /needs a user namespace/,
    ],
  ])('refuses %s', (_, key, mount, message) => {
    const error = caught(() => checkMount('mounts[3]', mount));
    expect(error).toBeInstanceOf(MountError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_MOUNT', field: `mounts[3].${key}` });
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`mounts[3].${key}: `)).toBe(true);
  });

  it.each<[string, Mount]>([
    ['a bind', bind('/data')],
    ['/sys', bind('/sys')],
    ['a name that only begins like /proc', bind('/process')],
    ['what lxcfs provides', bind('/proc/meminfo')],
    ['the same by a detour', bind('/proc/../proc/net/dev')],
    ['another procfs on /proc', { type: 'proc', destination: '/proc' }],
    [
      'options that only the file system knows',
      { type: 'tmpfs', destination: '/a', options: ['size=1m'] },
    ],
    ['a user namespace for ids', bind('/a', { options: ['idmap=/proc/1/ns/user'] })],
  ])('takes %s', (_, mount) => {
    expect(() => checkMount('mount', mount)).not.toThrow();
  });

  it('counts the mounts of a list', () => {
    expect(() => checkMounts([bind('/a'), bind('b')])).toThrow(/^mounts\[1\]\.destination: /);
    expect(() => checkMounts([bind('b')], 'mount_config.mounts')).toThrow(
      /^mount_config\.mounts\[0\]/,
    );
  });
});

describe('checkDevice', () => {
  const good: Device = { type: 99, path: '/dev/null', major_number: 1, minor_number: 3 };

  it.each<[string, string, Partial<Device>, RegExp]>([
    ['another type', 'type', { type: 100 }, /expected 99 .* or 98 .*, got 100/],
    ['a relative path', 'path', { path: 'dev/null' }, /absolute path, got "dev\/null"/],
    ['a NUL in the path', 'path', { path: '/dev/a\0' }, /absolute path/],
    ['all major numbers', 'major_number', { major_number: -1 }, /expected 0 to 4095, got -1/],
    ['a major number that is too large', 'major_number', { major_number: 4096 }, /got 4096/],
    ['a minor number that is too large', 'minor_number', { minor_number: 2 ** 20 }, /got 1048576/],
    ['half a number', 'minor_number', { minor_number: 0.5 }, /got 0.5/],
  ])('refuses %s for a node', (_, key, change, message) => {
    const error = caught(() => checkDevice('device_nodes[0]', { ...good, ...change }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_DEVICE', field: `device_nodes[0].${key}` });
    expect(error.message).toMatch(message);
  });

  it('takes a rule without path or numbers, and no such node', () => {
    const rule: Device = { type: 98, major_number: -1, minor_number: -1, cgroup_permissions: 'm' };
    expect(() => checkDevice('rule', rule, 'rule')).not.toThrow();
    expect(() => checkDevice('node', rule)).toThrow(/^node\.path/);
    expect(() => checkDevice('node', good)).not.toThrow();
  });
});

function caught(body: () => void): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
