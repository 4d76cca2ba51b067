import {
  AT_FDCWD,
  mkdirat,
  mknodat,
  OPEN,
  openat,
  openat2,
  openHow,
  RESOLVE,
  withDescriptor,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { changePropagation } from './classic.ts';
import { moveMount, openTree, owner } from './tree.ts';

/** `O_PATH | O_CLOEXEC`: a place in the file system, and nothing is done to the file. */
const pathFlags: number = OPEN.PATH | OPEN.CLOEXEC;
/** The same, of a directory. */
export const directoryFlags: number = pathFlags | OPEN.DIRECTORY;

const S_IFREG = 0o100000;

/** The root of a container, as an open directory. Nothing in it is used by name alone. */
export interface Root {
  readonly fd: Value;
  /** Where it is on the host, for messages. */
  readonly path: string;
}

/**
 * Opens a root file system to become a container's: everything mounted so far is kept from spreading, and the tree is mounted onto
 * itself, since pivot_root(2) wants a mount. For a mount namespace of one's own.
 *
 * @param rootfs A directory of the host, or steps that give the file descriptor of a mounted tree, attached somewhere or not.
 * @param options.propagation Are later mounts of the host seen (`slave`), or none (`private`, by default)?
 * @throws {SystemError} `ENOENT` or `ENOTDIR` where there is no such directory.
 */
export function openRoot(
  kernel: Kernel,
  rootfs: string | ((kernel: Kernel) => Value),
  { propagation = 'private' }: { readonly propagation?: 'private' | 'slave' } = {},
): Root {
  return kernel.section(owner, 'the root', () => {
    changePropagation(kernel, '/', propagation);
    if (typeof rootfs !== 'string') return { fd: attachTree(kernel, rootfs(kernel)), path: '/' };
    const directory = kernel.call(openat, AT_FDCWD, rootfs, directoryFlags, 0);
    const tree = withDescriptor(kernel, directory, () => {
      const copy = openTree(kernel, directory, { recursive: true });
      moveMount(kernel, copy, directory);
      return copy;
    });
    return { fd: tree, path: rootfs };
  });
}

/** Puts a tree over `/`. Nothing is hidden by that: who has `/` for a root stays below it. */
function attachTree(kernel: Kernel, tree: Value): Value {
  // Refused where it is there already (ELOOP), or attached in a way that can't be moved: then it can stay where it is.
  kernel.attempt(['ELOOP', 'EINVAL'], () => moveMount(kernel, tree, '/'));
  return tree;
}

/** How a path inside a root is resolved. */
export interface OpenInRoot {
  /** May symbolic links be followed? They stay inside the root either way. By default not: ELOOP. */
  readonly symlinks?: boolean;
}

/**
 * Opens a path inside a root: openat2(2) with RESOLVE_IN_ROOT. No link leads out of it, and none of those of procfs is followed.
 *
 * @param flags `O_*` flags; `O_PATH | O_CLOEXEC` by default.
 * @throws {SystemError} `ELOOP` where a symbolic link is in the way.
 */
export function openInRoot(
  kernel: Kernel,
  root: Root,
  path: string,
  flags: number = pathFlags,
  { symlinks = false }: OpenInRoot = {},
): Value {
  const resolve = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS | (symlinks ? 0 : RESOLVE.NO_SYMLINKS);
  const how = openHow.make({ flags, resolve });
  return kernel.call(openat2, root.fd, partsOf(path).join('/') || '.', how, openHow.size);
}

/**
 * Makes a directory inside a root, and those that lead to it, as `mkdir -p` does. What exists is left as it is; that it is a
 * directory shows when it is opened.
 *
 * @param mode Of the last one, before the file mode mask; those that lead to it get 0755.
 */
export function makeDirectory(
  kernel: Kernel,
  root: Root,
  path: string,
  mode = 0o755,
  options: OpenInRoot = {},
): void {
  const parts = partsOf(path);
  parts.forEach((name, index) =>
    inDirectory(kernel, root, parts.slice(0, index), options, (parent) => {
      const bits = index === parts.length - 1 ? mode : 0o755;
      kernel.attempt(['EEXIST'], () => {
        kernel.call(mkdirat, parent, name, bits);
      });
    }),
  );
}

/** Makes an empty file inside a root, to be mounted over. What exists there is left as it is, and not opened. */
export function makeFile(
  kernel: Kernel,
  root: Root,
  path: string,
  mode = 0o755,
  options: OpenInRoot = {},
): void {
  inParent(kernel, root, path, options, (parent, name) =>
    kernel.attempt(['EEXIST'], () => {
      kernel.call(mknodat, parent, name, S_IFREG | mode, 0);
    }),
  );
}

/** Makes and opens the directory that a path of the root lies in, and hands it on with the last part of the path. */
export function inParent(
  kernel: Kernel,
  root: Root,
  path: string,
  options: OpenInRoot,
  body: (parent: Value, name: string) => void,
): void {
  const parts = partsOf(path);
  const directory = parts.slice(0, -1);
  makeDirectory(kernel, root, directory.join('/'), 0o755, options);
  inDirectory(kernel, root, directory, options, (parent) => body(parent, parts.at(-1) ?? '.'));
}

function inDirectory(
  kernel: Kernel,
  root: Root,
  parts: readonly string[],
  options: OpenInRoot,
  body: (directory: Value) => void,
): void {
  if (parts.length === 0) body(root.fd);
  else
    withDescriptor(
      kernel,
      openInRoot(kernel, root, parts.join('/'), directoryFlags, options),
      body,
    );
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
