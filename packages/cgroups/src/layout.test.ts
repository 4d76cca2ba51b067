import { accessSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { parseMountInfo } from '@ts-c/mount';
import { describe, expect, it } from 'vitest';
import { hierarchyWith, parseMemberships, readLayout } from './layout.ts';

const nothing = (): undefined => undefined;

describe('parseMemberships', () => {
  // The sample of libcontainer's own test.
  const sample = `10:hugetlb:/
9:perf_event:/
8:blkio:/user.slice
7:net_cls,net_prio:/
6:freezer:/
5:devices:/
4:memory:/a:b
3:cpuacct,cpu:/user.slice/user-0.slice
2:cpuset:/
1:name=systemd:/user.slice/user-0.slice/session-1.scope
`;

  it('finds controllers that are mounted alone and together', () => {
    const memberships = parseMemberships(sample);
    expect(memberships).toHaveLength(10);
    const pathOf = (name: string): string | undefined =>
      memberships.find(({ controllers }) => controllers.includes(name))?.path;
    expect(pathOf('blkio')).toBe('/user.slice');
    expect(pathOf('cpu')).toBe('/user.slice/user-0.slice');
    expect(pathOf('name=systemd')).toBe('/user.slice/user-0.slice/session-1.scope');
    expect(pathOf('pids')).toBeUndefined();
  });

  it('keeps colons of a path, and knows version 2', () => {
    expect(parseMemberships('4:memory:/a:b\n0::/x:y\n')).toEqual([
      { hierarchyId: 4, controllers: ['memory'], path: '/a:b' },
      { hierarchyId: 0, controllers: [], path: '/x:y' },
    ]);
  });

  it('refuses what is no such file', () => {
    expect(() => parseMemberships('memory\n')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_CGROUP_FILE' }),
    );
  });
});

function layoutOf(
  mountInfo: string,
  memberships: string,
  read: (path: string) => string | undefined = nothing,
): ReturnType<typeof readLayout> {
  return readLayout({ mounts: parseMountInfo(mountInfo), memberships, read });
}

describe('readLayout', () => {
  it('knows version 1, with controllers that are mounted together and by another name', () => {
    const layout = layoutOf(
      `32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /cg/mem rw - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
`,
      '3:cpu,cpuacct:/a\n2:memory:/a/b\n1:name=systemd:/\n',
    );
    expect(layout).toEqual({
      mode: 'v1',
      hierarchies: [
        {
          version: 1,
          mountPoint: '/sys/fs/cgroup/cpu,cpuacct',
          controllers: ['cpu', 'cpuacct'],
          own: '/sys/fs/cgroup/cpu,cpuacct/a',
        },
        { version: 1, mountPoint: '/cg/mem', controllers: ['memory'], own: '/cg/mem/a/b' },
        {
          version: 1,
          mountPoint: '/sys/fs/cgroup/systemd',
          controllers: ['name=systemd'],
          own: '/sys/fs/cgroup/systemd',
        },
      ],
    });
    expect(hierarchyWith(layout, 'cpuacct')?.own).toBe('/sys/fs/cgroup/cpu,cpuacct/a');
    expect(hierarchyWith(layout, 'pids')).toBeUndefined();
  });

  it('knows version 2, whose controllers are those of the own cgroup', () => {
    const layout = layoutOf(
      '25 20 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n',
      '0::/user.slice/x.scope\n',
      (path) =>
        path === '/sys/fs/cgroup/user.slice/x.scope/cgroup.controllers'
          ? 'memory pids\n'
          : undefined,
    );
    expect(layout).toEqual({
      mode: 'v2',
      hierarchies: [
        {
          version: 2,
          mountPoint: '/sys/fs/cgroup',
          controllers: ['memory', 'pids'],
          own: '/sys/fs/cgroup/user.slice/x.scope',
        },
      ],
    });
  });

  it('knows both side by side', () => {
    const { mode } = layoutOf(
      `35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
      '4:memory:/\n0::/\n',
    );
    expect(mode).toBe('hybrid');
  });

  it('finds its own cgroup in a container, where the mount starts further down', () => {
    const { hierarchies } = layoutOf(
      '35 31 0:32 /docker/c1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
      '4:memory:/docker/c1/inner\n',
    );
    expect(hierarchies[0]?.own).toBe('/sys/fs/cgroup/memory/inner');
  });

  it('takes the root of the mount where its own cgroup lies outside of it', () => {
    const mount = '35 31 0:32 /docker/c1 /cg rw - cgroup cgroup rw,memory\n';
    expect(layoutOf(mount, '4:memory:/elsewhere\n').hierarchies[0]?.own).toBe('/cg');
    const outside = '35 31 0:32 / /cg rw - cgroup cgroup rw,memory\n';
    expect(layoutOf(outside, '4:memory:/../elsewhere\n').hierarchies[0]?.own).toBe('/cg');
  });

  it('takes of several mounts of one hierarchy that which shows the own cgroup', () => {
    const { hierarchies } = layoutOf(
      `35 31 0:32 /other /elsewhere rw - cgroup cgroup rw,memory
36 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
37 31 0:32 / /again rw - cgroup cgroup rw,memory
`,
      '4:memory:/mine\n',
    );
    expect(hierarchies).toEqual([
      expect.objectContaining({ own: '/sys/fs/cgroup/memory/mine' }) as object,
    ]);
  });

  it('says so where nothing is mounted', () => {
    expect(() => layoutOf('1 1 0:1 / / rw - ext4 x rw\n', '0::/\n')).toThrow(
      expect.objectContaining({ code: 'ERR_NO_CGROUPS' }),
    );
  });

  it('finds on this machine the cgroups that this process is in', () => {
    const { hierarchies } = readLayout();
    for (const { own } of hierarchies) {
      accessSync(own);
      const processes = readFileSync(`${own}/cgroup.procs`, 'utf8').split('\n');
      expect(processes).toContain(String(process.pid));
    }
  });
});
