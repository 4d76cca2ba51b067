import {
  AT,
  AT_FDCWD,
  MOVE_MOUNT,
  moveMountCall,
  OPEN_TREE,
  openTreeCall,
  withDescriptor,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { mountAttr, mountSetattr } from './calls.ts';
import { MOUNT_ATTR, MOUNT_ATTR__ATIME, MS } from './flags.ts';

/** The name under which this package's steps appear in listings and errors. */
export const owner = '@ts-c/mount';

/**
 * Where something is: a path of the host, or an open file descriptor. What lies in a container is only ever given by descriptor:
 * {@link openInRoot}.
 */
export type Place = string | Value;

/** What mounts and unmounts in other namespaces do here, and those here in others: mount_namespaces(7). */
export type MountPropagation = 'private' | 'slave' | 'shared' | 'unbindable';

/** The `MS_*` flag of a propagation. */
export const propagationFlag: Record<MountPropagation, number> = {
  private: MS.PRIVATE,
  slave: MS.SLAVE,
  shared: MS.SHARED,
  unbindable: MS.UNBINDABLE,
};

/** Which copy {@link openTree} makes. */
export interface OpenTree {
  /** Copy the mount, to be attached elsewhere; otherwise it is only opened. By default yes. */
  readonly clone?: boolean;
  /** Copy all mounts below it too. */
  readonly recursive?: boolean;
  /** Follow a symbolic link at the end of a path. By default yes. */
  readonly follow?: boolean;
}

/**
 * Opens a mount, or copies it (with all below it) into one that is not attached anywhere yet: open_tree(2).
 *
 * @returns a file descriptor; a copy that is never attached is gone when that is closed.
 * @throws {SystemError} `EINVAL` where a mount below it is locked and `recursive` is not given: user_namespaces(7).
 */
export function openTree(kernel: Kernel, place: Place, options: OpenTree = {}): Value {
  const { clone = true, recursive = false, follow = true } = options;
  const flags =
    OPEN_TREE.CLOEXEC |
    (clone ? OPEN_TREE.CLONE : 0) |
    (recursive ? AT.RECURSIVE : 0) |
    (follow ? 0 : AT.SYMLINK_NOFOLLOW);
  return typeof place === 'string'
    ? kernel.call(openTreeCall, AT_FDCWD, place, flags)
    : kernel.call(openTreeCall, place, '', flags | AT.EMPTY_PATH);
}

/** Attaches a mount that is not attached yet, or moves one that is: move_mount(2). */
export function moveMount(kernel: Kernel, mount: Value, target: Place): void {
  const { F_EMPTY_PATH, T_EMPTY_PATH, T_SYMLINKS } = MOVE_MOUNT;
  if (typeof target === 'string')
    kernel.call(moveMountCall, mount, '', AT_FDCWD, target, F_EMPTY_PATH | T_SYMLINKS);
  else kernel.call(moveMountCall, mount, '', target, '', F_EMPTY_PATH | T_EMPTY_PATH);
}

/** What to change about a mount. */
export interface MountAttributes {
  /** Bits of {@link MOUNT_ATTR} to set. */
  readonly set?: number;
  /** Bits to clear first. One bit of how access times are kept means all of them: they are one choice. */
  readonly clear?: number;
  readonly propagation?: MountPropagation;
  /** Change all mounts below it too; all or none are changed. */
  readonly recursive?: boolean;
  /** A user namespace whose id maps the mount is to be seen through; only for one that is not attached yet. */
  readonly userNamespace?: Value;
}

/**
 * Changes attributes of a mount: mount_setattr(2).
 *
 * @throws {SystemError} `EINVAL` where the place is no mount point, `EPERM` for an attribute that is locked.
 */
export function setMountAttributes(
  kernel: Kernel,
  place: Place,
  attributes: MountAttributes,
): void {
  const { set = 0, clear = 0, propagation, recursive = false, userNamespace } = attributes;
  const atime = ((set | clear) & MOUNT_ATTR__ATIME) === 0 ? 0 : MOUNT_ATTR__ATIME;
  const attr = mountAttr.make({
    attr_set: userNamespace === undefined ? set : set | MOUNT_ATTR.IDMAP,
    attr_clr: clear | atime,
    ...(propagation ? { propagation: propagationFlag[propagation] } : {}),
    ...(userNamespace === undefined ? {} : { userns_fd: userNamespace }),
  });
  const flags = recursive ? AT.RECURSIVE : 0;
  if (typeof place === 'string')
    kernel.call(mountSetattr, AT_FDCWD, place, flags, attr, mountAttr.size);
  else kernel.call(mountSetattr, place, '', flags | AT.EMPTY_PATH, attr, mountAttr.size);
}

/**
 * Binds a place to another: copies its mount, changes the copy's attributes while nobody can see it yet, and attaches it.
 *
 * @param attributes.recursive Bind what is mounted below it as well, and change that too.
 * @example
 * bindMount(kernel, '/srv/data', target, { set: MOUNT_ATTR.RDONLY, recursive: true });
 */
export function bindMount(
  kernel: Kernel,
  source: Place,
  target: Place,
  attributes: MountAttributes = {},
): void {
  const { recursive = false, set = 0, clear = 0, propagation, userNamespace } = attributes;
  withDescriptor(kernel, openTree(kernel, source, { recursive }), (tree) => {
    const changes = set !== 0 || clear !== 0 || propagation || userNamespace !== undefined;
    if (changes) setMountAttributes(kernel, tree, attributes);
    moveMount(kernel, tree, target);
  });
}

/**
 * Makes a mount be seen through the id maps of a user namespace: files of the user that the namespace's id 0 is mapped to are root's
 * to those who come through this mount, and so on. Other mounts of the same files are as before.
 *
 * @param mount A mount that is not attached yet ({@link openTree}), on a file system that supports it.
 * @throws {SystemError} `EINVAL` where the file system does not, or the mount is attached; `EPERM` without CAP_SYS_ADMIN where the
 * file system was mounted, or for the user namespace that all started in.
 */
export function idmapMount(
  kernel: Kernel,
  mount: Value,
  userNamespace: Value,
  { recursive = false }: { readonly recursive?: boolean } = {},
): void {
  kernel.section(owner, 'an id-mapped mount', () =>
    setMountAttributes(kernel, mount, { userNamespace, recursive }),
  );
}
