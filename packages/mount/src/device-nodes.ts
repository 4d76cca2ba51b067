import {
  AT,
  AT_FDCWD,
  Memory,
  OPEN,
  openat,
  STATX,
  statx,
  statxLayout,
  umask,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { mknodat } from './calls.ts';
import type { Device } from './config.ts';
import { blockDevice, characterDevice, makedev } from './devices.ts';
import { makeDirectory, makeFile, openInRoot, split, withParent, type Root } from './root.ts';
import { attach, cloneTree, withDescriptor } from './tree.ts';

const S_IFMT = 0o170000;
const fileType: Readonly<Record<number, number>> = {
  [characterDevice]: 0o020000,
  [blockDevice]: 0o060000,
};

/**
 * Makes device nodes inside a root: mknodat(2). A node that exists is left as it is. Where nodes may not be made, as in a user
 * namespace, the host's own is bound instead, once it has been seen to be the right device.
 *
 * @throws {TypeError} (`ERR_INVALID_DEVICE`) for a type that is neither `c` nor `b`.
 */
export function createDeviceNodes(kernel: Kernel, root: Root, devices: readonly Device[]): void {
  if (devices.length === 0) return;
  kernel.section('@ts-c/mount', 'device nodes', () => {
    kernel.call(umask, 0);
    kernel.ensure(
      () => devices.forEach((device, index) => createDeviceNode(kernel, root, device, index)),
      () => kernel.call(umask, 0o022),
    );
  });
}

function createDeviceNode(kernel: Kernel, root: Root, device: Device, index: number): void {
  const {
    path,
    type,
    major_number: major = 0,
    minor_number: minor = 0,
    file_mode: mode = 0,
  } = device;
  const format = fileType[type];
  if (path === undefined || format === undefined) {
    throw Object.assign(
      new TypeError(
        `device_nodes[${index}]: expected a path, and type 99 (c) or 98 (b), got ${type}`,
      ),
      {
        code: 'ERR_INVALID_DEVICE',
      },
    );
  }
  const { directory, name } = split(path);
  makeDirectory(kernel, root, directory);
  withParent(kernel, root, directory, {}, (parent) =>
    kernel.attempt(['EEXIST'], () =>
      kernel.attempt(
        ['EPERM'],
        () => kernel.call(mknodat, parent, name, format | (mode & 0o7777), makedev(major, minor)),
        () => bindDevice(kernel, root, path, { format, major, minor }),
      ),
    ),
  );
}

/** What a device has to be. */
export interface DeviceIdentity {
  /** `S_IFCHR` or `S_IFBLK`. */
  readonly format: number;
  readonly major: number;
  readonly minor: number;
}

/** The null device: character device 1:3. */
export const nullDevice: DeviceIdentity = { format: 0o020000, major: 1, minor: 3 };

function bindDevice(kernel: Kernel, root: Root, path: string, identity: DeviceIdentity): void {
  withDescriptor(kernel, openHostDevice(kernel, path, identity), (device) => {
    makeFile(kernel, root, path);
    withDescriptor(kernel, openInRoot(kernel, root, path), (target) =>
      withDescriptor(kernel, cloneTree(kernel, device, '', false), (copy) =>
        attach(kernel, copy, target),
      ),
    );
  });
}

/** Opens a device of the host, and goes on only if it is the one that it should be: statx(2). */
export function openHostDevice(kernel: Kernel, path: string, identity: DeviceIdentity): Value {
  const device = kernel.call(openat, AT_FDCWD, path, OPEN.PATH | OPEN.NOFOLLOW | OPEN.CLOEXEC, 0);
  const status = new Memory(statxLayout.size);
  kernel.call(statx, device, '', AT.EMPTY_PATH, STATX.BASIC_STATS, status);
  const problem = {
    code: 'ERR_WRONG_DEVICE',
    message: `${path} of this machine is not device ${identity.major}:${identity.minor}`,
  };
  kernel.expect(
    kernel.load(status, statxLayout.mode, 4),
    { equals: identity.format, mask: S_IFMT },
    problem,
  );
  kernel.expect(kernel.load(status, statxLayout.rdevMajor, 4), { equals: identity.major }, problem);
  kernel.expect(kernel.load(status, statxLayout.rdevMinor, 4), { equals: identity.minor }, problem);
  return device;
}
