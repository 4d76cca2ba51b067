import { statSync } from 'node:fs';
import { mkdirat, OPEN, openat, type Kernel, type Value } from '@ts-c/syscall';
import { createFileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { mountOf, type MountInfo } from './mountinfo.ts';
import { AT_FDCWD, attach, cloneTree, setMountAttributes, withDescriptor } from './tree.ts';
import { openInRoot, type Root } from './root.ts';

/** What a view of the host's root consists of. */
export interface HostViewPlan {
  /** Mount points that are directories with real files below: each is seen through an overlay of its own. Sorted, `/` first. */
  readonly overlays: readonly string[];
  /** Mount points that are single files, or that can't be a lower layer: seen read-only. */
  readonly files: readonly string[];
}

// What holds no files of anybody's, or what the container has of its own.
const pseudo = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl fuse.lxcfs fuse.portal hugetlbfs mqueue ' +
    'nfsd nsfs proc pstore ramfs rootfs rpc_pipefs securityfs selinuxfs smackfs sysfs tmpfs tracefs'
  ).split(' '),
);
const own = ['/proc', '/sys', '/dev', '/tmp', '/run'];

/** Plans a view of this machine's own root, from its mounts. Mounts that another one covers are left out. */
export function planHostView(
  mounts: readonly MountInfo[],
  isDirectory: (path: string) => boolean = looksLikeDirectory,
): HostViewPlan {
  const overlays = new Set<string>(['/']);
  const files = new Set<string>();
  for (const mount of mounts) {
    const { mountPoint, type } = mount;
    if (mountPoint === '/' || pseudo.has(type) || mountOf(mountPoint, mounts) !== mount) continue;
    if (own.some((path) => mountPoint === path || mountPoint.startsWith(`${path}/`))) continue;
    // Its place is the overlay's separator or escape character.
    if (/[,:\\]/.test(mountPoint)) continue;
    (isDirectory(mountPoint) ? overlays : files).add(mountPoint);
  }
  return { overlays: [...overlays].sort(), files: [...files].sort() };
}

function looksLikeDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const owner = '@ts-c/mount';
// A directory that every Linux system has, and that the view shows nothing of.
const scratch = '/tmp';

/**
 * Mounts a throw-away view of this machine's own root: what is written goes to memory and is gone with the mount namespace. For a
 * mount namespace of one's own that is going to get another root.
 *
 * @returns a file descriptor of the view's root.
 */
export function hostView(kernel: Kernel, plan: HostViewPlan): Value {
  return kernel.section(owner, 'a view of the host', () => {
    const { NOSUID, NODEV } = MOUNT_ATTR;
    const upper = createFileSystem(kernel, {
      type: 'tmpfs',
      source: 'upper',
      attributes: NOSUID | NODEV,
      data: ['mode=700'],
    });
    const files = plan.files.map((path) => cloneTree(kernel, AT_FDCWD, path, false));
    attachAt(kernel, upper, scratch);
    // All are made before the first is attached, for that hides the upper layers' place.
    const [first, ...others] = plan.overlays.map((path, index) => {
      for (const name of ['upper', 'work']) kernel.call(mkdirat, upper, `${name}${index}`, 0o755);
      return createFileSystem(kernel, {
        type: 'overlay',
        source: 'overlay',
        attributes: 0,
        data: [
          `lowerdir=${path}`,
          `upperdir=${scratch}/upper${index}`,
          `workdir=${scratch}/work${index}`,
        ],
      });
    });
    const root: Root = { fd: first as Value, path: scratch };
    // Attached, since pivot_root(2) wants a mount that is.
    attachAt(kernel, root.fd, scratch);
    others.forEach((overlay, index) =>
      place(kernel, root, plan.overlays[index + 1] as string, overlay),
    );
    files.forEach((file, index) => {
      setMountAttributes(kernel, file, { set: MOUNT_ATTR.RDONLY });
      place(kernel, root, plan.files[index] as string, file);
    });
    const tmp = createFileSystem(kernel, {
      type: 'tmpfs',
      source: 'tmpfs',
      attributes: NOSUID | NODEV,
      data: ['mode=1777'],
    });
    place(kernel, root, '/tmp', tmp);
    return root.fd;
  });
}

function attachAt(kernel: Kernel, mount: Value, path: string): void {
  const target = kernel.call(openat, AT_FDCWD, path, OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC, 0);
  withDescriptor(kernel, target, () => attach(kernel, mount, target));
}

function place(kernel: Kernel, root: Root, path: string, mount: Value): void {
  withDescriptor(kernel, openInRoot(kernel, root, path, undefined, { symlinks: true }), (target) =>
    attach(kernel, mount, target),
  );
}
