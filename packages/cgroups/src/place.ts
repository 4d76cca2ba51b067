import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CgroupError } from './error.ts';
import type { Hierarchy } from './layout.ts';

/** Where a cgroup is, in each hierarchy. */
export interface Place {
  /** The name of its directory. */
  readonly name: string;
  /**
   * The cgroups above it, which are made where they are missing: `a/b` from the cgroup of this process, `/a/b` from the root of the
   * hierarchy. Without it the cgroup of this process is the parent.
   */
  readonly parent?: string | undefined;
}

/**
 * Checks the names of a place.
 *
 * @throws {CgroupError} (`ERR_INVALID_CGROUP_NAME`) for a name that leads somewhere else, or that no directory can have.
 */
export function checkPlace({ name, parent }: Place): void {
  checkName('name', name, name);
  if (parent === undefined) return;
  const names = segments(parent);
  if (names.length === 0 && !parent.startsWith('/')) refuse('parent', parent, 'is empty');
  for (const segment of names) checkName('parent', parent, segment);
}

function checkName(key: string, value: string, name: string): void {
  if (name === '') refuse(key, value, 'is empty');
  if (name === '.' || name === '..' || name.includes('/'))
    refuse(key, value, 'leads to another cgroup; give plain names, and those above it as parent');
  if (name.includes('\0') || name.includes('\n')) refuse(key, value, 'holds a NUL or a line break');
  if (Buffer.byteLength(name) > 255) refuse(key, value, 'is longer than 255 bytes');
  if (name.startsWith('cgroup.'))
    refuse(key, value, 'starts as the kernel’s own files do (cgroup.); choose another');
}

function refuse(key: string, value: string, reason: string): never {
  throw new CgroupError('ERR_INVALID_CGROUP_NAME', `${key}: ${JSON.stringify(value)} ${reason}`, {
    key,
    value,
  });
}

function segments(parent: string): string[] {
  return parent.split('/').filter((segment) => segment !== '');
}

/** The cgroup that the place is counted from, and the directories from there to the cgroup itself, outermost first. */
export interface Way {
  readonly base: string;
  /** At least one: the last is the cgroup. */
  readonly directories: readonly string[];
}

/** How a place is reached in a hierarchy. */
export function wayTo(place: Place, hierarchy: Hierarchy): Way {
  const { name, parent = '' } = place;
  const base = parent.startsWith('/') ? hierarchy.mountPoint : baseOf(hierarchy);
  let directory = base;
  const directories = [...segments(parent), name].map((segment) => {
    directory = `${directory}/${segment}`;
    return directory;
  });
  return { base, directories };
}

/**
 * The cgroup under which this process makes others: its own. In version 2 no cgroup but the root passes controllers on while it has
 * processes itself, so there it is the nearest above that can, if it is delegated to us.
 */
function baseOf({ version, own, mountPoint }: Hierarchy): string {
  if (version === 1) return own;
  for (let directory = own; ; directory = dirname(directory)) {
    if (passesOn(directory) && isWritable(directory)) return directory;
    if (directory === mountPoint) return own;
  }
}

/** Can the children of a cgroup of version 2 have controllers? The "no internal processes" rule of cgroups(7). */
export function passesOn(directory: string): boolean {
  return (
    // Only the root of the whole hierarchy has no type.
    !existsSync(`${directory}/cgroup.type`) ||
    readWords(`${directory}/cgroup.subtree_control`).length > 0 ||
    readWords(`${directory}/cgroup.procs`).length === 0
  );
}

/** May this process make a directory there? */
export function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The words of a file of the kernel's; none where it can't be read. */
export function readWords(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split(/\s+/)
      .filter((word) => word !== '');
  } catch {
    return [];
  }
}
