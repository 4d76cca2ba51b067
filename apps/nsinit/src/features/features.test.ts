import { describe, expect, it } from 'vitest';
import { cgroupFeatures } from './cgroups.ts';
import { features } from './index.ts';
import { lookAtHost, type Host } from './host.ts';
import { confinement, explain, explainUserNamespaces } from './reasons.ts';
import { securityFeatures } from './security.ts';
import { userFeatures } from './users.ts';

const status = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}:\t${value}`)
    .join('\n');

/** A host that consists of a few files. */
function host(files: Readonly<Record<string, string>>, fields: Record<string, string> = {}): Host {
  const all: Record<string, string> = {
    '/proc/self/status': status({ CapEff: '0', Seccomp: '0', NoNewPrivs: '0', ...fields }),
    ...files,
  };
  return {
    ...lookAtHost((path) => all[path]),
    uid: 1000,
    name: 'me',
    release: '5.10.0',
    exists: (path) => path in all,
  };
}

const sysctl = (name: string, value: string): Record<string, string> => ({
  [`/proc/sys/${name.replaceAll('.', '/')}`]: value,
});
const refusal = (code: string) => ({ code, message: `${code}: no` });

describe('the reason', () => {
  it.each<[string, string, Host, Parameters<typeof explain>[2], string]>([
    [
      'a call that is missing',
      'ENOSYS',
      host({}),
      { since: '5.12' },
      'the kernel does not have it: it came with Linux 5.12, and this is 5.10.0',
    ],
    [
      'a call that is hidden',
      'ENOSYS',
      host({}, { Seccomp: '2' }),
      {},
      'the kernel does not have it, or the seccomp filter of this process hides it',
    ],
    [
      'a filter that kills',
      'SIGSYS',
      host({}),
      {},
      'a seccomp filter ends processes that try (SIGSYS)',
    ],
    [
      'a kernel option',
      'EINVAL',
      host({}),
      { option: 'CONFIG_TIME_NS' },
      'the kernel is built without CONFIG_TIME_NS, or its module is not loaded',
    ],
    [
      'a file system',
      'ENODEV',
      host({}),
      { option: 'CONFIG_OVERLAY_FS' },
      'the kernel is built without CONFIG_OVERLAY_FS, or its module is not loaded',
    ],
    [
      'a capability',
      'EPERM',
      host({}),
      { capability: 'SYS_ADMIN' },
      'needs CAP_SYS_ADMIN, which this process does not have',
    ],
    [
      'a filter',
      'EPERM',
      host({}, { Seccomp: '2' }),
      {},
      'the seccomp filter of this process forbids it (a container’s default profile does)',
    ],
    [
      'AppArmor',
      'EACCES',
      host({ '/proc/self/attr/apparmor/current': 'docker-default (enforce)' }),
      {},
      'AppArmor (profile docker-default (enforce)) forbids it',
    ],
    [
      'a limit',
      'ENOSPC',
      host(sysctl('user.max_net_namespaces', '0')),
      { limit: 'user.max_net_namespaces' },
      'sysctl user.max_net_namespaces is 0',
    ],
    ['something else', 'EIO', host({}), {}, 'EIO: no'],
  ])('may be %s', (_, code, machine, suspects, reason) => {
    expect(explain(refusal(code), machine, suspects)).toBe(reason);
  });

  it.each<[string, Host, string]>([
    [
      'EPERM',
      host(sysctl('kernel.unprivileged_userns_clone', '0')),
      'sysctl kernel.unprivileged_userns_clone is 0',
    ],
    [
      'EPERM',
      host(sysctl('kernel.apparmor_restrict_unprivileged_userns', '1')),
      'sysctl kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor wants a profile that allows userns',
    ],
    [
      'ENOSPC',
      host(sysctl('user.max_user_namespaces', '0')),
      'sysctl user.max_user_namespaces is 0',
    ],
    [
      'EPERM',
      host({}),
      'EPERM: this process is in a chroot, or its ids have no mapping in the user namespace that it is in',
    ],
    [
      'EPERM',
      host({}, { Seccomp: '2' }),
      'the seccomp filter of this process forbids it (a container’s default profile does)',
    ],
    ['EINVAL', host({}), 'the kernel is built without CONFIG_USER_NS, or its module is not loaded'],
  ])('for no user namespaces: %s', (code, machine, reason) => {
    expect(explainUserNamespaces(refusal(code), machine)).toBe(reason);
  });
});

it.each([
  [undefined, undefined],
  ['unconfined', undefined],
  ['kernel', undefined],
  ['snap.x (complain)', undefined],
  ['docker-default (enforce)', 'AppArmor (profile docker-default (enforce))'],
  [
    'system_u:system_r:container_t:s0:c1,c2',
    'SELinux (context system_u:system_r:container_t:s0:c1,c2)',
  ],
  ['unconfined_u:unconfined_r:unconfined_t:s0', undefined],
])('confinement by %s', (text, expected) => {
  expect(confinement(host(text === undefined ? {} : { '/proc/self/attr/current': text }))).toBe(
    expected,
  );
});

const v1 = (name: string) => ({ mountPoint: `/sys/fs/cgroup/${name}`, type: 'cgroup' });
const v2 = (mountPoint: string) => ({ mountPoint, type: 'cgroup2' });
const cgroups = (...args: Parameters<typeof cgroupFeatures>): string[] =>
  cgroupFeatures(...args).map(({ available, detail, reason }) =>
    [available ? 'yes' : 'no', detail ?? reason].join(' ').trim(),
  );

describe('cgroups', () => {
  it('may be laid out in three ways', () => {
    const unified = host({
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory pids',
      '/proc/self/cgroup': '0::/user.slice',
    });
    expect(cgroups(unified, [v2('/sys/fs/cgroup')], () => true)).toEqual([
      'yes v2: cpu, memory, pids',
      'yes',
    ]);
    const old = host({ '/proc/self/cgroup': '4:cpu,cpuacct:/\n1:name=systemd:/' });
    expect(cgroups(old, [v1('cpu')], () => true)).toEqual(['yes v1: cpu, cpuacct', 'yes']);
    const hybrid = host({ '/proc/self/cgroup': '4:memory:/\n0::/' });
    expect(cgroups(hybrid, [v1('memory'), v2('/sys/fs/cgroup/unified')], () => true)).toEqual([
      'yes hybrid: memory',
      'yes',
    ]);
  });

  it('may be missing, or somebody else’s', () => {
    expect(cgroups(host({}), [], () => true)).toEqual([
      'no the kernel is built without CONFIG_CGROUPS',
    ]);
    expect(cgroups(host({ '/proc/self/cgroup': '0::/' }), [], () => true)).toEqual([
      'no no cgroup file system is mounted',
    ]);
    const machine = host({ '/proc/self/cgroup': '0::/user.slice' });
    expect(cgroups(machine, [v2('/sys/fs/cgroup')], () => false)[1]).toBe(
      'no /sys/fs/cgroup/user.slice can’t be written to: it has not been delegated to this user (systemd: Delegate=yes)',
    );
  });
});

const security = (machine: Host): Record<string, unknown> =>
  Object.fromEntries(
    securityFeatures(machine).map(({ id, available, reason }) => [id, available || reason]),
  );

it('says what security there is', () => {
  expect(
    security(
      host({
        '/sys/kernel/security/lsm': 'capability,apparmor',
        ...sysctl('vm.memfd_noexec', '2'),
        ...sysctl('kernel.pty.max', '4096'),
      }),
    ),
  ).toEqual({
    'security.seccomp': true,
    'security.apparmor': true,
    'security.selinux': 'not among the security modules of this kernel (capability,apparmor)',
    'security.landlock': 'not among the security modules of this kernel (capability,apparmor)',
    'security.memfd': 'sysctl vm.memfd_noexec is 2; files without a name are used instead',
    terminal: true,
  });
});

it('says what ids there are', () => {
  expect(userFeatures(host({}, { CapEff: 'c0' }))).toMatchObject([
    { available: true, detail: 'any, by CAP_SETUID and CAP_SETGID' },
  ]);
  const found = userFeatures(
    host({ '/etc/subuid': 'me:100000:65536\nother:1:1', '/etc/subgid': '' }),
  );
  expect(found.map(({ id }) => id)).toEqual(['users.newuidmap', 'users.newgidmap']);
  for (const { available, reason, detail } of found)
    expect(available ? detail : reason).toBeTruthy();
});

it('finds out about this machine, with a reason behind each no', async () => {
  const { kernel, user, features: found } = await features();
  expect(kernel.architecture).toBe(process.arch);
  expect(user.uid).toBe(process.getuid?.());
  expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
  expect(found.filter(({ available, reason }) => !available && !reason)).toEqual([]);
  expect(found.filter(({ id }) => id.startsWith('namespaces.'))).toHaveLength(8);
});
