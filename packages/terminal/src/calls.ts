import {
  defineStruct,
  fd,
  flags,
  memory,
  oneOf,
  OPEN,
  prefixed,
  syscall,
  uint,
  ulong,
} from '@ts-c/syscall';

/** Requests of ioctl(2) to terminals: ioctl_tty(2). */
export const TIOC = {
  TCGETS: 0x5401,
  TCSETSW: 0x5403,
  TIOCSCTTY: 0x540e,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
  TIOCGPTPEER: 0x5441,
} as const;

/** ioctl(2) with memory as its argument. */
export const ioctl = syscall('ioctl', [fd('fd'), oneOf('op', TIOC), memory('argp')]);
/** ioctl(2) with a number as its argument. */
export const ioctlNumber = syscall('ioctl', [fd('fd'), oneOf('op', TIOC), ulong('arg')]);
/** ioctl(2) that opens something: its argument is flags of open(2). */
export const ioctlOpen = syscall(
  'ioctl',
  [
    fd('fd'),
    oneOf('op', TIOC),
    // These three have the same bits on every architecture that ts-c knows.
    flags('flags', prefixed('O_', { RDWR: OPEN.RDWR, NOCTTY: OPEN.NOCTTY, CLOEXEC: OPEN.CLOEXEC })),
  ],
  'fd',
);

/** `struct winsize`. */
export const winsize = defineStruct('winsize', {
  ws_row: { type: 'u16' },
  ws_col: { type: 'u16' },
  ws_xpixel: { type: 'u16' },
  ws_ypixel: { type: 'u16' },
});

/** `struct termios` of the kernel, with its 19 control characters behind. */
export const termios = defineStruct(
  'termios',
  {
    c_iflag: { type: 'u32' },
    c_oflag: { type: 'u32' },
    c_cflag: { type: 'u32' },
    c_lflag: { type: 'u32' },
    c_line: { type: 'u8' },
  },
  36,
);

/** fchown(2). */
export const fchown = syscall('fchown', [fd('fd'), uint('owner'), uint('group')]);

/** `F_SETFL` of fcntl(2). */
export const F_SETFL = 4;
/** fcntl(2) that sets status flags. */
export const setStatusFlags = syscall('fcntl', [
  fd('fd'),
  oneOf('op', { F_SETFL }),
  flags('flags', { O_NONBLOCK: OPEN.NONBLOCK }),
]);

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** `struct cmsghdr` with one file descriptor behind it, padded as `CMSG_SPACE` says. */
export const descriptorMessage = defineStruct(
  'cmsghdr',
  {
    cmsg_len: { type: 'u64' },
    cmsg_level: { type: 'i32', constants: { SOL_SOCKET } },
    cmsg_type: { type: 'i32', constants: { SCM_RIGHTS } },
    fd: { type: 'i32' },
  },
  24,
);
/** What the header of such a message says: `CMSG_LEN(sizeof (int))`, and that a descriptor follows. */
export const rightsHeader = {
  cmsg_len: 20,
  cmsg_level: SOL_SOCKET,
  cmsg_type: SCM_RIGHTS,
} as const;
