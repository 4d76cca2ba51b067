import { statSync } from 'node:fs';
import { CgroupError } from '../error.ts';
import { invalid } from '../value.ts';

const numbers = /^(\d{1,4}):(\d{1,7})$/;
const expected = "a block device by its path, such as '/dev/sda', or by its numbers, such as '8:0'";

/** @throws {CgroupError} `ERR_INVALID_RESOURCES` for what is neither a path nor a pair of numbers. */
export function checkBlockDevice(device: string, key: string): void {
  if (typeof device !== 'string') throw invalid(key, expected, device);
  const isPath = device.startsWith('/') && !device.includes('\0');
  if (isPath) return;
  const [, major, minor] = numbers.exec(device) ?? [];
  if (!(Number(major) <= 0xfff && Number(minor) <= 0xfffff)) throw invalid(key, expected, device);
}

/**
 * The numbers of a block device, as the kernel's files have them: `8:0`.
 *
 * @throws {CgroupError} `ERR_INVALID_RESOURCES` where a path is none of a block device.
 */
export function numbersOf(device: string, key: string): string {
  if (!device.startsWith('/')) return device;
  const { rdev, isBlock } = lookUp(device, key);
  if (!isBlock) throw invalid(key, expected, device);
  const major = (rdev >> 8n) & 0xfffn;
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xfff00n);
  return `${major}:${minor}`;
}

function lookUp(path: string, key: string): { readonly rdev: bigint; readonly isBlock: boolean } {
  try {
    const stats = statSync(path, { bigint: true });
    return { rdev: stats.rdev, isBlock: stats.isBlockDevice() };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CgroupError('ERR_INVALID_RESOURCES', `${key}: ${path} can’t be looked up: ${code}`, {
      key,
      value: path,
      cause,
    });
  }
}
