import { readFileSync } from 'node:fs';
import {
  AT,
  AT_FDCWD,
  live,
  Memory,
  OPEN,
  openat,
  STATX,
  statx,
  statxLayout,
  withDescriptor,
} from '@ts-c/syscall';

/** One mount, as a line of /proc/PID/mountinfo says it: proc_pid_mountinfo(5). */
export interface MountInfo {
  readonly id: number;
  /** The mount that it is mounted on; its own id for the root of the namespace. */
  readonly parentId: number;
  /** The device number of its files. */
  readonly major: number;
  readonly minor: number;
  /** What of the file system is mounted: `/` for all of it. */
  readonly root: string;
  /** Where, seen from the root of the process. */
  readonly mountPoint: string;
  /** What holds for this mount: `ro`, `nosuid`. */
  readonly options: readonly string[];
  /** The peer group that it sends mounts to and gets them from. */
  readonly shared?: number;
  /** The peer group that it only gets mounts from. */
  readonly master?: number;
  /** The nearest dominant peer group that can be seen. */
  readonly propagateFrom?: number;
  readonly unbindable: boolean;
  /** The type of file system, with its subtype: `ext4`, `fuse.sshfs`. */
  readonly type: string;
  /** A device, a name, or nothing at all. */
  readonly source: string;
  /** What holds for the file system, however often it is mounted. */
  readonly superOptions: readonly string[];
}

/**
 * Reads the text of a mountinfo file. Empty lines are left out, optional fields without a known name too.
 *
 * @throws {SyntaxError} (`ERR_INVALID_MOUNTINFO`) for a line that is none.
 */
export function parseMountInfo(text: string): MountInfo[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
}

function parseLine(line: string): MountInfo {
  // No collapsing of spaces: a mount without a source has an empty field.
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [numbers, id, parentId, major, minor] = /^(\d+) (\d+) (\d+):(\d+) /.exec(line) ?? [];
  const [root, mountPoint, options] = fields.slice(3);
  const [type, source = '', superOptions = ''] = fields.slice(separator + 1);
  if (numbers === undefined || separator < 0 || !type || root === undefined || !mountPoint) {
    throw Object.assign(new SyntaxError(`not a line of mountinfo: ${JSON.stringify(line)}`), {
      code: 'ERR_INVALID_MOUNTINFO',
    });
  }
  const tags = new Map(
    fields.slice(6, separator).map((tag) => {
      const [name = '', value] = tag.split(':');
      return [name, value] as const;
    }),
  );
  return {
    id: Number(id),
    parentId: Number(parentId),
    major: Number(major),
    minor: Number(minor),
    root: unescape(root),
    mountPoint: unescape(mountPoint),
    options: list(options),
    ...group('shared', tags.get('shared')),
    ...group('master', tags.get('master')),
    ...group('propagateFrom', tags.get('propagate_from')),
    unbindable: tags.has('unbindable'),
    type: unescape(type),
    source: unescape(source),
    superOptions: list(superOptions),
  };
}

function group<K extends string>(name: K, id: string | undefined): { readonly [_ in K]?: number } {
  return (id === undefined ? {} : { [name]: Number(id) }) as { readonly [_ in K]?: number };
}

function list(options: string | undefined): string[] {
  return options ? options.split(',').map(unescape) : [];
}

/** Space, tab, newline, backslash and a few more are written as three octal digits, one for each byte. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/**
 * All mounts that a process sees, in the order in which they were made.
 *
 * @param pid A process; by default this one.
 * @throws {Error} Node's own, where the process does not exist (`ENOENT`) or is somebody else's (`EACCES`).
 */
export function readMountInfo(pid: number | 'self' = 'self'): MountInfo[] {
  return parseMountInfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
}

/**
 * The mount that a path lies on. The kernel is asked, statx(2): comparing names goes wrong where one mount lies over another.
 *
 * @returns nothing where that mount can't be seen from this process' root.
 * @throws {SystemError} where the path can't be looked up.
 */
export function mountPointOf(path: string): MountInfo | undefined {
  const status = new Memory(statxLayout.size);
  withDescriptor(live, live.call(openat, AT_FDCWD, path, OPEN.PATH | OPEN.CLOEXEC, 0), (place) =>
    live.call(statx, place, '', AT.EMPTY_PATH, STATX.MNT_ID, status),
  );
  const id = Number(status.get('u64', statxLayout.mountId));
  return readMountInfo().find((mount) => mount.id === id);
}

/**
 * The mount that a path lies on, by names alone: the innermost, and of several on one place the last. The path has to be absolute
 * and without links; where it exists here, {@link mountPointOf} is right more often.
 */
export function mountOf(path: string, mounts: readonly MountInfo[]): MountInfo | undefined {
  let best: MountInfo | undefined;
  for (const mount of mounts) {
    if (
      isWithin(path, mount.mountPoint) &&
      mount.mountPoint.length >= (best?.mountPoint.length ?? 0)
    )
      best = mount;
  }
  return best;
}

/** Is a path the directory, or below it? By names: both absolute, without a slash at the end. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}
