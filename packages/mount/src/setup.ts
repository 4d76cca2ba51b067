import { AT, umask, type Kernel, type Value } from '@ts-c/syscall';
import { mountConfigured, openSources, type Sources } from './bind.ts';
import { mountAttr, mountSetattr } from './calls.ts';
import type { Device, Mount } from './config.ts';
import { createDeviceNodes } from './device-nodes.ts';
import { MOUNT_ATTR } from './flags.ts';
import { createDeviceLinks, linkPtmx } from './links.ts';
import { defaultMaskedPaths, defaultReadonlyPaths, restrict } from './restrict.ts';
import { moveRoot, openRoot, pivotRoot, type Root } from './root.ts';
import { mountSystem } from './system.ts';
import { AT_FDCWD, type MountPropagation } from './tree.ts';

/** What a container's mount namespace is to hold. */
export interface MountSetup {
  /** An absolute path of the host, or steps that give a file descriptor of a tree that is mounted. */
  readonly rootfs: string | ((kernel: Kernel) => Value);
  /** Mounts beside those that every container has, in order. */
  readonly mounts: readonly Mount[];
  readonly deviceNodes: readonly Device[];
  /** Move the root instead of pivot_root(2). */
  readonly noPivotRoot?: boolean;
  /** Is the root file system read-only in the end? */
  readonly readonlyRoot?: boolean;
  /** Restrict what 1.1.0 restricts. */
  readonly restrictSys?: boolean;
  /** Read-only beside that. */
  readonly readonlyPaths?: readonly string[];
  /** Hidden beside that. */
  readonly maskedPaths?: readonly string[];
  readonly mountLabel?: string;
  /** What the host's mounts mean to the namespace; private by default, slave with `noPivotRoot`. */
  readonly mountPropagation?: MountPropagation;
  /** Steps that make /dev/console, when all else in /dev but links is there. */
  readonly console?: (root: Root) => void;
}

/**
 * Sets up a mount namespace of a container, as libcontainer 1.1.0 does and in its order: the root, the mounts that all have, those of
 * the configuration, devices, the console, links, what is restricted; then the root becomes `/`.
 *
 * @throws {MountError} for a mount that can't be.
 */
export function setUpMountNamespace(kernel: Kernel, setup: MountSetup): void {
  const { noPivotRoot = false, restrictSys = false, mountLabel } = setup;
  const propagation = setup.mountPropagation ?? (noPivotRoot ? 'slave' : 'private');
  const { rootfs, mounts } = setup;
  let sources: Sources | undefined;
  const makeRoot = (make: (kernel: Kernel) => Value): Value => {
    // What makes a root may mount over what is to be bound.
    sources = openSources(kernel, mounts);
    return make(kernel);
  };
  const root = openRoot(kernel, typeof rootfs === 'string' ? rootfs : () => makeRoot(rootfs), {
    propagation,
  });
  mountSystem(kernel, root, mountLabel === undefined ? {} : { mountLabel });
  mountConfigured(kernel, root, mounts, sources);
  createDeviceNodes(kernel, root, setup.deviceNodes);
  linkPtmx(kernel, root);
  setup.console?.(root);
  createDeviceLinks(kernel, root);
  restrict(kernel, root, {
    readonlyPaths: [...(restrictSys ? defaultReadonlyPaths : []), ...(setup.readonlyPaths ?? [])],
    maskedPaths: [...(restrictSys ? defaultMaskedPaths : []), ...(setup.maskedPaths ?? [])],
  });
  if (noPivotRoot) moveRoot(kernel, root);
  else pivotRoot(kernel, root);
  if (setup.readonlyRoot) setReadOnlyRoot(kernel);
  kernel.section('@ts-c/mount', 'the file mode mask', () => kernel.call(umask, 0o022));
}

/** Makes the mount of `/` read-only, and none below it. */
export function setReadOnlyRoot(kernel: Kernel): void {
  kernel.section('@ts-c/mount', 'a read-only root', () => {
    const attr = mountAttr.make({ attr_set: MOUNT_ATTR.RDONLY });
    kernel.call(mountSetattr, AT_FDCWD, '/', AT.EMPTY_PATH, attr, mountAttr.size);
  });
}
