import { umask, type Kernel, type Value } from '@ts-c/syscall';
import { changePropagation } from './classic.ts';
import type { Device, Mount } from './config.ts';
import { mountConfigured } from './configured.ts';
import { createDeviceNodes } from './device-nodes.ts';
import { createDeviceLinks, mountPtmx } from './links.ts';
import { moveRoot, pivotRoot, setReadOnlyRoot } from './pivot.ts';
import { defaultMaskedPaths, defaultReadonlyPaths, restrict } from './restrict.ts';
import { provideFiles, type ProvidedFile } from './provide.ts';
import { openRoot, type Root } from './root.ts';
import { mountSystem } from './system.ts';
import { owner, type MountPropagation } from './tree.ts';

/** What a container's mount namespace is to hold. */
export interface MountSetup {
  /** An absolute path of the host, or steps that give a file descriptor of a mounted tree, attached somewhere or not. */
  readonly rootfs: string | ((kernel: Kernel) => Value);
  /** Mounts beside those that every container has, in order. */
  readonly mounts: readonly Mount[];
  readonly deviceNodes: readonly Device[];
  /** Move the root instead of pivot_root(2). */
  readonly noPivotRoot?: boolean;
  /** Is the root file system read-only in the end? What is mounted below it is not affected. */
  readonly readonlyRoot?: boolean;
  /** Restrict what 1.1.0 restricts: {@link defaultReadonlyPaths}, {@link defaultMaskedPaths}. */
  readonly restrictSys?: boolean;
  /** Read-only beside that. */
  readonly readonlyPaths?: readonly string[];
  /** Hidden beside that. */
  readonly maskedPaths?: readonly string[];
  /** An SELinux label for the file systems that every container has. */
  readonly mountLabel?: string;
  /**
   * `private`: mounts of the host and of the container do not meet. `slave`: later ones of the host are seen. `shared`: the same, and
   * namespaces that the container makes share its mounts. `unbindable`: private, and the root can't be bound elsewhere. By default
   * private, with `noPivotRoot` slave. Nothing ever spreads to the host.
   */
  readonly mountPropagation?: MountPropagation;
  /** Is there a group 5 for terminals? By default yes; in a user namespace only if it has a mapping. */
  readonly hasTtyGroup?: boolean;
  /** Files that the container is given, whatever the root has in their places. */
  readonly files?: readonly ProvidedFile[];
  /** Steps that make /dev/console, when all else in /dev but links is there. */
  readonly console?: (root: Root) => void;
}

/**
 * Sets up a mount namespace of a container, as libcontainer 1.1.0 does and in its order: the root, the mounts that all have, those of
 * the configuration, devices, the console, links; what is restricted; then the root becomes `/`. For a process in a mount namespace
 * of its own, never for the one that Node runs in.
 *
 * @throws {MountError} for a mount or a device that can't be.
 */
export function setUpMountNamespace(kernel: Kernel, setup: MountSetup): void {
  const { noPivotRoot = false, restrictSys = false, mountLabel = '', hasTtyGroup = true } = setup;
  const { mountPropagation = noPivotRoot ? 'slave' : 'private' } = setup;
  const slave = mountPropagation === 'slave' || mountPropagation === 'shared';
  // Modes are meant as they are given here.
  kernel.section(owner, 'the file mode mask', () => kernel.call(umask, 0));
  const root = openRoot(kernel, setup.rootfs, { propagation: slave ? 'slave' : 'private' });
  mountSystem(kernel, root, { mountLabel, hasTtyGroup });
  mountConfigured(kernel, root, setup.mounts);
  createDeviceNodes(kernel, root, setup.deviceNodes);
  mountPtmx(kernel, root);
  setup.console?.(root);
  provideFiles(kernel, root, setup.files ?? []);
  createDeviceLinks(kernel, root);
  restrict(kernel, root, {
    readonlyPaths: [...(restrictSys ? defaultReadonlyPaths : []), ...(setup.readonlyPaths ?? [])],
    maskedPaths: [...(restrictSys ? defaultMaskedPaths : []), ...(setup.maskedPaths ?? [])],
  });
  if (noPivotRoot) moveRoot(kernel, root);
  else pivotRoot(kernel, root);
  if (setup.readonlyRoot) setReadOnlyRoot(kernel);
  kernel.section(owner, 'the end', () => {
    if (mountPropagation === 'shared' || mountPropagation === 'unbindable')
      changePropagation(kernel, '/', mountPropagation, {
        recursive: mountPropagation === 'shared',
      });
    kernel.call(umask, 0o022);
  });
}
