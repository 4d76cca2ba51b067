import {
  close,
  dup3,
  FILE_SYSTEM,
  fstatfs,
  Memory,
  OPEN,
  openat2,
  openHow,
  RESOLVE,
  statfsSize,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import {
  fchown,
  ioctl,
  ioctlFd,
  ioctlNumber,
  iovec,
  messageFlags,
  mknodat,
  moveMount,
  msghdr,
  openTree,
  rights,
  SCM,
  sendmsg,
  TIOC,
  winsize,
} from './calls.ts';

const owner = '@ts-c/terminal';
const S_IFREG = 0o100000;

/** Rows and columns of characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** How a terminal is made. */
export interface TerminalOptions {
  /** Its size to begin with. */
  readonly size?: TerminalSize;
  /** Who owns the slave; devpts gives it the mode. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Opens a new pseudo-terminal of a devpts: pts(4). The slave is had from the master, by TIOCGPTPEER, so that no path can lead
 * elsewhere.
 *
 * @param devpts A file descriptor of the root of a devpts, as a container has at /dev/pts.
 */
export function openTerminal(
  kernel: Kernel,
  devpts: Value,
  options: TerminalOptions = {},
): { master: Value; slave: Value } {
  const { size, owner: user } = options;
  return kernel.section(owner, 'a terminal', () => {
    const how = openHow.make({
      flags: OPEN.RDWR | OPEN.NOCTTY | OPEN.CLOEXEC,
      resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_XDEV,
    });
    const master = kernel.call(openat2, devpts, 'ptmx', how, openHow.size);
    const buffer = new Memory(statfsSize);
    kernel.call(fstatfs, master, buffer);
    kernel.expect(
      kernel.load(buffer, 0, 8),
      { equals: FILE_SYSTEM.DEVPTS },
      {
        code: 'ERR_WRONG_FILE_SYSTEM',
        message: 'what should be a devpts is none',
      },
    );
    kernel.call(ioctl, master, TIOC.TIOCSPTLCK, new Memory(4));
    const slave = kernel.call(
      ioctlFd,
      master,
      TIOC.TIOCGPTPEER,
      OPEN.RDWR | OPEN.NOCTTY | OPEN.CLOEXEC,
    );
    if (size)
      kernel.call(
        ioctl,
        master,
        TIOC.TIOCSWINSZ,
        winsize.make({ ws_row: size.rows, ws_col: size.columns }),
      );
    if (user) kernel.call(fchown, slave, user.uid, user.gid);
    return { master, slave };
  });
}

/**
 * Makes a terminal the console of a container: mounts the slave itself, by file descriptor, onto /dev/console.
 *
 * @param dev A file descriptor of the container's /dev.
 */
export function bindConsole(kernel: Kernel, dev: Value, slave: Value): void {
  kernel.section(owner, '/dev/console', () => {
    kernel.attempt(['EEXIST'], () => kernel.call(mknodat, dev, 'console', S_IFREG | 0o600, 0));
    const how = openHow.make({
      flags: OPEN.PATH | OPEN.NOFOLLOW | OPEN.CLOEXEC,
      resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS,
    });
    const target = kernel.call(openat2, dev, 'console', how, openHow.size);
    const copy = kernel.call(openTree, slave, '', 1 | 0o2000000 | 0x1000);
    kernel.ensure(
      () => kernel.call(moveMount, copy, '', target, '', 4 | 0x40),
      () => {
        kernel.call(close, copy);
        kernel.call(close, target);
      },
    );
  });
}

/** Sends a file descriptor to whoever has the other end of a socket: SCM_RIGHTS of unix(7). One byte goes with it. */
export function sendDescriptor(kernel: Kernel, socket: Value, descriptor: Value): void {
  kernel.section(owner, 'the master, to the runtime', () => {
    const byte = Memory.text('byte', '');
    const control = rights.make({
      cmsg_len: SCM.length,
      cmsg_level: SCM.SOL_SOCKET,
      cmsg_type: SCM.RIGHTS,
      fd: descriptor,
    });
    const message = msghdr.make({
      msg_iov: iovec.make({ iov_base: byte, iov_len: 1 }),
      msg_iovlen: 1,
      msg_control: control,
      msg_controllen: rights.size,
    });
    kernel.call(sendmsg, socket, message, messageFlags.MSG_NOSIGNAL);
  });
}

/** Makes a terminal the controlling one of this session, which has to be new and led by this process, and its standard streams. */
export function takeTerminal(kernel: Kernel, slave: Value): void {
  kernel.section(owner, 'the standard streams', () => {
    kernel.call(ioctlNumber, slave, TIOC.TIOCSCTTY, 0);
    for (const stream of [0, 1, 2]) kernel.call(dup3, slave, stream, 0);
  });
}
