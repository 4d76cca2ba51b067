import { lstatSync, readFileSync, statfsSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string): string => readFileSync(file, 'utf8').trim();

it('the guest has pure cgroup v2 with every controller of a server', () => {
  expect(statfsSync('/sys/fs/cgroup').type).toBe(0x63677270);
  const controllers = read('/sys/fs/cgroup/cgroup.controllers').split(' ');
  expect(controllers).toEqual(
    expect.arrayContaining(['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids']),
  );
  expect(read('/proc/self/mounts')).not.toMatch(/ cgroup /);
});

it('the guest has AppArmor, turned on', () => {
  expect(read('/sys/module/apparmor/parameters/enabled')).toBe('Y');
  expect(read('/sys/kernel/security/lsm').split(',')).toContain('apparmor');
});

it('the guest loads a module for who opens its device', () => {
  expect(lstatSync('/dev/net/tun').rdev).toBe((10 << 8) | 200);
});
