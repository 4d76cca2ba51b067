import { chdir, fchdir, type Kernel } from '@ts-c/syscall';
import { chroot, mountCall, pivotRootCall } from './calls.ts';
import { umount } from './classic.ts';
import { MOUNT_ATTR, MS } from './flags.ts';
import type { Root } from './root.ts';
import { owner, setMountAttributes } from './tree.ts';

/**
 * Makes a mounted tree the root of the mount namespace, and lets go of the old one: pivot_root(2) onto itself, so that no directory
 * has to be made for the old root, and the new one may be read-only.
 *
 * @throws {SystemError} `EINVAL` where the tree is not attached, the mounts around it are shared, or the old root is an initramfs:
 * then {@link moveRoot}.
 */
export function pivotRoot(kernel: Kernel, root: Pick<Root, 'fd'>): void {
  kernel.section(owner, 'pivot_root', () => {
    kernel.call(fchdir, root.fd);
    kernel.call(pivotRootCall, '.', '.');
    // The old root now lies on top of the new one, and what the current directory leads to first is it.
    umount(kernel, '.', { detach: true });
    kernel.call(chdir, '/');
  });
}

/**
 * Makes a mounted tree the root by moving its mount onto `/`: for where pivot_root(2) can't be, as on an initramfs. The old root's
 * mounts stay beneath, out of sight; a container that may unmount or make user namespaces can make use of them.
 */
export function moveRoot(kernel: Kernel, root: Pick<Root, 'fd'>): void {
  kernel.section(owner, 'the root, moved', () => {
    kernel.call(fchdir, root.fd);
    // ELOOP: it is there already.
    kernel.attempt(['ELOOP'], () => {
      kernel.call(mountCall, '.', '/', null, MS.MOVE, null);
    });
    kernel.call(chroot, '.');
    kernel.call(chdir, '/');
  });
}

/** Makes the mount of `/` read-only, and none below it. */
export function setReadOnlyRoot(kernel: Kernel): void {
  kernel.section(owner, 'a read-only root', () =>
    setMountAttributes(kernel, '/', { set: MOUNT_ATTR.RDONLY }),
  );
}
