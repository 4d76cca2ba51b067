import { describe, expect, it } from 'vitest';
import { hintFor, userNamespaceHint } from './hints.ts';
import { UsageError } from './usage-error.ts';

const nothing = (): undefined => undefined;
const error = (fields: object): Error => Object.assign(new Error('x'), fields);

describe('hintFor', () => {
  it('leaves it to an error about a cgroup, which has its remedy in it', () => {
    const refusal = { name: 'CgroupError', code: 'EACCES', path: '/sys/fs/cgroup/x' };
    expect(hintFor(error(refusal))).toBeUndefined();
    expect(hintFor(error({ ...refusal, name: 'Error' }))).toBeDefined();
  });

  it.each([
    [
      { code: 'ENOSYS', syscall: 'openat2' },
      'this kernel does not have openat2, or a seccomp filter hides it; Linux 5.14 or later is needed',
    ],
    [{ code: 'ELOOP', path: '/r/proc' }, '"/r/proc" in the root file system is a symbolic link'],
    [{ code: 'EEXIST', syscall: 'mkdirat', path: '/run/nsinit/web' }, 'is the id web in use?'],
    [{ code: 'EAGAIN', syscall: 'flock' }, 'another container is running from that directory'],
    [{ code: 'EINVAL', syscall: 'setns' }, 'is that a namespace of the kind that was asked for?'],
    [
      { code: 'EINVAL', syscall: 'clone3' },
      'one of the kinds of namespaces may be missing from this kernel',
    ],
    [{ code: 'EPERM', syscall: 'capset' }, '--cap-drop it'],
    [
      { code: 'EPERM', syscall: 'setns' },
      'CAP_SYS_ADMIN is needed in the user namespace that owns it',
    ],
    [
      { code: 'ENOSPC', syscall: 'unshare' },
      'a limit of /proc/sys/user/max_*_namespaces has been reached',
    ],
    [{ code: 'EADDRINUSE', syscall: 'bind' }, 'another program or container has that port'],
    [{ code: 'EADDRNOTAVAIL', syscall: 'bind' }, 'this machine does not have that address'],
    [{ code: 'ENODEV', syscall: 'fsopen' }, 'this kernel does not have that file system'],
    [{ code: 'EBUSY', path: '/x' }, '/x is in use'],
    [{ code: 'ENOENT', path: '/a/container.json' }, 'nsinit spec --new prints one'],
    [{ code: 'ENOEXEC', syscall: 'execve' }, 'it is no program for this machine'],
    [{ code: 'ERR_NO_SUCH_CONTAINER' }, 'nsinit list shows those that there are'],
    [{ code: 'ERR_STATE_ROOT' }, 'choose another directory with --root'],
  ])('%j: %s', (fields, text) => expect(hintFor(error(fields), nothing)).toContain(text));

  it.each([
    [undefined],
    ['text'],
    [error({})],
    [error({ code: 'ERR_SOMETHING_ELSE' })],
    [error({ code: 'constructor' })],
    [error({ code: 'ENOENT', syscall: 'execve' })],
  ])('has none for %s', (thrown) => expect(hintFor(thrown, nothing)).toBeUndefined());

  it('is what the error itself brings', () =>
    expect(hintFor(new UsageError('x', 'do y'))).toBe('do y'));
});

const files = (values: Record<string, string>) => (path: string) =>
  values[path.replace('/proc/sys/', '')];
const asUser = (body: () => void): void => {
  const geteuid = process.geteuid;
  process.geteuid = () => 1000;
  try {
    body();
  } finally {
    if (geteuid) process.geteuid = geteuid;
  }
};

describe('userNamespaceHint', () => {
  it.each([
    [{ 'kernel/unprivileged_userns_clone': '0\n' }, 'sysctl kernel.unprivileged_userns_clone=1'],
    [
      { 'kernel/apparmor_restrict_unprivileged_userns': '1\n' },
      'AppArmor keeps ordinary users from',
    ],
    [{ 'user/max_user_namespaces': '0\n' }, 'sysctl user.max_user_namespaces is 0'],
  ])('%j', (values, text) =>
    asUser(() => expect(userNamespaceHint(files(values))).toContain(text)),
  );

  it('has none where sysctls allow it', () =>
    asUser(() => expect(userNamespaceHint(files({}))).toBeUndefined()));
});
