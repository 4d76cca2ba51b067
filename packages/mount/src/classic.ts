import type { Kernel } from '@ts-c/syscall';
import { mountCall, umount2 } from './calls.ts';
import { MNT, MS } from './flags.ts';
import { propagationFlag, type MountPropagation } from './tree.ts';

/** What mount(2) is given beside the place to mount on. */
export interface ClassicMount {
  /** A device, a directory, or what /proc/mounts is to show. */
  readonly source?: string;
  readonly type?: string;
  /** Bits of {@link MS}. */
  readonly flags?: number;
  /** Options of the file system, separated by commas. */
  readonly data?: string;
}

/**
 * Mounts by name, the way of old: mount(2). For paths of the host. What lies in a container is mounted by file descriptor:
 * {@link openTree}, {@link createFileSystem}, {@link moveMount}.
 */
export function mount(kernel: Kernel, target: string, options: ClassicMount = {}): void {
  const { source = null, type = null, flags = 0, data = null } = options;
  kernel.call(mountCall, source, target, type, flags, data);
}

/** How {@link umount} goes about it. */
export interface Umount {
  /** Take it out of sight at once, and let go of it when nobody uses it any longer. */
  readonly detach?: boolean;
  /** Give up on requests to a server that does not answer. */
  readonly force?: boolean;
  /** Refuse a path that ends in a symbolic link. */
  readonly noFollow?: boolean;
}

/**
 * Unmounts: umount2(2).
 *
 * @throws {SystemError} `EBUSY` while it is in use, `EINVAL` where nothing is mounted there or the mount is locked.
 */
export function umount(kernel: Kernel, target: string, options: Umount = {}): void {
  const { detach = false, force = false, noFollow = false } = options;
  const flags =
    (detach ? MNT.DETACH : 0) | (force ? MNT.FORCE : 0) | (noFollow ? MNT.UMOUNT_NOFOLLOW : 0);
  kernel.call(umount2, target, flags);
}

/** Sets what mounts at and below a path of the host mean to other mount namespaces: mount(2) with a propagation flag. */
export function changePropagation(
  kernel: Kernel,
  path: string,
  propagation: MountPropagation,
  { recursive = true }: { readonly recursive?: boolean } = {},
): void {
  const flags = propagationFlag[propagation] | (recursive ? MS.REC : 0);
  kernel.call(mountCall, null, path, null, flags, null);
}
