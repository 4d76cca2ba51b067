import {
  defineStruct,
  fd,
  flags,
  int,
  memory,
  oneOf,
  path,
  prefixed,
  SIGNAL,
  sizeOf,
  syscall,
  text,
  ulong,
  type FlagTable,
  type Kernel,
} from '@ts-c/syscall';
import { namespaces } from './kinds.ts';

// One for each kind of namespace, and those that say what child there will be.
const CLONE: FlagTable = {
  ...Object.fromEntries(namespaces.map(({ key, flag }) => [`CLONE_${key}`, flag])),
  CLONE_PIDFD: 0x1000,
  CLONE_INTO_CGROUP: 0x2_0000_0000,
};
/** `CLONE_PIDFD`: clone3 also gives a pidfd of the child. */
export const clonePidfd = 0x1000n;
/** `CLONE_INTO_CGROUP`: the child begins in the cgroup of version 2 whose directory is open on `cgroup`. */
export const cloneIntoCgroup = 0x2_0000_0000n;

/** The arguments of clone3(2), in the size of Linux 5.7. */
export const cloneArgs = defineStruct('clone_args', {
  flags: { type: 'u64', flags: CLONE },
  pidfd: { type: 'pointer' },
  child_tid: { type: 'u64' },
  parent_tid: { type: 'u64' },
  exit_signal: { type: 'u64', constants: SIGNAL },
  stack: { type: 'u64' },
  stack_size: { type: 'u64' },
  tls: { type: 'u64' },
  set_tid: { type: 'u64' },
  set_tid_size: { type: 'u64' },
  cgroup: { type: 'u64' },
});

/** clone3(2). */
export const clone3 = syscall('clone3', [memory('cl_args'), sizeOf('size', 'cl_args')], 'pid');
/** unshare(2). */
export const unshare = syscall('unshare', [flags('flags', CLONE)]);
/** setns(2). */
export const setns = syscall('setns', [fd('fd'), flags('nstype', CLONE)]);

/** Which process waitid(2) waits for. */
export const P = { ALL: 0, PID: 1, PGID: 2, PIDFD: 3 } as const;
const WAIT = { WEXITED: 4 } as const;
/** `WEXITED` of waitid(2). */
export const WEXITED: number = WAIT.WEXITED;
/** waitid(2). */
export const waitid = syscall('waitid', [
  oneOf('idtype', prefixed('P_', P)),
  fd('id'),
  memory('infop', 128),
  flags('options', WAIT),
  memory('rusage'),
]);

/** `siginfo_t` as waitid(2) fills it: its size, where its fields lie, and how a process has ended. */
export const siginfo = { size: 128, code: 8, pid: 16, status: 24 } as const;
/** Values of `si_code` after waitid(2). */
export const CLD = { EXITED: 1, KILLED: 2, DUMPED: 3 } as const;

const SIG = { SIG_BLOCK: 0, SIG_UNBLOCK: 1, SIG_SETMASK: 2 } as const;
/** `SIG_SETMASK` of sigprocmask(2). */
export const SIG_SETMASK: number = SIG.SIG_SETMASK;
/** rt_sigprocmask(2). */
export const sigprocmask = syscall('rt_sigprocmask', [
  oneOf('how', SIG),
  memory('set', 8),
  memory('oldset', 8),
  ulong('sigsetsize'),
]);

/** signalfd(2). */
export const signalfd4 = syscall(
  'signalfd4',
  [
    fd('fd'),
    memory('mask'),
    sizeOf('sizemask', 'mask'),
    flags('flags', { SFD_CLOEXEC: 0o2000000, SFD_NONBLOCK: 0o4000 }),
  ],
  'fd',
);
/** `struct signalfd_siginfo`. */
export const signalfdInfo = { size: 128, signal: 0, code: 8 } as const;

/** getpid(2). */
export const getpid = syscall('getpid', [], 'pid');
/** faccessat(2), in the form that the kernel has: without flags. */
export const faccessat = syscall('faccessat', [fd('dirfd'), path('pathname'), int('mode')]);
/** kill(2). */
export const kill = syscall('kill', [int('pid'), oneOf('sig', SIGNAL)]);

const mount = syscall('mount', [
  text('source'),
  path('target', 'dest'),
  text('filesystemtype'),
  flags('mountflags', { MS_REC: 0x4000, MS_PRIVATE: 0x40000 }),
  memory('data'),
]);

/** Keeps what will be mounted in this mount namespace from showing up outside, as unshare(1) does: mount_namespaces(7). */
export function makeMountsPrivate(kernel: Kernel): void {
  kernel.call(mount, 'none', '/', null, 0x4000 | 0x40000, null);
}
