import { AT, AT_FDCWD, close, type Kernel, type Value } from '@ts-c/syscall';
import {
  mountAttr,
  mountSetattr,
  MOVE_MOUNT,
  moveMountCall,
  OPEN_TREE,
  openTreeCall,
} from './calls.ts';
import { MOUNT_ATTR, MS } from './flags.ts';

/** What mounts and unmounts in other namespaces do here, and those here in others: mount_namespaces(7). */
export type MountPropagation = 'private' | 'slave' | 'shared' | 'unbindable';

/** What to change about a mount. */
export interface MountAttributes {
  /** Bits of {@link MOUNT_ATTR} to set. */
  readonly set?: number;
  /** Bits to clear first. */
  readonly clear?: number;
  readonly propagation?: MountPropagation;
  /** Change all mounts below it too. */
  readonly recursive?: boolean;
  /** A user namespace whose id maps the mount is to be seen through; only for one that is not attached yet. */
  readonly userNamespace?: Value;
}

/** The `MS_*` flag of a propagation. */
export const propagationFlag: Record<MountPropagation, number> = {
  private: MS.PRIVATE,
  slave: MS.SLAVE,
  shared: MS.SHARED,
  unbindable: MS.UNBINDABLE,
};

/**
 * Copies a mount, or a whole tree of them, into one that is not attached anywhere: open_tree(2).
 *
 * @param path Relative to `directory`; the empty path means what `directory` has open.
 * @returns a file descriptor of the copy.
 */
export function cloneTree(
  kernel: Kernel,
  directory: Value,
  path: string,
  recursive: boolean,
): Value {
  const flags =
    OPEN_TREE.CLONE |
    OPEN_TREE.CLOEXEC |
    (recursive ? AT.RECURSIVE : 0) |
    (path === '' ? AT.EMPTY_PATH : 0);
  return kernel.call(openTreeCall, directory, path, flags);
}

/** Attaches a mount, given by file descriptor, onto what another file descriptor has open: move_mount(2). */
export function attach(kernel: Kernel, mount: Value, target: Value): void {
  kernel.call(
    moveMountCall,
    mount,
    '',
    target,
    '',
    MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH,
  );
}

/** Changes attributes of a mount, given by file descriptor: mount_setattr(2). */
export function setMountAttributes(
  kernel: Kernel,
  mount: Value,
  attributes: MountAttributes,
): void {
  const { set = 0, clear = 0, propagation, recursive = false, userNamespace } = attributes;
  const attr = mountAttr.make({
    attr_set: userNamespace === undefined ? set : set | MOUNT_ATTR.IDMAP,
    attr_clr: clear,
    ...(propagation ? { propagation: propagationFlag[propagation] } : {}),
    ...(userNamespace === undefined ? {} : { userns_fd: userNamespace }),
  });
  kernel.call(
    mountSetattr,
    mount,
    '',
    AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0),
    attr,
    mountAttr.size,
  );
}

/**
 * Makes a mount be seen through the id maps of a user namespace. The mount must not be attached yet, its file system has to
 * support it, and the caller needs CAP_SYS_ADMIN where that was mounted.
 */
export function idmapMount(kernel: Kernel, mount: Value, userNamespace: Value): void {
  kernel.section('@ts-c/mount', 'an id-mapped mount', () =>
    setMountAttributes(kernel, mount, { userNamespace, recursive: true }),
  );
}

/** Opens something, hands it on, and closes it. */
export function withDescriptor<T>(
  kernel: Kernel,
  descriptor: Value,
  body: (descriptor: Value) => T,
): T {
  return kernel.ensure(
    () => body(descriptor),
    () => kernel.call(close, descriptor),
  );
}

export { AT_FDCWD };
