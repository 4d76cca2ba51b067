import { describe, expect, it } from 'vitest';
import { getNamespace, namespaceOf, namespaces } from './kinds.ts';

describe('the table of namespaces', () => {
  it('begins with that of libcontainer 1.1.0, in its order', () => {
    expect(namespaces.slice(0, 6).map(({ key, flag, file }) => [key, flag, file])).toEqual([
      ['NEWNS', 0x00020000, 'mnt'],
      ['NEWUTS', 0x04000000, 'uts'],
      ['NEWIPC', 0x08000000, 'ipc'],
      ['NEWUSER', 0x10000000, 'user'],
      ['NEWPID', 0x20000000, 'pid'],
      ['NEWNET', 0x40000000, 'net'],
    ]);
  });

  it('has what 1.1.0 lacked behind it', () => {
    expect(namespaces.slice(6).map(({ key, flag, file }) => [key, flag, file])).toEqual([
      ['NEWCGROUP', 0x02000000, 'cgroup'],
      ['NEWTIME', 0x80, 'time'],
    ]);
  });

  it('is searched by exact key, or by kind', () => {
    expect(getNamespace('NEWNET')?.kind).toBe('net');
    expect(getNamespace('newnet')).toBeUndefined();
    expect(namespaceOf('mount').key).toBe('NEWNS');
    expect(() => namespaceOf('network' as never)).toThrow(
      /no kind "network"; kinds are mount, uts,/,
    );
  });
});
