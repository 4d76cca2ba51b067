import {
  AT,
  defineStruct,
  fd,
  flags,
  memory,
  oneOf,
  path,
  syscall,
  uint,
  ulong,
  mode,
} from '@ts-c/syscall';

/** Requests of ioctl(2) to terminals: ioctl_tty(2). */
export const TIOC = {
  TIOCSCTTY: 0x540e,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  TIOCSPTLCK: 0x40045431,
  TIOCGPTPEER: 0x5441,
} as const;

/** ioctl(2) with memory as its argument. */
export const ioctl = syscall('ioctl', [fd('fd'), oneOf('op', TIOC), memory('argp')]);
/** ioctl(2) with a number as its argument. */
export const ioctlNumber = syscall('ioctl', [fd('fd'), oneOf('op', TIOC), ulong('arg')]);
/** ioctl(2) with a number as its argument and a file descriptor as its result. */
export const ioctlFd = syscall('ioctl', [fd('fd'), oneOf('op', TIOC), ulong('arg')], 'fd');

/** `struct winsize`. */
export const winsize = defineStruct('winsize', {
  ws_row: { type: 'u16' },
  ws_col: { type: 'u16' },
  ws_xpixel: { type: 'u16' },
  ws_ypixel: { type: 'u16' },
});

/** fchown(2). */
export const fchown = syscall('fchown', [fd('fd'), uint('owner'), uint('group')]);
/** mknodat(2), for the file that a console is mounted on. */
export const mknodat = syscall('mknodat', [
  fd('dirfd'),
  path('pathname'),
  mode('mode'),
  ulong('dev'),
]);
/** open_tree(2). */
export const openTree = syscall(
  'open_tree',
  [
    fd('dirfd'),
    path('pathname'),
    flags('flags', {
      OPEN_TREE_CLONE: 1,
      OPEN_TREE_CLOEXEC: 0o2000000,
      AT_EMPTY_PATH: AT.EMPTY_PATH,
    }),
  ],
  'fd',
);
/** move_mount(2). */
export const moveMount = syscall('move_mount', [
  fd('from_dirfd'),
  path('from_pathname'),
  fd('to_dirfd'),
  path('to_pathname', 'dest'),
  flags('flags', { MOVE_MOUNT_F_EMPTY_PATH: 4, MOVE_MOUNT_T_EMPTY_PATH: 0x40 }),
]);

/** `struct iovec`. */
export const iovec = defineStruct('iovec', {
  iov_base: { type: 'pointer' },
  iov_len: { type: 'u64' },
});
/** `struct msghdr`. */
export const msghdr = defineStruct('msghdr', {
  msg_name: { type: 'pointer' },
  msg_namelen: { type: 'u32' },
  msg_iov: { type: 'pointer' },
  msg_iovlen: { type: 'u64' },
  msg_control: { type: 'pointer' },
  msg_controllen: { type: 'u64' },
  msg_flags: { type: 'i32' },
});
/** `struct cmsghdr` with one file descriptor behind it, and padding. */
export const rights = defineStruct(
  'cmsghdr',
  {
    cmsg_len: { type: 'u64' },
    cmsg_level: { type: 'i32' },
    cmsg_type: { type: 'i32' },
    fd: { type: 'i32' },
  },
  24,
);
/** `SOL_SOCKET` and `SCM_RIGHTS`, and the length of a control message with one descriptor. */
export const SCM = { SOL_SOCKET: 1, RIGHTS: 1, length: 20 } as const;

const MSG = { MSG_DONTWAIT: 0x40, MSG_NOSIGNAL: 0x4000, MSG_CMSG_CLOEXEC: 0x40000000 } as const;
/** Flags of send(2) and recv(2). */
export const messageFlags: typeof MSG = MSG;
/** sendmsg(2). */
export const sendmsg = syscall('sendmsg', [fd('sockfd'), memory('msg'), flags('flags', MSG)], 'n');
/** recvmsg(2). */
export const recvmsg = syscall('recvmsg', [fd('sockfd'), memory('msg'), flags('flags', MSG)], 'n');
/** socketpair(2). */
export const socketpair = syscall('socketpair', [
  oneOf('domain', { AF_UNIX: 1 }),
  flags('type', { SOCK_SEQPACKET: 5, SOCK_CLOEXEC: 0o2000000 }),
  uint('protocol'),
  memory('sv'),
]);
