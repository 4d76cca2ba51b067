import {
  AT,
  AT_FDCWD,
  chdir,
  close,
  fchdir,
  Memory,
  mkdirat,
  openat,
  STATX,
  statx,
  statxLayout,
  withDescriptor,
  type ErrnoCode,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { fchmodat, fchownat, symlinkat } from './calls.ts';
import { umount } from './classic.ts';
import { createFileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import type { HostBind, HostOverlay, HostViewPlan } from './host-view-plan.ts';
import { directoryFlags, makeDirectory, makeFile, openInRoot, type Root } from './root.ts';
import { bindMount, moveMount, owner } from './tree.ts';

const { NODEV, NOSUID, RDONLY } = MOUNT_ATTR;

// A file system that is no lower layer to overlayfs, that its owner alone may see, or that has gone meanwhile.
const unusable: readonly ErrnoCode[] = [
  'EACCES',
  'EINVAL',
  'EIO',
  'ELOOP',
  'ENODEV',
  'ENOENT',
  'ENOTCONN',
  'EOPNOTSUPP',
  'EPERM',
  'ESTALE',
];

/**
 * Mounts a throw-away view of this machine's own root: what is written goes to memory and is gone with the mount namespace. /tmp and
 * /run are empty. For a mount namespace of one's own that is going to get another root, and for a process that may lose its current
 * directory.
 *
 * A view is a copy to work in, and hides nothing that its user may read on this machine.
 *
 * @param plan Of {@link planHostView}.
 * @returns a file descriptor of the view's root, attached over `/`, where it hides nothing from anybody.
 * @throws {SystemError} `EINVAL` where `/` can't be the lower layer of an overlay: it is one over another already.
 */
export function hostView(kernel: Kernel, plan: HostViewPlan): Value {
  return kernel.section(owner, 'a view of the host', () => {
    const { overlays, files, covers = [], links } = plan;
    const layers = memory(kernel, 'layers', 'mode=700');
    // Attached, since older kernels want that of upper layers; and where they are found from, for they are given by name.
    moveMount(kernel, layers, '/');
    kernel.call(fchdir, layers);
    const [first, ...others] = overlays;
    const own = links !== undefined || first === undefined;
    const fd = own
      ? memory(kernel, 'root', 'mode=755')
      : mountOverlay(kernel, layers, first, 'root');
    moveMount(kernel, fd, '/');
    const root: Root = { fd, path: '/' };
    for (const { path, target } of links ?? [])
      kernel.call(symlinkat, target, fd, path.replace(/^\//, ''));
    (own ? overlays : others).forEach((overlay, index) =>
      placeOverlay(kernel, root, layers, overlay, `layer${index}`, own),
    );
    for (const path of covers)
      place(kernel, root, path, memory(kernel, 'none', 'mode=755', RDONLY));
    for (const bind of files) placeBind(kernel, root, bind, own);
    placeEmpty(kernel, root, '/tmp', 0o1777);
    placeEmpty(kernel, root, '/run', 0o755);
    kernel.call(close, layers);
    uncover(kernel, fd);
    kernel.call(chdir, '/');
    return fd;
  });
}

/**
 * Takes the layers out from under the view: of what lies over `/`, the view is to be all there is, so that pivot_root(2) leaves
 * nothing of the old root behind. What an overlay is made of it has hold of by itself.
 */
function uncover(kernel: Kernel, view: Value): void {
  // A directory that every Linux system has, for a moment.
  moveMount(kernel, view, '/proc');
  umount(kernel, '/', { detach: true });
  moveMount(kernel, view, '/');
}

/** A file system in memory that is not attached yet. */
function memory(kernel: Kernel, source: string, mode: string, attributes = 0): Value {
  const set = attributes | NOSUID | NODEV;
  return createFileSystem(kernel, { type: 'tmpfs', source, attributes: set, data: [mode] });
}

function mountOverlay(
  kernel: Kernel,
  layers: Value,
  { path, attributes }: HostOverlay,
  name: string,
  options: readonly string[] = [],
): Value {
  const [upper, work] = [`${name}.upper`, `${name}.work`];
  for (const layer of [upper, work]) kernel.call(mkdirat, layers, layer, 0o755);
  copyOwner(kernel, path, layers, upper);
  // The place of a lower layer is split at colons.
  const lower = path.replaceAll(/[\\:]/g, String.raw`\$&`);
  const data = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`, ...options];
  return createFileSystem(kernel, { type: 'overlay', source: 'overlay', attributes, data });
}

/** The root of an overlay has the mode and the owner of its upper layer. */
function copyOwner(kernel: Kernel, from: string, directory: Value, to: string): void {
  const status = new Memory(statxLayout.size);
  withDescriptor(kernel, kernel.call(openat, AT_FDCWD, from, directoryFlags, 0), (lower) =>
    kernel.call(statx, lower, '', AT.EMPTY_PATH, STATX.MODE | STATX.UID | STATX.GID, status),
  );
  const word = (offset: number): Value => kernel.load(status, offset, 4);
  // EINVAL, EPERM: an owner whom a user namespace does not know.
  kernel.attempt(['EINVAL', 'EPERM'], () => {
    const { uid, gid } = statxLayout;
    kernel.call(fchownat, directory, to, word(uid), word(gid), AT.SYMLINK_NOFOLLOW);
  });
  kernel.call(fchmodat, directory, to, word(statxLayout.mode));
}

function placeOverlay(
  kernel: Kernel,
  root: Root,
  layers: Value,
  overlay: HostOverlay,
  name: string,
  own: boolean,
): void {
  const { path } = overlay;
  // The user of a user namespace may not write the attributes that overlayfs otherwise keeps its books in.
  const options = own ? ['userxattr'] : [];
  if (own) makeDirectory(kernel, root, path);
  kernel.attempt(
    unusable,
    () => place(kernel, root, path, mountOverlay(kernel, layers, overlay, name, options)),
    () => placeBind(kernel, root, { path, kind: 'directory' }, own),
  );
}

/** Shows something as it is, read-only; what can't be shown is left out. */
function placeBind(kernel: Kernel, root: Root, { path, kind }: HostBind, own: boolean): void {
  if (own) (kind === 'directory' ? makeDirectory : makeFile)(kernel, root, path);
  kernel.attempt(unusable, () =>
    withDescriptor(
      kernel,
      openInRoot(kernel, root, path, undefined, { symlinks: true }),
      (target) => bindMount(kernel, path, target, { set: RDONLY, recursive: own }),
    ),
  );
}

function placeEmpty(kernel: Kernel, root: Root, path: string, mode: number): void {
  // A link is left alone: what it leads to is what the view has there.
  kernel.attempt(['ELOOP', 'ENOTDIR'], () => {
    makeDirectory(kernel, root, path);
    withDescriptor(kernel, openInRoot(kernel, root, path, directoryFlags), (target) => {
      const empty = memory(kernel, 'tmpfs', `mode=${mode.toString(8)}`);
      withDescriptor(kernel, empty, () => moveMount(kernel, empty, target));
    });
  });
}

function place(kernel: Kernel, root: Root, path: string, mount: Value): void {
  withDescriptor(kernel, mount, () =>
    withDescriptor(
      kernel,
      openInRoot(kernel, root, path, undefined, { symlinks: true }),
      (target) => moveMount(kernel, mount, target),
    ),
  );
}
