import process from 'node:process';

/** An architecture that Programs can be compiled for, in Node's spelling. */
export type Arch = 'x64' | 'arm64';

/**
 * The architecture of this process.
 *
 * @throws {Error} where ts-c has no system call numbers for it.
 */
export function hostArch(): Arch {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw new Error(`ts-c has no system call table for ${process.arch}: it knows x64 and arm64`);
}
