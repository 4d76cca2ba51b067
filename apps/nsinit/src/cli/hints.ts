import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';

/** What errors of Node, of the kernel and of the packages may carry. */
interface Details {
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly owner?: string;
  readonly title?: string;
  readonly hint?: string;
}

/** Reads a file of /proc, for what a hint depends on. */
export type ReadFile = (path: string) => string | undefined;

type Rule = (details: Details, read: ReadFile) => string | undefined;

const floor = 'Linux 5.14 or later is needed; nsinit features shows what this kernel lacks';
const created = 'unshare clone3';

const byCode: Readonly<Record<string, Rule>> = {
  EPERM({ syscall = '', owner }, read) {
    if (created.includes(syscall)) return userNamespaceHint(read) ?? privilegeHint();
    if (syscall === 'setns')
      return 'to enter that namespace CAP_SYS_ADMIN is needed in the user namespace that owns it';
    if (syscall === 'capset' || owner === '@ts-c/capabilities') {
      return 'a capability that the container is to keep is not its starter’s to give: --cap-drop it; nsinit features shows those that are missing';
    }
    if (syscall === 'mknodat')
      return 'device nodes can’t be made in a user namespace: bind those of the host, or leave them out';
    if (syscall === 'netlink')
      return 'CAP_NET_ADMIN is missing in the user namespace that the network belongs to; nsinit features says more';
    if (syscall.startsWith('pidfd') || syscall === 'kill')
      return 'it is somebody else’s process: be its owner, or root';
    return privilegeHint();
  },
  EACCES({ syscall, path }) {
    if (syscall?.startsWith('execve'))
      return 'is it a file, executable, and on a mount without noexec?';
    return (
      path &&
      `${process.geteuid?.() === 0 ? 'even root' : 'this user'} may not use ${path}: look at its mode and at those of the directories above`
    );
  },
  ENOENT({ syscall, path, owner }) {
    if (syscall?.startsWith('execve')) return undefined;
    if (path?.endsWith('container.json'))
      return 'nsinit spec --new prints one to begin with; data_path names another directory';
    if (syscall === 'openat' && owner === '@ts-c/namespaces' && path)
      return `there is no namespace at ${path}: lsns shows those of processes, ip netns list those with a name`;
    return owner === '@ts-c/mount' && path
      ? `is ${path} there, on this machine or in the root file system?`
      : undefined;
  },
  ENOSYS: ({ syscall }) =>
    `this kernel does not have ${syscall ?? 'that system call'}, or a seccomp filter hides it; ${floor}`,
  ELOOP: ({ path }) =>
    `${path ? `${JSON.stringify(path)} in the root file system` : 'something'} is a symbolic link where a real file or directory has to be; it is refused, since it could lead anywhere`,
  ENOTDIR: ({ path }) => path && `${JSON.stringify(path)} or something above it is not a directory`,
  EEXIST({ syscall, path, title = '' }) {
    if (syscall === 'netlink' && title.startsWith('routes'))
      return 'the container has that route already, as each address comes with one to its network: leave it out';
    return syscall === 'mkdirat' && path
      ? `is the id ${basename(path)} in use? nsinit list shows those that are; choose another with --id`
      : undefined;
  },
  ENETUNREACH: ({ syscall }) =>
    syscall === 'netlink'
      ? 'a gateway has to be in a network of one of the container’s devices: nsinit run … ip addr shows which addresses those have'
      : undefined,
  EOPNOTSUPP: ({ syscall, title }) =>
    syscall === 'netlink' && title
      ? `this kernel may not have that kind of device (${title}): modprobe may load it`
      : undefined,
  EAGAIN: ({ syscall }) =>
    syscall === 'flock'
      ? 'another container is running from that directory'
      : 'a limit on processes or memory may have been reached: ulimit -u, pids.max',
  EBUSY: ({ path }) => path && `${path} is in use, as a mount point or by another process`,
  EINVAL({ syscall, path, title }, read) {
    if (syscall === 'netlink' && title?.startsWith('routes'))
      return 'does the container have the address that is its source?';
    if (syscall === 'netlink' && title?.includes(', '))
      return `the kernel does not give a container that device (${title}): bridges and the like stay where they are made`;
    if (syscall === 'setns')
      return 'is that a namespace of the kind that was asked for? ls -l /proc/PID/ns shows kinds';
    if (created.includes(syscall ?? ''))
      return (
        userNamespaceHint(read) ??
        `one of the kinds of namespaces may be missing from this kernel; ${floor}`
      );
    if (syscall === 'fsconfig' && title === 'a view of the host')
      return 'an overlay can’t have / below it here, as in a user namespace: give the container a --rootfs';
    if (syscall === 'fsconfig' || syscall === 'fsmount')
      return `the kernel does not like an option of that mount; dmesg may say which`;
    return path && syscall === 'pivot_root'
      ? 'pivot_root does not work from an initramfs: set no_pivot_root'
      : undefined;
  },
  ENOSPC: ({ syscall }, read) =>
    created.includes(syscall ?? '')
      ? (userNamespaceHint(read) ?? 'a limit of /proc/sys/user/max_*_namespaces has been reached')
      : 'the disk, or a limit of the kernel, is full',
  ENODEV({ syscall, title }) {
    if (syscall === 'netlink' && title?.startsWith('routes'))
      return 'the network namespace has no device of that name: nsinit run … ip link shows those that it has';
    return syscall === 'fsopen'
      ? 'this kernel does not have that file system; modprobe may load it'
      : undefined;
  },
  ENOMEM: () => 'the machine, or a limit on this process, is out of memory',
  EADDRINUSE: ({ syscall }) =>
    syscall === 'bind'
      ? 'another program or container has that port of this machine, and ss -lntup may say which: publish another one'
      : undefined,
  EADDRNOTAVAIL: ({ syscall }) =>
    syscall === 'bind'
      ? 'this machine does not have that address: ip addr shows those that it has'
      : undefined,
  EMFILE: () => 'too many files are open: ulimit -n',
  EROFS: ({ path }) =>
    path && `what holds ${path} is read-only: make the mount point there beforehand`,
  ESRCH: () => 'it has ended',
  ENOEXEC: () =>
    'it is no program for this machine: a script needs a first line such as #!/bin/sh, a binary the right architecture',
  ENXIO: () => undefined,
  ERR_ID_MAPS: () =>
    'newuidmap and newgidmap (package uidmap) and ranges in /etc/subuid and /etc/subgid are needed to map more than the own id',
  ERR_NO_SUCH_CONTAINER: () =>
    'nsinit list shows those that there are; --root names another place to look',
  ERR_AMBIGUOUS_ID: () => 'type more of it',
  ERR_STATE_ROOT: () => 'choose another directory with --root',
  ERR_LOCKED: () => 'another nsinit is at work there; try again',
  ERR_CONFIG: () => undefined,
};

/** What can be done about an error, where that is known. */
export function hintFor(error: unknown, read: ReadFile = readIfThere): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const details = error as Details;
  if (details.hint !== undefined) return details.hint;
  // It has its own remedy in it.
  if (error instanceof Error && error.name === 'CgroupError') return undefined;
  const { code } = details;
  return code !== undefined && Object.hasOwn(byCode, code)
    ? byCode[code]?.(details, read)
    : undefined;
}

/** Why this user may not make namespaces, where a sysctl says so. See user_namespaces(7). */
export function userNamespaceHint(read: ReadFile): string | undefined {
  if (process.geteuid?.() === 0) return undefined;
  const value = (name: string): string | undefined => read(`/proc/sys/${name}`)?.trim();
  if (value('kernel/unprivileged_userns_clone') === '0')
    return 'sysctl kernel.unprivileged_userns_clone=1 lets ordinary users make user namespaces';
  if (value('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'AppArmor keeps ordinary users from making user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile for node that allows userns';
  }
  if (value('user/max_user_namespaces') === '0')
    return 'sysctl user.max_user_namespaces is 0: raise it';
  return undefined;
}

function privilegeHint(): string {
  return process.geteuid?.() === 0
    ? 'root lacks a capability here, or a security module or seccomp filter forbids it (are we in a container?); nsinit features says more'
    : 'run it as root, or ask for a user namespace: --userns';
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
