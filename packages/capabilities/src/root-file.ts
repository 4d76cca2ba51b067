import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import {
  AT_FDCWD,
  checkInteger,
  isErrno,
  live,
  OPEN,
  openat,
  openat2,
  openHow,
  RESOLVE,
  withDescriptor,
} from '@ts-c/syscall';
import { problem } from './error.ts';

const mebibyte = 2 ** 20;
const chunkSize = 16_384;
// openat2(2) gives up with EAGAIN when something is renamed meanwhile, and asks to be called again.
const tries = 64;

/**
 * Reads a text file of a root file system that nobody vouches for: `path` is resolved inside of `root`, which symbolic links do not
 * leave, and only a regular file is opened. UTF-8. See openat2(2), RESOLVE_IN_ROOT.
 *
 * @param root The directory, or a file descriptor of it.
 * @param options `maxBytes`: how large the file may be; 1 MiB unless given.
 * @returns its text; undefined where there is no such file.
 * @throws {Error} `ERR_NOT_A_FILE` for a FIFO, a device or a directory, `ERR_FILE_TOO_LARGE`.
 * @throws {SystemError} where it can't be opened.
 */
export function readFileInRoot(
  root: string | number,
  path: string,
  options: { readonly maxBytes?: number } = {},
): string | undefined {
  const { maxBytes = mebibyte } = options;
  checkInteger('maxBytes', maxBytes, 1, 2 ** 31 - 1);
  if (typeof root === 'number') return readBelow(root, path, maxBytes);
  const flags = OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC;
  return withDescriptor(live, Number(live.call(openat, AT_FDCWD, root, flags, 0)), (directory) =>
    readBelow(directory, path, maxBytes),
  );
}

function readBelow(directory: number, path: string, maxBytes: number): string | undefined {
  const found = find(directory, path);
  return found === undefined
    ? undefined
    : withDescriptor(live, found, (descriptor) => {
        // Only looked at so far: to open a device can already do something, and to open a FIFO can take forever.
        if (!fstatSync(descriptor).isFile())
          throw problem('ERR_NOT_A_FILE', `${path} is not a regular file`, { path });
        const file = reopen(descriptor, path);
        try {
          return readAll(file, path, maxBytes);
        } finally {
          closeSync(file);
        }
      });
}

function find(directory: number, path: string): number | undefined {
  const how = openHow.make({
    flags: OPEN.PATH | OPEN.CLOEXEC,
    resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS,
  });
  for (let left = tries; ; left--) {
    try {
      return Number(live.call(openat2, directory, path, how, openHow.size));
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      if (left === 0 || !isErrno(error, 'EAGAIN')) throw error;
    }
  }
}

/** Opens for reading what is open as a mere place. */
function reopen(descriptor: number, path: string): number {
  const link = `/proc/thread-self/fd/${descriptor}`;
  try {
    return openSync(link, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const { message } = error as Error;
    throw Object.assign(error as Error, { path, message: message.replace(link, path) });
  }
}

function readAll(file: number, path: string, maxBytes: number): string {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkSize, maxBytes + 1 - total));
    const count = readSync(file, chunk);
    if (count === 0) return Buffer.concat(chunks).toString('utf8');
    total += count;
    // The size that fstat(2) gives proves nothing, so what arrives is counted.
    if (total > maxBytes)
      throw problem('ERR_FILE_TOO_LARGE', `${path} is larger than ${maxBytes} bytes`, { path });
    chunks.push(chunk.subarray(0, count));
  }
}
