import {
  close,
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
import { fchown, ioctl, ioctlOpen, TIOC } from './calls.ts';
import { owner } from './owner.ts';
import { checkSize, setSize, type TerminalSize } from './size.ts';

/** How a terminal is made. */
export interface TerminalOptions {
  /** Its size to begin with; 0 rows of 0 columns if not given. */
  readonly size?: TerminalSize;
  /** Who owns the slave, as the calling process counts ids. Its mode, and otherwise its owner, are those that the devpts gives. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** Both sides of a pseudo-terminal. */
export interface TerminalPair {
  /** File descriptor of the side that a user is on. */
  readonly master: Value;
  /** File descriptor of the side that programs run on. */
  readonly slave: Value;
}

// That a terminal becomes the controlling one is said in so many words: takeTerminal.
const openFlags: number = OPEN.RDWR | OPEN.NOCTTY | OPEN.CLOEXEC;

/**
 * Opens a new pseudo-terminal of a devpts: pts(4). Its ptmx is opened relative to the devpts, which is seen to be one first, and
 * nothing that is a link or mounted over it is followed. The slave is had from the master, by TIOCGPTPEER of ioctl_tty(2), so that
 * no path can lead elsewhere.
 *
 * Both file descriptors are close-on-exec and the caller's to close. `live` leaves none open where it throws.
 *
 * @param devpts A file descriptor of the root of a devpts, as a container has at /dev/pts. `O_PATH` is enough.
 * @throws {Error} `ERR_WRONG_FILE_SYSTEM` where it is something else; `ERR_OUT_OF_RANGE` for a size that can't be.
 * @throws {SystemError} where the kernel refuses: `ENOSPC` if there are too many terminals (/proc/sys/kernel/pty), `EXDEV` or `ELOOP`
 * if ptmx is not the devpts's own.
 */
export function openTerminal(
  kernel: Kernel,
  devpts: Value,
  { size, owner: user }: TerminalOptions = {},
): TerminalPair {
  if (size) checkSize(size);
  return kernel.section(owner, 'a terminal', () => {
    expectDevpts(kernel, devpts);
    const how = openHow.make({
      flags: openFlags,
      resolve: RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_XDEV,
    });
    const master = kernel.call(openat2, devpts, 'ptmx', how, openHow.size);
    return orClose(kernel, master, () => {
      kernel.call(ioctl, master, TIOC.TIOCSPTLCK, unlocked());
      const slave = kernel.call(ioctlOpen, master, TIOC.TIOCGPTPEER, openFlags);
      return orClose(kernel, slave, () => {
        if (size) setSize(kernel, master, size);
        if (user) kernel.call(fchown, slave, user.uid, user.gid);
        return { master, slave };
      });
    });
  });
}

// Before anything in it is opened: what opening does to a file that only pretends is not to be known.
function expectDevpts(kernel: Kernel, devpts: Value): void {
  const buffer = new Memory(statfsSize);
  kernel.call(fstatfs, devpts, buffer);
  const type = kernel.load(buffer, 0, 8);
  kernel.expect(
    type,
    { equals: FILE_SYSTEM.DEVPTS },
    { code: 'ERR_WRONG_FILE_SYSTEM', message: 'what should be devpts is not' },
  );
}

function unlocked(): Memory {
  const memory = new Memory(4);
  memory.describe = () => '[0]';
  return memory;
}

/** Does `body`, and closes a descriptor if that throws. A Program ends where it fails, and everything of it is closed then. */
function orClose<T>(kernel: Kernel, descriptor: Value, body: () => T): T {
  try {
    return body();
  } catch (error) {
    kernel.call(close, descriptor);
    throw error;
  }
}
