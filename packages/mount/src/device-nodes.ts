import {
  AT,
  AT_FDCWD,
  Memory,
  mknodat,
  OPEN,
  openat,
  STATX,
  statx,
  statxLayout,
  umask,
  withDescriptor,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { fchownat } from './calls.ts';
import { checkDevice, formats } from './check.ts';
import type { Device } from './config.ts';
import { makedev } from './devices.ts';
import { inParent, makeFile, openInRoot, type Root } from './root.ts';
import { bindMount, owner } from './tree.ts';

const S_IFMT = 0o170000;
const permissionBits = 0o7777;

/**
 * Makes device nodes inside a root: mknodat(2). A node that exists is left as it is. Where nodes may not be made, as in a user
 * namespace, the host's own is bound instead, once it has been seen to be the right device.
 *
 * @throws {MountError} (`ERR_INVALID_DEVICE`) for a device that can't be.
 */
export function createDeviceNodes(kernel: Kernel, root: Root, devices: readonly Device[]): void {
  if (devices.length === 0) return;
  devices.forEach((device, index) => checkDevice(`device_nodes[${index}]`, device));
  kernel.section(owner, 'device nodes', () => {
    // The modes are meant as they are given.
    const mask = kernel.call(umask, 0);
    kernel.ensure(
      () => devices.forEach((device) => createDeviceNode(kernel, root, device)),
      () => kernel.call(umask, mask),
    );
  });
}

function createDeviceNode(kernel: Kernel, root: Root, device: Device): void {
  const { path = '', type, major_number = 0, minor_number = 0, file_mode = 0 } = device;
  const { uid = 0, gid = 0 } = device;
  const identity = { format: formats.get(type) ?? 0, major: major_number, minor: minor_number };
  const mode = identity.format | (file_mode & permissionBits);
  inParent(kernel, root, path, {}, (parent, name) =>
    kernel.attempt(
      ['EPERM'],
      () =>
        kernel.attempt(['EEXIST'], () => {
          kernel.call(mknodat, parent, name, mode, makedev(major_number, minor_number));
          if (uid !== 0 || gid !== 0)
            kernel.call(fchownat, parent, name, uid, gid, AT.SYMLINK_NOFOLLOW);
        }),
      () => bindDevice(kernel, root, path, identity),
    ),
  );
}

/** What a device has to be. */
interface DeviceIdentity {
  /** `S_IFCHR` or `S_IFBLK`. */
  readonly format: number;
  readonly major: number;
  readonly minor: number;
}

/** The null device: character device 1:3. */
export const nullDevice: DeviceIdentity = { format: 0o020000, major: 1, minor: 3 };

function bindDevice(kernel: Kernel, root: Root, path: string, identity: DeviceIdentity): void {
  withDescriptor(kernel, openHostDevice(kernel, path, identity), (device) => {
    makeFile(kernel, root, path, 0);
    withDescriptor(kernel, openInRoot(kernel, root, path), (target) =>
      bindMount(kernel, device, target),
    );
  });
}

/**
 * Opens a device of the host, and goes on only if it is the one that it should be: statx(2).
 *
 * @throws {Error} `ERR_WRONG_DEVICE`, where it is not.
 */
export function openHostDevice(kernel: Kernel, path: string, identity: DeviceIdentity): Value {
  const flags = OPEN.PATH | OPEN.NOFOLLOW | OPEN.CLOEXEC;
  const device = kernel.call(openat, AT_FDCWD, path, flags, 0);
  const status = new Memory(statxLayout.size);
  kernel.call(statx, device, '', AT.EMPTY_PATH, STATX.TYPE, status);
  const { format, major, minor } = identity;
  const problem = {
    code: 'ERR_WRONG_DEVICE',
    message: `${path} of this machine is not device ${major}:${minor}`,
  };
  const { mode, rdevMajor, rdevMinor } = statxLayout;
  kernel.expect(kernel.load(status, mode, 4), { equals: format, mask: S_IFMT }, problem);
  kernel.expect(kernel.load(status, rdevMajor, 4), { equals: major }, problem);
  kernel.expect(kernel.load(status, rdevMinor, 4), { equals: minor }, problem);
  return device;
}
