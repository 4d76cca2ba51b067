/**
 * System calls that several packages make, each declared once. A package declares those that only it makes in a file of its own.
 */
import { defineStruct } from './struct.ts';
import {
  AT_FDCWD,
  fd,
  flags,
  int,
  memory,
  mode,
  oneOf,
  path,
  sizeOf,
  text,
  uint,
  ulong,
} from './parameter.ts';
import { syscall } from './syscall.ts';
import { openFlags, OPEN } from './open-flags.ts';

export { AT_FDCWD, OPEN };

/** `AT_*` flags that calls share. */
export const AT = {
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  NO_AUTOMOUNT: 0x800,
  EMPTY_PATH: 0x1000,
  RECURSIVE: 0x8000,
} as const;
const atFlags = prefixed('AT_', AT);

/** How openat2(2) resolves a path. */
export const RESOLVE = {
  NO_XDEV: 0x01,
  NO_MAGICLINKS: 0x02,
  NO_SYMLINKS: 0x04,
  BENEATH: 0x08,
  IN_ROOT: 0x10,
  CACHED: 0x20,
} as const;

/** openat2(2). */
export const openHow = defineStruct('open_how', {
  flags: { type: 'u64', flags: openFlags.table, translate: openFlags.translate },
  mode: { type: 'u64' },
  resolve: { type: 'u64', flags: prefixed('RESOLVE_', RESOLVE) },
});

/** openat2(2): open a path relative to a directory, resolved as {@link openHow} says. */
export const openat2 = syscall(
  'openat2',
  [fd('dirfd'), path('pathname'), memory('how'), sizeOf('size', 'how')],
  'fd',
);
/** openat(2). */
export const openat = syscall(
  'openat',
  [
    fd('dirfd'),
    path('pathname'),
    flags('flags', openFlags.table, openFlags.translate),
    mode('mode'),
  ],
  'fd',
);
/** close(2). */
export const close = syscall('close', [fd('fd')]);
/** read(2). */
export const read = syscall('read', [fd('fd'), memory('buf'), sizeOf('count', 'buf')], 'n');
/** write(2). */
export const write = syscall('write', [fd('fd'), memory('buf'), sizeOf('count', 'buf')], 'n');
/** mkdirat(2). */
export const mkdirat = syscall('mkdirat', [fd('dirfd'), path('pathname'), mode('mode')]);
/** mknodat(2). */
export const mknodat = syscall('mknodat', [
  fd('dirfd'),
  path('pathname'),
  mode('mode'),
  uint('dev'),
]);
/** unlinkat(2). */
export const unlinkat = syscall('unlinkat', [
  fd('dirfd'),
  path('pathname'),
  flags('flags', atFlags),
]);
/** chdir(2). */
export const chdir = syscall('chdir', [path('path')]);
/** fchdir(2). */
export const fchdir = syscall('fchdir', [fd('fd')]);
/** umask(2). */
export const umask = syscall('umask', [mode('mask')], 'n');
/** dup3(2). */
export const dup3 = syscall('dup3', [
  fd('oldfd'),
  fd('newfd'),
  flags('flags', openFlags.table, openFlags.translate),
]);
/** pipe2(2): fills memory with two file descriptors of 32 bits, the end to read first. */
export const pipe2 = syscall('pipe2', [
  memory('pipefd', 8),
  flags('flags', openFlags.table, openFlags.translate),
]);

/** Flags of close_range(2). */
export const CLOSE_RANGE = { UNSHARE: 2, CLOEXEC: 4 } as const;
/** close_range(2). */
export const closeRange = syscall('close_range', [
  uint('first'),
  uint('last'),
  flags('flags', prefixed('CLOSE_RANGE_', CLOSE_RANGE)),
]);

/** execve(2). */
export const execve = syscall('execve', [path('pathname'), memory('argv'), memory('envp')]);
/** exit_group(2). */
export const exitGroup = syscall('exit_group', [int('status')]);
/** setsid(2). */
export const setsid = syscall('setsid', [], 'pid');
/** setgroups(2): group ids of 32 bits each. */
export const setgroups = syscall('setgroups', [ulong('size'), memory('list')]);
/** setresgid(2). */
export const setresgid = syscall('setresgid', [uint('rgid'), uint('egid'), uint('sgid')]);
/** setresuid(2). */
export const setresuid = syscall('setresuid', [uint('ruid'), uint('euid'), uint('suid')]);

/** Size of `struct statfs`. */
export const statfsSize = 120;
/** fstatfs(2): the type of the file system is the first 8 bytes of what it fills. */
export const fstatfs = syscall('fstatfs', [fd('fd'), memory('buf', statfsSize)]);
/** Types of file systems, as fstatfs(2) gives them. */
export const FILE_SYSTEM = {
  PROC: 0x9fa0,
  SYSFS: 0x62656572,
  DEVPTS: 0x1cd1,
  TMPFS: 0x01021994,
  OVERLAY: 0x794c7630,
  CGROUP: 0x27e0eb,
  CGROUP2: 0x63677270,
  NSFS: 0x6e736673,
} as const;

/** What statx(2) is asked for. */
export const STATX = {
  TYPE: 1,
  MODE: 2,
  UID: 8,
  GID: 16,
  INO: 0x100,
  BASIC_STATS: 0x7ff,
  MNT_ID: 0x1000,
} as const;
/** Size of `struct statx`, and where its fields lie. */
export const statxLayout = {
  size: 256,
  mode: 28,
  uid: 20,
  gid: 24,
  ino: 32,
  size64: 40,
  rdevMajor: 128,
  rdevMinor: 132,
  devMajor: 136,
  devMinor: 140,
  mountId: 144,
} as const;
/** statx(2). */
export const statx = syscall('statx', [
  fd('dirfd'),
  path('pathname'),
  flags('flags', atFlags),
  flags('mask', prefixed('STATX_', STATX)),
  memory('statxbuf', statxLayout.size),
]);

/** Flags of open_tree(2). The second is O_CLOEXEC. */
export const OPEN_TREE = { CLONE: 1, CLOEXEC: 0o2000000 } as const;
/** open_tree(2). */
export const openTreeCall = syscall(
  'open_tree',
  [
    fd('dirfd'),
    path('pathname'),
    flags('flags', {
      ...prefixed('OPEN_TREE_', OPEN_TREE),
      AT_RECURSIVE: AT.RECURSIVE,
      AT_EMPTY_PATH: AT.EMPTY_PATH,
      AT_SYMLINK_NOFOLLOW: AT.SYMLINK_NOFOLLOW,
    }),
  ],
  'fd',
);

/** Flags of move_mount(2). */
export const MOVE_MOUNT = {
  F_SYMLINKS: 1,
  F_EMPTY_PATH: 4,
  T_SYMLINKS: 0x10,
  T_EMPTY_PATH: 0x40,
} as const;
/** move_mount(2). */
export const moveMountCall = syscall('move_mount', [
  fd('from_dirfd'),
  path('from_pathname'),
  fd('to_dirfd'),
  path('to_pathname', 'dest'),
  flags('flags', prefixed('MOVE_MOUNT_', MOVE_MOUNT)),
]);

/** Signals by name, in Linux's numbers on both architectures. */
export const SIGNAL = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** `prctl` operations that ts-c makes use of, by name. */
export const PR = {
  SET_PDEATHSIG: 1,
  SET_DUMPABLE: 4,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  CAPBSET_READ: 23,
  CAPBSET_DROP: 24,
  SET_SECUREBITS: 28,
  SET_CHILD_SUBREAPER: 36,
  SET_NO_NEW_PRIVS: 38,
  CAP_AMBIENT: 47,
} as const;
/** prctl(2) with numbers. */
export const prctl = syscall(
  'prctl',
  [oneOf('op', prefixed('PR_', PR)), ulong('arg2'), ulong('arg3'), ulong('arg4'), ulong('arg5')],
  '0',
);
/** prctl(2) with a string: `PR_SET_NAME`. */
export const prctlText = syscall('prctl', [oneOf('op', prefixed('PR_', PR)), text('arg2')]);

/** pidfd_open(2). */
export const pidfdOpen = syscall('pidfd_open', [int('pid'), uint('flags')], 'fd');
/** pidfd_send_signal(2). */
export const pidfdSendSignal = syscall('pidfd_send_signal', [
  fd('pidfd'),
  oneOf('sig', SIGNAL),
  memory('info', 128),
  uint('flags'),
]);

/** Operations of flock(2). */
export const LOCK = { SH: 1, EX: 2, NB: 4, UN: 8 } as const;
/** flock(2). */
export const flock = syscall('flock', [fd('fd'), flags('operation', prefixed('LOCK_', LOCK))]);

/** Gives a table of constants the prefix that they have in C, for listings. */
export function prefixed(
  prefix: string,
  table: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [prefix + name, value]));
}

/** `struct pollfd`, one after the other in an array. */
export const pollfd = { size: 8, fd: 0, events: 4, revents: 6 } as const;
/** Events of poll(2). */
export const POLL = { IN: 1, ERR: 8, HUP: 16 } as const;
/** ppoll(2). */
export const ppoll = syscall(
  'ppoll',
  [memory('fds'), uint('nfds'), memory('tmo_p'), memory('sigmask'), ulong('sigsetsize')],
  'n',
);
