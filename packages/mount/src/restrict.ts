import { FILE_SYSTEM, type Kernel, type Value } from '@ts-c/syscall';
import { nullDevice, openHostDevice } from './device-nodes.ts';
import { createFileSystem, expectFileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { openInRoot, relative, type Root } from './root.ts';
import { attach, cloneTree, setMountAttributes, withDescriptor } from './tree.ts';

const owner = '@ts-c/mount';

/** What `restrict_sys` of libcontainer 1.1.0 makes read-only. */
export const defaultReadonlyPaths: readonly string[] = [
  '/proc/sys',
  '/proc/sysrq-trigger',
  '/proc/irq',
  '/proc/bus',
  '/sys',
];

/** What `restrict_sys` of libcontainer 1.1.0 hides. */
export const defaultMaskedPaths: readonly string[] = ['/proc/kcore'];

/** Paths to restrict. Those that are missing in a container are passed over. */
export interface Restrictions {
  readonly readonlyPaths: readonly string[];
  readonly maskedPaths: readonly string[];
}

/**
 * Makes paths inside a root read-only, by a mount of each onto itself, and hides others: a file behind the null device, a directory
 * behind an empty one. Done before the container could change what the paths lead to.
 */
export function restrict(
  kernel: Kernel,
  root: Root,
  { readonlyPaths, maskedPaths }: Restrictions,
): void {
  for (const path of readonlyPaths) {
    kernel.section(owner, `${path} read-only`, () =>
      ifThere(kernel, root, path, (target) => {
        const set = MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC;
        kernel.attempt(
          ['EINVAL'],
          // A mount of its own, as /sys is.
          () => setMountAttributes(kernel, target, { set, recursive: true }),
          // Or a path inside one, which becomes a mount.
          () =>
            withDescriptor(kernel, cloneTree(kernel, target, '', true), (copy) => {
              setMountAttributes(kernel, copy, { set, recursive: true });
              attach(kernel, copy, target);
            }),
        );
      }),
    );
  }
  for (const path of maskedPaths) {
    kernel.section(owner, `${path} hidden`, () =>
      ifThere(kernel, root, path, (target) =>
        kernel.attempt(
          ['ENOTDIR'],
          () => hideFile(kernel, target),
          () => hideDirectory(kernel, target),
        ),
      ),
    );
  }
}

function ifThere(kernel: Kernel, root: Root, path: string, body: (target: Value) => void): void {
  kernel.attempt(['ENOENT'], () =>
    withDescriptor(kernel, openInRoot(kernel, root, path), (target) => {
      if (relative(path).startsWith('proc/'))
        expectFileSystem(kernel, target, 'proc', FILE_SYSTEM.PROC);
      body(target);
    }),
  );
}

function hideFile(kernel: Kernel, target: Value): void {
  // The host's device, not what the container has at that place.
  withDescriptor(kernel, openHostDevice(kernel, '/dev/null', nullDevice), (device) =>
    withDescriptor(kernel, cloneTree(kernel, device, '', false), (copy) =>
      attach(kernel, copy, target),
    ),
  );
}

function hideDirectory(kernel: Kernel, target: Value): void {
  const { RDONLY, NOSUID, NODEV, NOEXEC } = MOUNT_ATTR;
  const empty = createFileSystem(kernel, {
    type: 'tmpfs',
    source: 'tmpfs',
    attributes: RDONLY | NOSUID | NODEV | NOEXEC,
    data: ['size=0', 'mode=755'],
  });
  withDescriptor(kernel, empty, () => attach(kernel, empty, target));
}
