import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { MOUNT_ATTR } from './flags.ts';
import { isWithin, type MountInfo } from './mountinfo.ts';
import { parseMountOptions } from './options.ts';

/** A directory that is seen through an overlay of its own. */
export interface HostOverlay {
  readonly path: string;
  /** Bits of {@link MOUNT_ATTR}: what is forbidden on the host is forbidden in the view. */
  readonly attributes: number;
}

/** Something that is seen as it is, read-only. */
export interface HostBind {
  readonly path: string;
  readonly kind: 'directory' | 'file';
}

/** What a view of the host's root consists of. */
export interface HostViewPlan {
  /** Sorted, `/` first, where that can be seen through an overlay. */
  readonly overlays: readonly HostOverlay[];
  /** Single files that are mount points, and directories that can't be written to anyway or can't be the lower layer of an overlay. */
  readonly files: readonly HostBind[];
  /** Mount points of what is not to be seen, and that hide what lies below them: an empty directory covers each. */
  readonly covers?: readonly string[];
  /** Where `/` itself can't be seen through an overlay: the links in it. The view gets a root of its own. */
  readonly links?: readonly { readonly path: string; readonly target: string }[];
}

/** What {@link planHostView} takes into account. */
export interface HostViewOptions {
  /** Will the view be made in a user namespace of its own? The kernel allows less there. */
  readonly userNamespace?: boolean;
  /** Where the machine's files are looked at, for the sake of tests. */
  readonly host?: HostFiles;
}

/** What has to be known about files beside what is mounted. */
export interface HostFiles {
  isDirectory(path: string): boolean;
  /** The names in `/`. */
  names(): readonly string[];
  /** Where a symbolic link leads to; nothing for what is none. */
  link(path: string): string | undefined;
}

// What the container has of its own, and what belongs to those who run containers.
const own = ['/proc', '/sys', '/dev', '/tmp', '/run'];
const others = ['docker', 'containers', 'containerd', 'kubelet', 'lxc', 'lxcfs', 'machines'].map(
  (name) => `/var/lib/${name}`,
);

// What holds no files of anybody's.
const pseudo = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl fuse.gvfsd-fuse ' +
    'fuse.lxcfs fuse.portal hugetlbfs mqueue nfsd nsfs proc pstore rootfs rpc_pipefs securityfs selinuxfs smackfs sysfs tracefs'
  ).split(' '),
);

/**
 * Plans a throw-away view of this machine's own root from its mounts: which of them are seen through an overlay, which read-only, and
 * which not at all. Mounts that are covered by others are left out, and so is all that {@link setUpMountNamespace} mounts anew.
 *
 * @param mounts Those of the process that will be the parent: {@link readMountInfo}.
 */
export function planHostView(
  mounts: readonly MountInfo[],
  { userNamespace = false, host = thisMachine }: HostViewOptions = {},
): HostViewPlan {
  const visible = mounts.filter((mount) => !isHidden(mount, mounts) && !isLeftOut(mount));
  return userNamespace ? planEntries(visible, mounts, host) : planRoot(visible, host);
}

/** One overlay for `/`, and one for each file system below it. */
function planRoot(visible: readonly MountInfo[], host: HostFiles): HostViewPlan {
  const overlays = new Map<string, HostOverlay>([['/', { path: '/', attributes: 0 }]]);
  const files: HostBind[] = [];
  const covers: string[] = [];
  for (const mount of visible) {
    const path = mount.mountPoint;
    const kind = kindOf(mount, host);
    if (path === '/') overlays.set('/', { path, attributes: attributesOf(mount) });
    else if (pseudo.has(mount.type)) {
      if (kind === 'directory') covers.push(path);
    } else if (kind === 'file' || isReadOnly(mount)) files.push({ path, kind });
    else overlays.set(path, { path, attributes: attributesOf(mount) });
  }
  return {
    overlays: [...overlays.values()].toSorted(byPath),
    files: files.toSorted(byPath),
    ...(covers.length > 0 ? { covers: covers.toSorted() } : {}),
  };
}

/**
 * In a user namespace all mounts are locked together, so that none of them alone can be a lower layer unless nothing is mounted below
 * it: each directory of `/` by itself, and those with mounts below read-only.
 */
function planEntries(
  visible: readonly MountInfo[],
  mounts: readonly MountInfo[],
  host: HostFiles,
): HostViewPlan {
  const overlays: HostOverlay[] = [];
  const files: HostBind[] = [];
  const links: { path: string; target: string }[] = [];
  const root = visible.find(({ mountPoint }) => mountPoint === '/');
  for (const path of host.names().map((name) => `/${name}`)) {
    if (own.includes(path)) continue;
    const target = host.link(path);
    const at = visible.find(({ mountPoint }) => mountPoint === path) ?? root;
    const mountsBelow = mounts.some(
      ({ mountPoint }) => mountPoint !== path && isWithin(mountPoint, path),
    );
    if (target !== undefined) links.push({ path, target });
    else if (!host.isDirectory(path)) files.push({ path, kind: 'file' });
    else if (mountsBelow || (at && isReadOnly(at))) files.push({ path, kind: 'directory' });
    else overlays.push({ path, attributes: at ? attributesOf(at) : 0 });
  }
  return { overlays: overlays.toSorted(byPath), files: files.toSorted(byPath), links };
}

/** Is a mount covered by another, at its own place or at one that leads to it? */
function isHidden(mount: MountInfo, mounts: readonly MountInfo[]): boolean {
  const way = new Set<number>();
  const byId = new Map(mounts.map((other) => [other.id, other]));
  for (let at: MountInfo | undefined = mount; at && !way.has(at.id); at = byId.get(at.parentId))
    way.add(at.id);
  return mounts.some(
    (other) =>
      !way.has(other.id) && way.has(other.parentId) && isWithin(mount.mountPoint, other.mountPoint),
  );
}

function isLeftOut({ mountPoint, type }: MountInfo): boolean {
  if (mountPoint === '/') return false;
  // Overlays below / are the roots of other containers.
  return type === 'overlay' || [...own, ...others].some((path) => isWithin(mountPoint, path));
}

/** The root of a file system is a directory; only for a part of one that is mounted the machine has to be asked. */
function kindOf({ root, mountPoint, type }: MountInfo, host: HostFiles): HostBind['kind'] {
  return (root === '/' && type !== 'nsfs') || host.isDirectory(mountPoint) ? 'directory' : 'file';
}

function isReadOnly({ options, superOptions }: MountInfo): boolean {
  return options.includes('ro') || superOptions.includes('ro');
}

function attributesOf({ options }: MountInfo): number {
  const { NODEV, NOEXEC, NOSUID, NOSYMFOLLOW } = MOUNT_ATTR;
  return parseMountOptions(options).mount.set & (NODEV | NOEXEC | NOSUID | NOSYMFOLLOW);
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1;
}

const thisMachine: HostFiles = {
  isDirectory(path) {
    try {
      return statSync(path).isDirectory();
    } catch {
      return false;
    }
  },
  names: () => readdirSync('/'),
  link: (path) => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined),
};
