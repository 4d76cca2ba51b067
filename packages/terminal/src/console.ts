import {
  AT,
  dup3,
  mknodat,
  MOVE_MOUNT,
  moveMountCall,
  OPEN,
  OPEN_TREE,
  openat2,
  openHow,
  openTreeCall,
  RESOLVE,
  withDescriptor,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { ioctlNumber, TIOC } from './calls.ts';
import { owner } from './owner.ts';

const S_IFREG = 0o100000;

/**
 * Makes a terminal the console of a container: mounts the slave itself, by file descriptor, onto /dev/console, where a file is made
 * if there is none. Whatever is there is only mounted over, never opened; a link is refused. move_mount(2), open_tree(2).
 *
 * The calling process has to be in the mount namespace that the slave's devpts is mounted in.
 *
 * @param dev A file descriptor of the container's /dev. `O_PATH` is enough.
 * @throws {SystemError} `ELOOP` where console is a symbolic link, `EINVAL` where it is a directory.
 */
export function bindConsole(kernel: Kernel, dev: Value, slave: Value): void {
  kernel.section(owner, '/dev/console', () => {
    // Unlike open(2) with O_CREAT this makes a file or nothing: a link that is there leads nowhere.
    kernel.attempt(['EEXIST'], () => {
      kernel.call(mknodat, dev, 'console', S_IFREG | 0o600, 0);
    });
    const how = openHow.make({
      flags: OPEN.PATH | OPEN.CLOEXEC,
      resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS,
    });
    withDescriptor(kernel, kernel.call(openat2, dev, 'console', how, openHow.size), (target) => {
      const flags = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH;
      withDescriptor(kernel, kernel.call(openTreeCall, slave, '', flags), (copy) => {
        const byDescriptor = MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH;
        kernel.call(moveMountCall, copy, '', target, '', byDescriptor);
      });
    });
  });
}

/**
 * Makes a terminal the controlling one of the session, by TIOCSCTTY of ioctl_tty(2), and the standard input, output and error of
 * the process, by dup3(2).
 *
 * The session has to be new, and led by the calling process: setsid(2) comes first. The slave must not be one of the descriptors 0
 * to 2 itself. It stays open beside them, and is close-on-exec if {@link openTerminal} has made it.
 *
 * @throws {SystemError} `EPERM` where the process leads no session, or it or the terminal already belongs to another.
 */
export function takeTerminal(kernel: Kernel, slave: Value): void {
  kernel.section(owner, 'the standard streams', () => {
    kernel.call(ioctlNumber, slave, TIOC.TIOCSCTTY, 0);
    for (const stream of [0, 1, 2]) kernel.call(dup3, slave, stream, 0);
  });
}
