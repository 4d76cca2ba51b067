import {
  AT,
  AT_FDCWD,
  fchdir,
  Memory,
  openat,
  STATX,
  statx,
  statxLayout,
  withDescriptor,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { changePropagationOf, onto } from './bind.ts';
import { fchmodat, mountCall } from './calls.ts';
import { checkMount, MountError } from './check.ts';
import type { Mount } from './config.ts';
import { createFileSystem, type FileSystem } from './file-system.ts';
import { MOUNT_ATTR, MS } from './flags.ts';
import { parseMountOptions, splitOption } from './options.ts';
import { directoryFlags, openInRoot, type Root } from './root.ts';
import { moveMount, owner, setMountAttributes } from './tree.ts';

// Instances of these are shared with others, or hold nothing that could be written behind the mount's back: read-only is a matter of
// the mount alone, never of the file system (which would make the host's own read-only).
const readOnlyByMount = new Set([
  'cgroup',
  'cgroup2',
  'devpts',
  'mqueue',
  'overlay',
  'proc',
  'sysfs',
  'tmpfs',
]);

// fsconfig(2) takes strings of up to 255 bytes; mount(2) takes a page for all options.
const longestValue = 255;
const longestData = 4095;

/**
 * Mounts a file system inside a root, with options as of mount(8). A tmpfs takes the mode of the directory that it covers, unless an
 * option says `mode=`.
 *
 * @throws {MountError} for a mount that can't be.
 * @throws {SystemError} `ENODEV` for a type that the kernel does not know, `EINVAL` for an option that the file system does not.
 * @throws {Error} `ERR_MOUNT_ON_PROC` where the destination turns out to lead into /proc.
 */
export function mountFileSystem(kernel: Kernel, root: Root, mount: Mount): void {
  checkMount('mount', mount);
  const { type, source = type, destination, writable = true } = mount;
  const { mount: own, tree, flags, data, propagation } = parseMountOptions(mount.options ?? []);
  // A new mount has nothing to clear, and nothing below it.
  const attributes = own.set | tree.set | (writable ? 0 : MOUNT_ATTR.RDONLY);
  const readOnly = (attributes & MOUNT_ATTR.RDONLY) !== 0 && !readOnlyByMount.has(type);
  const options = [...(readOnly ? ['ro'] : []), ...flags, ...data];
  const fileSystem = { type, source, attributes, data: options };
  kernel.section(owner, `${type} on ${destination}`, () => {
    onto(kernel, root, mount, 'directory', (target) => {
      if (data.some(isTooLong)) mountByDirectory(kernel, target, fileSystem);
      else
        withDescriptor(kernel, createWithMode(kernel, fileSystem, target), (created) =>
          moveMount(kernel, created, target),
        );
    });
    if (!propagation) return;
    const place = openInRoot(kernel, root, destination, undefined, { symlinks: true });
    withDescriptor(kernel, place, () => changePropagationOf(kernel, place, propagation));
  });
}

function isTooLong(option: string): boolean {
  return Buffer.byteLength(splitOption(option).value ?? '') > longestValue;
}

/** Makes a mount; a tmpfs without a mode of its own gets that of the directory that it is going to cover. */
function createWithMode(kernel: Kernel, fileSystem: Required<FileSystem>, target: Value): Value {
  const { type, attributes, data } = fileSystem;
  const hasMode = data.some((option) => option.startsWith('mode='));
  if (type !== 'tmpfs' || hasMode) return createFileSystem(kernel, fileSystem);
  // A mode can't be changed through a mount that is read-only.
  const readOnly = attributes & MOUNT_ATTR.RDONLY;
  const created = createFileSystem(kernel, { ...fileSystem, attributes: attributes & ~readOnly });
  copyMode(kernel, target, created);
  if (readOnly !== 0) setMountAttributes(kernel, created, { set: readOnly });
  return created;
}

/** Gives the root of a mount the mode of a directory. */
function copyMode(kernel: Kernel, from: Value, to: Value): void {
  const status = new Memory(statxLayout.size);
  kernel.call(statx, from, '', AT.EMPTY_PATH, STATX.MODE, status);
  // The bits of the type come along; fchmodat(2) leaves them out.
  kernel.call(fchmodat, to, '.', kernel.load(status, statxLayout.mode, 4));
}

/** Mounts on the current directory by mount(2), for options that fsconfig(2) does not take: still by file descriptor. */
function mountByDirectory(kernel: Kernel, target: Value, fileSystem: Required<FileSystem>): void {
  const { type, source, attributes, data } = fileSystem;
  const text = data.join(',');
  if (Buffer.byteLength(text) > longestData) {
    throw new MountError('mount.options', `expected ${longestData} bytes at most in all`);
  }
  const before = kernel.call(openat, AT_FDCWD, '.', directoryFlags, 0);
  withDescriptor(kernel, before, () =>
    kernel.ensure(
      () => {
        kernel.call(fchdir, target);
        kernel.call(mountCall, source, '.', type, classicFlags(attributes), text);
      },
      () => kernel.call(fchdir, before),
    ),
  );
}

const classic: readonly (readonly [attribute: number, flag: number])[] = [
  [MOUNT_ATTR.RDONLY, MS.RDONLY],
  [MOUNT_ATTR.NOSUID, MS.NOSUID],
  [MOUNT_ATTR.NODEV, MS.NODEV],
  [MOUNT_ATTR.NOEXEC, MS.NOEXEC],
  [MOUNT_ATTR.NOATIME, MS.NOATIME],
  [MOUNT_ATTR.STRICTATIME, MS.STRICTATIME],
  [MOUNT_ATTR.NODIRATIME, MS.NODIRATIME],
  [MOUNT_ATTR.NOSYMFOLLOW, MS.NOSYMFOLLOW],
];

function classicFlags(attributes: number): number {
  return classic.reduce((all, [bit, flag]) => ((attributes & bit) === 0 ? all : all | flag), 0);
}
