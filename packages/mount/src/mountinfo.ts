import { readFileSync } from 'node:fs';

/** A mount, as /proc/PID/mountinfo describes it: proc_pid_mountinfo(5). */
export interface MountInfo {
  readonly id: number;
  readonly parentId: number;
  readonly major: number;
  readonly minor: number;
  /** What of the file system is mounted. */
  readonly root: string;
  readonly mountPoint: string;
  readonly options: readonly string[];
  /** `shared:1`, `master:2`, `unbindable`. */
  readonly optionalFields: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** Reads the text of a mountinfo file. Lines that are none are passed over. */
export function parseMountInfo(text: string): MountInfo[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    if (dash < 0) return [];
    const [id, parentId, device = '', root = '', mountPoint = '', options = ''] = fields;
    const [type = '', source = '', superOptions = ''] = fields.slice(dash + 1);
    const [major, minor] = device.split(':').map(Number);
    return [
      {
        id: Number(id),
        parentId: Number(parentId),
        major: major ?? 0,
        minor: minor ?? 0,
        root: unescape(root),
        mountPoint: unescape(mountPoint),
        options: options.split(','),
        optionalFields: fields.slice(6, dash),
        type: unescape(type),
        source: unescape(source),
        superOptions: superOptions.split(','),
      },
    ];
  });
}

/** The mounts that a process sees; this one by default. */
export function readMountInfo(pid: number | 'self' = 'self'): MountInfo[] {
  return parseMountInfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
}

/** The mount that a path lies on, among those given: the innermost, and of several on one place the one on top. */
export function mountOf(path: string, mounts: readonly MountInfo[]): MountInfo | undefined {
  let best: MountInfo | undefined;
  for (const mount of mounts) {
    const prefix = mount.mountPoint === '/' ? '/' : `${mount.mountPoint}/`;
    const covers = path === mount.mountPoint || path.startsWith(prefix);
    if (covers && mount.mountPoint.length >= (best?.mountPoint.length ?? 0)) best = mount;
  }
  return best;
}

/** The kernel writes white space and backslashes in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
