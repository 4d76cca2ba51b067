import { readFileSync } from 'node:fs';
import { isWithin, parseMountInfo, type MountInfo } from '@ts-c/mount';
import { CgroupError } from './error.ts';

/** One hierarchy of cgroups, as it is mounted. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly mountPoint: string;
  /**
   * Its controllers; a named hierarchy of version 1 has one that starts with `name=`. Of version 2: those that a cgroup beneath the
   * one of this process can have.
   */
  readonly controllers: readonly string[];
  /** The directory of the cgroup that this process is in. */
  readonly own: string;
}

/** How cgroups are laid out on a machine: version 1, version 2, or both side by side (hybrid). */
export interface Layout {
  readonly mode: 'v1' | 'v2' | 'hybrid';
  readonly hierarchies: readonly Hierarchy[];
}

/** A line of /proc/PID/cgroup: cgroups(7). */
export interface Membership {
  /** 0 for version 2. */
  readonly hierarchyId: number;
  /** Empty for version 2. */
  readonly controllers: readonly string[];
  /** The cgroup, from the root of the reader's cgroup namespace. */
  readonly path: string;
}

/** Where a layout is read from: this process, unless told otherwise. */
export interface LayoutSources {
  readonly mounts: readonly Pick<MountInfo, 'mountPoint' | 'root' | 'type' | 'superOptions'>[];
  /** The text of /proc/PID/cgroup. */
  readonly memberships: string;
  /** The text of a file; undefined where there is none. */
  readonly read: (path: string) => string | undefined;
}

/**
 * Finds out how cgroups are laid out here, and which ones this process is in: by what is mounted, never by where it usually is.
 *
 * @throws {CgroupError} (`ERR_NO_CGROUPS`) where no cgroup file system is mounted.
 */
export function readLayout(sources: Partial<LayoutSources> = {}): Layout {
  const {
    mounts = readCgroupMounts(),
    memberships = readFileSync('/proc/self/cgroup', 'utf8'),
    read = readText,
  } = sources;
  const own = parseMemberships(memberships);
  const hierarchies = new Map<string, Hierarchy>();
  for (const mount of mounts) {
    const found = hierarchyOf(mount, own, read);
    if (!found) continue;
    const [key, hierarchy] = found;
    const known = hierarchies.get(key);
    // Of several mounts of one hierarchy the first that shows our own cgroup; what was mounted over it later hides it.
    if (!known || known.mountPoint === mount.mountPoint || !isOwnVisible(known, key, own))
      hierarchies.set(key, hierarchy);
  }
  const list = [...hierarchies.values()];
  if (list.length === 0) {
    throw new CgroupError(
      'ERR_NO_CGROUPS',
      'no cgroup file system is mounted; mount one: mount -t cgroup2 none /sys/fs/cgroup',
    );
  }
  const versions = new Set(list.map(({ version }) => version));
  return { mode: versions.size > 1 ? 'hybrid' : versions.has(2) ? 'v2' : 'v1', hierarchies: list };
}

/**
 * Reads the text of /proc/PID/cgroup. Empty lines are left out.
 *
 * @throws {SyntaxError} (`ERR_INVALID_CGROUP_FILE`) for a line that is none.
 */
export function parseMemberships(text: string): Membership[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      // A path may have colons in it.
      const [, id, names = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
      if (id === undefined) {
        throw Object.assign(
          new SyntaxError(`not a line of a cgroup file: ${JSON.stringify(line)}`),
          {
            code: 'ERR_INVALID_CGROUP_FILE',
          },
        );
      }
      return { hierarchyId: Number(id), controllers: names ? names.split(',') : [], path };
    });
}

// Mounts change rarely, and whoever makes one cgroup makes many.
let lastRead: { readonly text: string; readonly mounts: readonly MountInfo[] } | undefined;

/** Of all mounts, which may be many, those alone that have to do with cgroups. */
function readCgroupMounts(): readonly MountInfo[] {
  const text = readFileSync('/proc/self/mountinfo', 'utf8');
  if (text === lastRead?.text) return lastRead.mounts;
  const lines = text.split('\n').filter((line) => line.includes(' - cgroup'));
  lastRead = { text, mounts: parseMountInfo(lines.join('\n')) };
  return lastRead.mounts;
}

type CgroupMount = LayoutSources['mounts'][number];

/** A mount as a hierarchy, and what tells it from others; undefined if it is of something else. */
function hierarchyOf(
  mount: CgroupMount,
  own: readonly Membership[],
  read: LayoutSources['read'],
): [key: string, hierarchy: Hierarchy] | undefined {
  const { mountPoint, superOptions, type } = mount;
  if (type === 'cgroup2') {
    const membership = own.find(({ hierarchyId }) => hierarchyId === 0);
    const directory = ownDirectory(mount, membership);
    const controllers = (read(`${directory}/cgroup.controllers`) ?? '').trim();
    return [
      '',
      {
        version: 2,
        mountPoint,
        controllers: controllers ? controllers.split(' ') : [],
        own: directory,
      },
    ];
  }
  if (type !== 'cgroup') return undefined;
  const membership = own.find(
    ({ controllers }) =>
      controllers.length > 0 && controllers.every((name) => superOptions.includes(name)),
  );
  if (!membership) return undefined;
  const { controllers } = membership;
  return [
    controllers.join(','),
    { version: 1, mountPoint, controllers, own: ownDirectory(mount, membership) },
  ];
}

/** The directory of a cgroup in a mount. Where the mount does not show it, what it does show is the nearest. */
function ownDirectory(
  { mountPoint, root }: CgroupMount,
  membership: Membership | undefined,
): string {
  const path = membership?.path ?? '/';
  if (path.split('/').includes('..') || !isWithin(path, root)) return mountPoint;
  const rest = root === '/' ? path : path.slice(root.length);
  return rest === '/' || rest === '' ? mountPoint : `${mountPoint}${rest}`;
}

function isOwnVisible(known: Hierarchy, key: string, own: readonly Membership[]): boolean {
  const membership = own.find(({ controllers }) => controllers.join(',') === key);
  return membership?.path === '/' || known.own !== known.mountPoint;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The hierarchy that has a controller, if there is one. */
export function hierarchyWith(layout: Layout, controller: string): Hierarchy | undefined {
  return layout.hierarchies.find(({ controllers }) => controllers.includes(controller));
}
