import { lstatSync, readdirSync, type Dirent, type Stats } from 'node:fs';
import { posix } from 'node:path';
import type { Device } from './config.ts';
import { blockDevice, characterDevice, major, minor } from './devices.ts';

// What is a file system of its own, or a link into /proc.
const skippedDirectories = new Set(['pts', 'shm', 'fd', 'mqueue']);
// Often a terminal of somebody's in disguise, of which a copy can't be used.
const skippedFiles = new Set(['/dev/console']);

/**
 * Describes a device node of this machine.
 *
 * @param path A path of the host; a symbolic link is not followed.
 * @param permissions What a container may do with it: some of `r`, `w` and `m`.
 * @throws {Error} `ERR_NOT_A_DEVICE` for what is neither a character nor a block device; Node's own where it can't be looked at.
 */
export function getDevice(path: string, permissions = 'rwm'): Device {
  const device = describe(path, lstatSync(path), permissions);
  if (device) return device;
  throw Object.assign(new Error(`${path}: not a device node`), { code: 'ERR_NOT_A_DEVICE', path });
}

/**
 * All device nodes below /dev, in order of their names. What vanishes meanwhile is left out, as are pseudo terminals, /dev/shm,
 * /dev/mqueue and /dev/console.
 *
 * @param directory Where to look, for the sake of tests.
 */
export function hostDeviceNodes(directory = '/dev'): Device[] {
  const entries = ifThere(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  return entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => nodesOf(directory, entry));
}

function nodesOf(directory: string, entry: Dirent): Device[] {
  const path = posix.join(directory, entry.name);
  if (entry.isDirectory()) return skippedDirectories.has(entry.name) ? [] : hostDeviceNodes(path);
  if (skippedFiles.has(path)) return [];
  const status = ifThere(() => lstatSync(path));
  const device = status && describe(path, status, 'rwm');
  return device ? [device] : [];
}

function describe(path: string, status: Stats, permissions: string): Device | undefined {
  if (!status.isCharacterDevice() && !status.isBlockDevice()) return undefined;
  return {
    type: status.isCharacterDevice() ? characterDevice : blockDevice,
    path,
    major_number: major(status.rdev),
    minor_number: minor(status.rdev),
    cgroup_permissions: permissions,
    file_mode: status.mode,
    uid: status.uid,
    gid: status.gid,
  };
}

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
