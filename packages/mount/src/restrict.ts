import { FILE_SYSTEM, withDescriptor, type Kernel, type Value } from '@ts-c/syscall';
import { isCoverable, normalize } from './check.ts';
import { nullDevice, openHostDevice } from './device-nodes.ts';
import { createFileSystem, expectFileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { directoryFlags, openInRoot, type Root } from './root.ts';
import { bindMount, moveMount, owner, setMountAttributes } from './tree.ts';

const { NODEV, NOEXEC, NOSUID, RDONLY } = MOUNT_ATTR;

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
 * Makes paths inside a root read-only, and hides others: a file behind the null device, a directory behind an empty one. For before
 * the container can change what the paths lead to.
 *
 * A path that is a mount point gets read-only as it is, with all mounts below it; any other is mounted onto itself first. It is the
 * mount that is read-only, never the file system, which others may have mounted too.
 *
 * @throws {SystemError} `ELOOP` where a symbolic link is in the way.
 * @throws {Error} `ERR_WRONG_FILE_SYSTEM` for a path of /proc that does not lie in a procfs.
 */
export function restrict(kernel: Kernel, root: Root, restrictions: Restrictions): void {
  const { readonlyPaths, maskedPaths } = restrictions;
  for (const path of readonlyPaths) {
    kernel.section(owner, `${path} read-only`, () =>
      ifThere(kernel, root, path, (target) => makeReadOnly(kernel, target)),
    );
  }
  for (const path of maskedPaths) {
    kernel.section(owner, `${path} hidden`, () =>
      ifThere(kernel, root, path, (target) => hide(kernel, root, path, target)),
    );
  }
}

function ifThere(kernel: Kernel, root: Root, path: string, body: (target: Value) => void): void {
  kernel.attempt(['ENOENT'], () =>
    withDescriptor(kernel, openInRoot(kernel, root, path), (target) => {
      const inProc = normalize(path).startsWith('/proc/') && !isCoverable(path);
      if (inProc) expectFileSystem(kernel, target, `${path} in procfs`, FILE_SYSTEM.PROC);
      body(target);
    }),
  );
}

function makeReadOnly(kernel: Kernel, target: Value): void {
  kernel.attempt(
    ['EINVAL'],
    () => setMountAttributes(kernel, target, { set: RDONLY, recursive: true }),
    () => {
      const set = RDONLY | NOSUID | NODEV | NOEXEC;
      bindMount(kernel, target, target, { set, recursive: true });
    },
  );
}

function hide(kernel: Kernel, root: Root, path: string, target: Value): void {
  kernel.attempt(
    ['ENOTDIR'],
    () =>
      withDescriptor(kernel, openInRoot(kernel, root, path, directoryFlags), (directory) =>
        hideDirectory(kernel, directory),
      ),
    () => hideFile(kernel, target),
  );
}

function hideDirectory(kernel: Kernel, target: Value): void {
  const empty = createFileSystem(kernel, {
    type: 'tmpfs',
    source: 'tmpfs',
    attributes: RDONLY | NOSUID | NODEV | NOEXEC,
    data: ['mode=755'],
  });
  withDescriptor(kernel, empty, () => moveMount(kernel, empty, target));
}

function hideFile(kernel: Kernel, target: Value): void {
  // The host's device, and not what the container has at that place.
  withDescriptor(kernel, openHostDevice(kernel, '/dev/null', nullDevice), (device) =>
    bindMount(kernel, device, target),
  );
}
