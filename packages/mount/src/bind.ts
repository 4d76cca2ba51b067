import { statSync } from 'node:fs';
import { FILE_SYSTEM, fstatfs, Memory, statfsSize, type Kernel, type Value } from '@ts-c/syscall';
import type { Mount } from './config.ts';
import { createFileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { parseMountOptions } from './options.ts';
import { makeDirectory, makeFile, openInRoot, type Root } from './root.ts';
import { AT_FDCWD, attach, cloneTree, setMountAttributes, withDescriptor } from './tree.ts';

const owner = '@ts-c/mount';

// Files of /proc that may be covered, by what lxcfs and its like provide.
const coverable =
  /^\/proc\/(cpuinfo|diskstats|loadavg|meminfo|net\/dev|slabinfo|stat|swaps|sys\/kernel\/ns_last_pid|uptime)$/;

/** A mount that can't be: which field, and why. */
export class MountError extends Error {
  override readonly name = 'MountError';
  readonly code = 'ERR_INVALID_MOUNT';
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options);
    this.field = field;
  }
}

/**
 * Checks a mount of the configuration.
 *
 * @param field What to call it in an error: `mounts[2]`.
 * @throws {MountError}
 */
export function checkMount(field: string, mount: Mount): void {
  const { type, source, destination } = mount;
  for (const [key, value] of Object.entries({ type, source, destination })) {
    if (value?.includes('\0')) throw new MountError(`${field}.${key}`, 'holds a NUL byte');
  }
  if (!destination.startsWith('/')) {
    throw new MountError(
      `${field}.destination`,
      `expected an absolute path, got ${JSON.stringify(destination)}`,
    );
  }
  const target = normalize(destination);
  if (target === '/')
    throw new MountError(`${field}.destination`, 'the root itself can’t be mounted over');
  const inProc = target === '/proc' || target.startsWith('/proc/');
  if (inProc && !coverable.test(target) && type !== 'proc') {
    throw new MountError(
      `${field}.destination`,
      `${target} is in /proc, which has to stay what it is`,
    );
  }
  if (type !== 'bind') return;
  if (!source?.startsWith('/')) {
    throw new MountError(
      `${field}.source`,
      `expected an absolute path, got ${JSON.stringify(source ?? '')}`,
    );
  }
}

/** Copies of what is to be bound, by the mount that asks for it. */
export type Sources = ReadonlyMap<Mount, Value>;

/** Copies what is to be bound before a root can hide it: file descriptors for {@link mountConfigured}. */
export function openSources(kernel: Kernel, mounts: readonly Mount[]): Sources {
  const binds = mounts.filter(({ type, source }) => type === 'bind' && source?.startsWith('/'));
  return kernel.section(
    owner,
    'what is to be bound',
    () => new Map(binds.map((mount) => [mount, cloneSource(kernel, mount)])),
  );
}

/** Mounts what the configuration asks for, in order; what is to be bound is opened then, unless that has been done before. */
export function mountConfigured(
  kernel: Kernel,
  root: Root,
  mounts: readonly Mount[],
  sources: Sources = new Map(),
): void {
  mounts.forEach((mount, index) => {
    const field = `mounts[${index}]`;
    checkMount(field, mount);
    kernel.section(owner, `${mount.type} on ${mount.destination}`, () => {
      if (mount.type === 'bind')
        bind(kernel, root, mount, sourceKind(field, mount.source as string), sources.get(mount));
      else mountFileSystem(kernel, root, mount);
    });
  });
}

/** Is the source of a bind mount a directory, or a file? What is made for it to be mounted on is of the same kind. */
function sourceKind(field: string, source: string): 'directory' | 'file' {
  try {
    return statSync(source).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'does not exist' : `can't be looked at (${code})`;
    throw new MountError(`${field}.source`, `${JSON.stringify(source)} ${reason}`, {
      cause: error,
    });
  }
}

/**
 * Binds a path of the host into a root, with all mounts below it. Unless it is to be writable, all of them are read-only before they
 * can be seen; what else the source's mount forbids (nosuid, nodev, noexec) stays forbidden.
 *
 * @param tree A copy of the source, if it has been opened before.
 */
export function bind(
  kernel: Kernel,
  root: Root,
  mount: Mount,
  kind: 'directory' | 'file',
  tree: Value = cloneSource(kernel, mount),
): void {
  const { attributes, clear, propagation } = parseMountOptions(mount.options ?? []);
  const readOnly = mount.writable ? 0 : MOUNT_ATTR.RDONLY;
  withDescriptor(kernel, tree, () => {
    const set = attributes | readOnly;
    if (set !== 0 || clear !== 0) setMountAttributes(kernel, tree, { set, clear, recursive: true });
    if (mount.private) setMountAttributes(kernel, tree, { propagation: 'private' });
    else if (propagation) setMountAttributes(kernel, tree, propagation);
    onto(kernel, root, mount.destination, kind, (target) => attach(kernel, tree, target));
  });
}

function cloneSource(kernel: Kernel, { source, options = [] }: Mount): Value {
  const { recursive = true } = parseMountOptions(options);
  return cloneTree(kernel, AT_FDCWD, source as string, recursive);
}

/** Mounts a file system inside a root, with options as of mount(8). */
export function mountFileSystem(kernel: Kernel, root: Root, mount: Mount): void {
  const { type, source = type, destination, options = [], writable } = mount;
  const { attributes, propagation, data } = parseMountOptions(options);
  const readOnly = writable === false ? MOUNT_ATTR.RDONLY : 0;
  const created = createFileSystem(kernel, {
    type,
    source,
    attributes: attributes | readOnly,
    data,
  });
  withDescriptor(kernel, created, () => {
    if (propagation) setMountAttributes(kernel, created, propagation);
    onto(kernel, root, destination, 'directory', (target) => attach(kernel, created, target));
  });
}

/** Makes and opens the place to mount on. It may be reached through links, inside the root; it may not turn out to be in /proc. */
function onto(
  kernel: Kernel,
  root: Root,
  destination: string,
  kind: 'directory' | 'file',
  body: (target: Value) => void,
): void {
  const links = { symlinks: true };
  if (kind === 'directory') makeDirectory(kernel, root, destination, links);
  else makeFile(kernel, root, destination, links);
  withDescriptor(kernel, openInRoot(kernel, root, destination, undefined, links), (target) => {
    if (!normalize(destination).startsWith('/proc')) refuseProc(kernel, target, destination);
    body(target);
  });
}

function refuseProc(kernel: Kernel, target: Value, destination: string): void {
  const buffer = new Memory(statfsSize);
  kernel.call(fstatfs, target, buffer);
  const problem = {
    code: 'ERR_MOUNT_ON_PROC',
    message: `${destination} leads into /proc, which has to stay what it is`,
  };
  kernel.refuse(kernel.load(buffer, 0, 8), { equals: FILE_SYSTEM.PROC }, problem);
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
