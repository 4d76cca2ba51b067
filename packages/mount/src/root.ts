import {
  chdir,
  fchdir,
  mkdirat,
  OPEN,
  openat2,
  openHow,
  RESOLVE,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { chroot, mknodat, mount, pivotRootCall, umount2 } from './calls.ts';
import { MNT, MS } from './flags.ts';
import {
  AT_FDCWD,
  attach,
  cloneTree,
  propagationFlag,
  withDescriptor,
  type MountPropagation,
} from './tree.ts';

const owner = '@ts-c/mount';
const pathFlags = OPEN.PATH | OPEN.CLOEXEC;
const directoryFlags = pathFlags | OPEN.DIRECTORY;

/** The root of a container, as an open directory. Nothing in it is used by name alone. */
export interface Root {
  readonly fd: Value;
  /** Where it is on the host, for messages. */
  readonly path: string;
}

/** Sets what mounts at and below a path of the host mean to other mount namespaces: mount(2) with a propagation flag. */
export function changePropagation(
  kernel: Kernel,
  path: string,
  propagation: MountPropagation,
  { recursive = true }: { readonly recursive?: boolean } = {},
): void {
  kernel.call(
    mount,
    null,
    path,
    null,
    propagationFlag[propagation] | (recursive ? MS.REC : 0),
    null,
  );
}

/**
 * Opens a root file system to become a container's: everything mounted so far is kept from spreading, and the tree is mounted onto
 * itself, since pivot_root(2) wants a mount. For a mount namespace of one's own.
 *
 * @param rootfs An absolute path of the host, or steps that give a file descriptor of a mounted tree that is attached already.
 */
export function openRoot(
  kernel: Kernel,
  rootfs: string | ((kernel: Kernel) => Value),
  { propagation = 'private' }: { readonly propagation?: MountPropagation } = {},
): Root {
  return kernel.section(owner, 'the root', () => {
    changePropagation(kernel, '/', propagation);
    if (typeof rootfs !== 'string') return { fd: rootfs(kernel), path: '/' };
    const tree = cloneTree(kernel, AT_FDCWD, rootfs, true);
    const how = openHow.make({ flags: directoryFlags, resolve: RESOLVE.NO_MAGICLINKS });
    withDescriptor(kernel, kernel.call(openat2, AT_FDCWD, rootfs, how, openHow.size), (target) =>
      attach(kernel, tree, target),
    );
    return { fd: tree, path: rootfs };
  });
}

/** How a path inside a root is resolved. */
export interface OpenInRoot {
  /** May symbolic links be followed? They stay inside the root either way. */
  readonly symlinks?: boolean;
}

/**
 * Opens a path inside a root: openat2(2) with RESOLVE_IN_ROOT. No link leads out of it, and none of those of procfs is followed.
 *
 * @param flags `O_*` flags; `O_PATH | O_CLOEXEC` by default.
 */
export function openInRoot(
  kernel: Kernel,
  root: Root,
  path: string,
  flags: number = pathFlags,
  { symlinks = false }: OpenInRoot = {},
): Value {
  const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS | (symlinks ? 0 : RESOLVE.NO_SYMLINKS);
  return kernel.call(
    openat2,
    root.fd,
    relative(path),
    openHow.make({ flags, resolve }),
    openHow.size,
  );
}

/** Makes a directory inside a root, and those that lead to it, as `mkdir -p`. What exists is left as it is. */
export function makeDirectory(
  kernel: Kernel,
  root: Root,
  path: string,
  options: OpenInRoot = {},
): void {
  const parts = relative(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  parts.forEach((part, index) => {
    const make = (parent: Value): void =>
      kernel.attempt(['EEXIST'], () => kernel.call(mkdirat, parent, part, 0o755));
    if (index === 0) make(root.fd);
    else
      withDescriptor(
        kernel,
        openInRoot(kernel, root, parts.slice(0, index).join('/'), directoryFlags, options),
        make,
      );
  });
}

/** Makes an empty file inside a root, to be mounted over. A file, directory or link that exists is left as it is. */
export function makeFile(kernel: Kernel, root: Root, path: string, options: OpenInRoot = {}): void {
  const { directory, name } = split(path);
  makeDirectory(kernel, root, directory, options);
  withParent(kernel, root, directory, options, (parent) =>
    kernel.attempt(['EEXIST'], () => kernel.call(mknodat, parent, name, S_IFREG | 0o755, 0)),
  );
}

const S_IFREG = 0o100000;

/** Opens the directory that a path leads to, or takes the root itself. */
export function withParent(
  kernel: Kernel,
  root: Root,
  directory: string,
  options: OpenInRoot,
  body: (parent: Value) => void,
): void {
  if (directory === '') body(root.fd);
  else withDescriptor(kernel, openInRoot(kernel, root, directory, directoryFlags, options), body);
}

/** A path without its last part, and that part. */
export function split(path: string): { directory: string; name: string } {
  const parts = relative(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  return { directory: parts.slice(0, -1).join('/'), name: parts.at(-1) ?? '.' };
}

/** A path of the container, relative to its root. */
export function relative(path: string): string {
  const rest = path.replace(/^\/+/, '');
  return rest === '' ? '.' : rest;
}

/**
 * Makes a mounted tree the root of the mount namespace, and lets go of the old one: pivot_root(2) onto itself, so that no directory
 * has to be made for the old root.
 */
export function pivotRoot(kernel: Kernel, root: Root): void {
  kernel.section(owner, 'pivot_root', () => {
    kernel.call(fchdir, root.fd);
    kernel.call(pivotRootCall, '.', '.');
    // The old root now lies on top of the new one, and the current directory is in it.
    kernel.call(umount2, '.', MNT.DETACH);
    kernel.call(chdir, '/');
  });
}

/**
 * Makes a mounted tree the root by moving its mount onto `/`: for where pivot_root(2) can't be, as on an initramfs. The old root's
 * mounts stay beneath, out of sight.
 */
export function moveRoot(kernel: Kernel, root: Root): void {
  kernel.section(owner, 'the root, moved', () => {
    kernel.call(fchdir, root.fd);
    kernel.call(mount, '.', '/', null, MS.MOVE, null);
    kernel.call(chroot, '.');
    kernel.call(chdir, '/');
  });
}
