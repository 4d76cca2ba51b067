import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isErrno, live, OPEN, openat2, openHow, RESOLVE } from '@ts-c/syscall';
import { problem } from './error.ts';

const largest = 1024 * 1024;

/**
 * Reads a small text file inside a root file system that is not trusted, such as a container's /etc/passwd: resolved inside that root
 * by openat2(2), and only if it is a regular file, so that neither a link out, nor a FIFO or device, does any harm.
 *
 * @param root The root file system, a path of the host.
 * @param path The file, as seen from inside.
 * @returns undefined where there is no such file.
 * @throws {Error} `ERR_NOT_A_FILE`, `ERR_FILE_TOO_LARGE` above 1 MiB, or a SystemError.
 */
export function readFileInRoot(root: string, path: string): string | undefined {
  return live.section('@ts-c/capabilities', `${path} of the container`, () => {
    const directory = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const how = openHow.make({
        flags: OPEN.RDONLY | OPEN.NONBLOCK | OPEN.NOCTTY | OPEN.CLOEXEC,
        resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS,
      });
      let file: number;
      try {
        file = Number(live.call(openat2, directory, path, how, openHow.size));
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
        throw error;
      }
      return readRegular(file, path);
    } finally {
      closeSync(directory);
    }
  });
}

function readRegular(file: number, path: string): string {
  try {
    const { size } = regular(file, path);
    if (size > largest) throw problem('ERR_FILE_TOO_LARGE', `${path} of the container has ${size} bytes; ${largest} are the most`, { path });
    // One byte more than it should have: if that is filled, it grew while it was read.
    const buffer = Buffer.alloc(size + 1);
    let length = 0;
    for (;;) {
      const count = readSync(file, buffer, length, buffer.length - length, null);
      length += count;
      if (length > size) throw problem('ERR_NOT_A_FILE', `${path} of the container changes while it is read`, { path });
      if (count === 0) return buffer.toString('utf8', 0, length);
    }
  } finally {
    closeSync(file);
  }
}

function regular(file: number, path: string): { size: number } {
  const stat = fstatSync(file);
  if (!stat.isFile()) throw problem('ERR_NOT_A_FILE', `${path} of the container is not a regular file`, { path });
  return stat;
}
