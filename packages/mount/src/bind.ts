import { AT_FDCWD, OPEN, openat, withDescriptor, type Kernel, type Value } from '@ts-c/syscall';
import { checkMount, isCoverable } from './check.ts';
import type { Mount } from './config.ts';
import { refuseProc } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { parseMountOptions, type MountOptions } from './options.ts';
import { makeDirectory, makeFile, openInRoot, type Root } from './root.ts';
import { moveMount, openTree, owner, setMountAttributes } from './tree.ts';

/** Is the source of a bind mount a directory, or anything else? What is made for it to be mounted on is of the same kind. */
export type SourceKind = 'directory' | 'file';

/**
 * Binds a path of the host into a root, with all mounts below it. Unless it is to be writable, all of them are read-only before they
 * can be seen; what else the source's mounts forbid (nosuid, nodev, noexec) stays forbidden. The place is made where it is missing,
 * and may be reached through links, inside the root.
 *
 * @throws {MountError} for a mount that can't be.
 * @throws {SystemError} `ENOENT` where the source is missing.
 * @throws {Error} `ERR_MOUNT_ON_PROC` where the destination turns out to lead into /proc.
 */
export function bind(kernel: Kernel, root: Root, mount: Mount, kind: SourceKind): void {
  checkMount('mount', { ...mount, type: 'bind' });
  const { source = '', destination } = mount;
  const options = parseMountOptions(mount.options ?? []);
  const { recursive = true } = options;
  kernel.section(owner, `${source} on ${destination}`, () =>
    withDescriptor(kernel, openTree(kernel, source, { recursive }), (tree) => {
      changeTree(kernel, tree, mount, options);
      onto(kernel, root, mount, kind, (target) => moveMount(kernel, tree, target));
    }),
  );
}

/** Makes of a copy what the mount is to be, while nobody can see it. */
function changeTree(kernel: Kernel, tree: Value, mount: Mount, options: MountOptions): void {
  const { recursive = true, idmap, propagation } = options;
  const writable = mount.writable ?? (options.mount.clear & MOUNT_ATTR.RDONLY) !== 0;
  const all = options.tree;
  const set = writable ? all.set : all.set | MOUNT_ATTR.RDONLY;
  if (set !== 0 || all.clear !== 0)
    setMountAttributes(kernel, tree, { set, clear: all.clear & ~set, recursive });
  if (options.mount.set !== 0 || (options.mount.clear & ~set) !== 0)
    setMountAttributes(kernel, tree, {
      set: options.mount.set,
      clear: options.mount.clear & ~set,
    });
  if (idmap?.userNamespace !== undefined) {
    const flags = OPEN.RDONLY | OPEN.CLOEXEC;
    const namespace = kernel.call(openat, AT_FDCWD, idmap.userNamespace, flags, 0);
    withDescriptor(kernel, namespace, (userNamespace) =>
      setMountAttributes(kernel, tree, { userNamespace, recursive: idmap.recursive }),
    );
  }
  if (mount.private) setMountAttributes(kernel, tree, { propagation: 'private' });
  if (propagation) changePropagationOf(kernel, tree, propagation);
}

/** Sets the propagation that options ask for. */
export function changePropagationOf(
  kernel: Kernel,
  tree: Value,
  { kind, recursive }: NonNullable<MountOptions['propagation']>,
): void {
  setMountAttributes(kernel, tree, { propagation: kind, recursive });
}

/** Makes and opens the place to mount on; it may not turn out to be in /proc. */
export function onto(
  kernel: Kernel,
  root: Root,
  { type, destination }: Mount,
  kind: SourceKind,
  body: (target: Value) => void,
): void {
  // The real /proc and /sys are where they are looked for, not where an image's link leads to.
  const symlinks = type !== 'proc' && type !== 'sysfs';
  // The mode that a tmpfs has of its own: it takes that of the directory.
  const mode = type === 'tmpfs' ? 0o1777 : 0o755;
  if (kind === 'directory') makeDirectory(kernel, root, destination, mode, { symlinks });
  else makeFile(kernel, root, destination, mode, { symlinks });
  const target = openInRoot(kernel, root, destination, undefined, { symlinks });
  withDescriptor(kernel, target, () => {
    if (type !== 'proc' && !isCoverable(destination)) {
      const message = `${destination} leads into /proc, which has to stay what it is`;
      refuseProc(kernel, target, { code: 'ERR_MOUNT_ON_PROC', message });
    }
    body(target);
  });
}
