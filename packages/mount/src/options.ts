import { MOUNT_ATTR, MOUNT_ATTR__ATIME } from './flags.ts';
import type { MountAttributes, MountPropagation } from './tree.ts';

/** Options of mount(8), sorted out. */
export interface MountOptions {
  /** Bits of MOUNT_ATTR to set. */
  readonly attributes: number;
  /** Bits of MOUNT_ATTR to clear. */
  readonly clear: number;
  /** Of `bind` and `rbind`: are the mounts below it bound too? Nothing where neither is given. */
  readonly recursive: boolean | undefined;
  readonly propagation: MountAttributes | undefined;
  /** What is left is for the file system itself. */
  readonly data: readonly string[];
}

interface Change {
  readonly set?: number;
  readonly clear?: number;
}

const { IDMAP: _, ...attribute } = MOUNT_ATTR;
const atime = (set: number): Change => ({ set, clear: MOUNT_ATTR__ATIME });

// https://man7.org/linux/man-pages/man8/mount.8.html, "FILESYSTEM-INDEPENDENT MOUNT OPTIONS".
const changes: Readonly<Record<string, Change>> = {
  ro: { set: attribute.RDONLY },
  rw: { clear: attribute.RDONLY },
  nosuid: { set: attribute.NOSUID },
  suid: { clear: attribute.NOSUID },
  nodev: { set: attribute.NODEV },
  dev: { clear: attribute.NODEV },
  noexec: { set: attribute.NOEXEC },
  exec: { clear: attribute.NOEXEC },
  nosymfollow: { set: attribute.NOSYMFOLLOW },
  symfollow: { clear: attribute.NOSYMFOLLOW },
  noatime: atime(attribute.NOATIME),
  atime: atime(0),
  relatime: atime(0),
  norelatime: atime(attribute.STRICTATIME),
  strictatime: atime(attribute.STRICTATIME),
  nostrictatime: atime(0),
  nodiratime: { set: attribute.NODIRATIME },
  diratime: { clear: attribute.NODIRATIME },
  defaults: {},
  silent: {},
  loud: {},
};

const propagations: readonly MountPropagation[] = ['private', 'slave', 'shared', 'unbindable'];

/**
 * Sorts options of mount(8) into attributes of the mount, its propagation, and what is for the file system. The last of two that
 * contradict each other wins. A name with an `r` in front (`rro`, `rnosuid`) means the mounts below as well, which is what a bind
 * mount's options mean here in any case.
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let attributes = 0;
  let clear = 0;
  let recursive: boolean | undefined;
  let propagation: MountAttributes | undefined;
  const data: string[] = [];
  for (const option of options) {
    const change =
      changes[option] ?? (option.startsWith('r') ? changes[option.slice(1)] : undefined);
    const spread = propagations.find((name) => option === name || option === `r${name}`);
    if (change) {
      const { set = 0, clear: off = 0 } = change;
      attributes = (attributes & ~off) | set;
      clear = (clear & ~set) | off;
    } else if (spread) {
      propagation = { propagation: spread, recursive: option.startsWith('r') };
    } else if (option === 'bind' || option === 'rbind') {
      recursive = option === 'rbind';
    } else {
      data.push(option);
    }
  }
  return { attributes, clear, recursive, propagation, data };
}
