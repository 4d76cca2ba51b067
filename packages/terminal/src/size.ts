import { isErrno, live, Memory, type Kernel, type Value } from '@ts-c/syscall';
import { ioctl, TIOC, winsize } from './calls.ts';

/** Rows and columns of characters. Both are 0 where nobody has said. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** What may be a terminal: a stream of node:tty, or another that tells its size as they do. */
export interface SizedStream {
  readonly isTTY?: boolean;
  /** Its file descriptor, if it has one. */
  readonly fd?: number;
  readonly rows?: number;
  readonly columns?: number;
}

const largest = 0xffff;

/** @throws {RangeError} `ERR_OUT_OF_RANGE` where rows or columns are not whole numbers from 0 to 65535. */
export function checkSize({ rows, columns }: TerminalSize): void {
  for (const [field, value] of Object.entries({ rows, columns })) {
    if (Number.isInteger(value) && value >= 0 && value <= largest) continue;
    throw Object.assign(
      new RangeError(
        `size.${field}: expected a whole number from 0 to ${largest}, got ${String(value)}`,
      ),
      { code: 'ERR_OUT_OF_RANGE', field: `size.${field}` },
    );
  }
}

/** TIOCSWINSZ of ioctl_tty(2): the processes in the foreground get SIGWINCH if it is another size than before. */
export function setSize(kernel: Kernel, terminal: Value, size: TerminalSize): void {
  checkSize(size);
  const argument = winsize.make({ ws_row: size.rows, ws_col: size.columns });
  kernel.call(ioctl, terminal, TIOC.TIOCSWINSZ, argument);
}

/** TIOCGWINSZ of ioctl_tty(2). */
export function getSize(terminal: number): TerminalSize {
  const memory = new Memory(winsize.size);
  live.call(ioctl, terminal, TIOC.TIOCGWINSZ, memory);
  return {
    rows: Number(memory.get('u16', winsize.offsets.ws_row)),
    columns: Number(memory.get('u16', winsize.offsets.ws_col)),
  };
}

/**
 * The size of the terminal that a stream is, asked of the terminal itself where the stream has a file descriptor.
 *
 * @returns nothing where it is no terminal, or one that does not know its size.
 */
export function currentSize(stream: SizedStream): TerminalSize | undefined {
  const size = stream.isTTY ? sizeOf(stream) : undefined;
  return size && size.rows > 0 && size.columns > 0 ? size : undefined;
}

function sizeOf({ fd, rows, columns }: SizedStream): TerminalSize | undefined {
  try {
    if (fd !== undefined && fd >= 0) return getSize(fd);
  } catch (error) {
    // It was a terminal once.
    if (isErrno(error, 'ENOTTY', 'EBADF', 'EIO')) return undefined;
    throw error;
  }
  return rows === undefined || columns === undefined ? undefined : { rows, columns };
}
