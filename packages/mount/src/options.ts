import { MOUNT_ATTR, MOUNT_ATTR__ATIME } from './flags.ts';
import type { MountPropagation } from './tree.ts';

/** Attributes to set and to clear: bits of {@link MOUNT_ATTR}. */
export interface AttributeChange {
  readonly set: number;
  readonly clear: number;
}

/** Options of mount(8), sorted out. */
export interface MountOptions {
  /** What changes about the mount itself. */
  readonly mount: AttributeChange;
  /** What changes about the mount and all below it. */
  readonly tree: AttributeChange;
  /** Of `bind` and `rbind`: are the mounts below it bound too? Absent where neither is given. */
  readonly recursive?: boolean;
  readonly propagation?: { readonly kind: MountPropagation; readonly recursive: boolean };
  /** Ids are mapped through a user namespace: the path of one, if the option names it. */
  readonly idmap?: { readonly recursive: boolean; readonly userNamespace?: string };
  /** Options that every file system knows: `sync`, `dirsync`, `mand`, `lazytime`. They mean nothing to a bind mount. */
  readonly flags: readonly string[];
  /** What is left is for the file system itself: `size=1m`. */
  readonly data: readonly string[];
}

const none: AttributeChange = { set: 0, clear: 0 };
const set = (bit: number): AttributeChange => ({ set: bit, clear: 0 });
const clear = (bit: number): AttributeChange => ({ set: 0, clear: bit });
const atime = (bit: number): AttributeChange => ({ set: bit, clear: MOUNT_ATTR__ATIME });

// mount(8), "Filesystem-independent mount options".
const changes = new Map<string, AttributeChange>([
  ['ro', set(MOUNT_ATTR.RDONLY)],
  ['rw', clear(MOUNT_ATTR.RDONLY)],
  ['nosuid', set(MOUNT_ATTR.NOSUID)],
  ['suid', clear(MOUNT_ATTR.NOSUID)],
  ['nodev', set(MOUNT_ATTR.NODEV)],
  ['dev', clear(MOUNT_ATTR.NODEV)],
  ['noexec', set(MOUNT_ATTR.NOEXEC)],
  ['exec', clear(MOUNT_ATTR.NOEXEC)],
  ['nosymfollow', set(MOUNT_ATTR.NOSYMFOLLOW)],
  ['symfollow', clear(MOUNT_ATTR.NOSYMFOLLOW)],
  ['noatime', atime(MOUNT_ATTR.NOATIME)],
  ['atime', atime(0)],
  ['relatime', atime(0)],
  ['norelatime', atime(MOUNT_ATTR.STRICTATIME)],
  ['strictatime', atime(MOUNT_ATTR.STRICTATIME)],
  ['nostrictatime', atime(0)],
  ['nodiratime', set(MOUNT_ATTR.NODIRATIME)],
  ['diratime', clear(MOUNT_ATTR.NODIRATIME)],
]);

// By what it is called with fsconfig(2); the one without a name there takes back an earlier one.
const flagNames = new Map<string, { readonly flag: string; readonly on: boolean }>(
  ['sync', 'dirsync', 'mand', 'lazytime', 'iversion'].flatMap((flag) => [
    [flag, { flag, on: true }],
    [flag === 'sync' ? 'async' : `no${flag}`, { flag, on: false }],
  ]),
);

const propagations: readonly MountPropagation[] = ['private', 'slave', 'shared', 'unbindable'];
// What mount(8) keeps to itself; `x-…` are remarks by definition.
const remarks = /^(defaults|silent|loud|auto|noauto|nofail|_netdev|x-.*)$/;
const mapped = /^(?:X-mount\.)?(r?)idmap(?:=(.*))?$/;

/**
 * Sorts options of mount(8) into attributes of the mount, its propagation, and what is for the file system. The last of two that
 * contradict each other wins. With an `r` in front (`rro`, `rnosuid`, `rprivate`, `ridmap`) or `=recursive` behind, an option holds
 * for the mounts below as well. What is in no table, known or not, goes to the file system.
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let mount = none;
  let tree = none;
  let recursive: boolean | undefined;
  let propagation: MountOptions['propagation'];
  let idmap: MountOptions['idmap'];
  const flags = new Set<string>();
  const data: string[] = [];
  for (const option of options) {
    const { name, deep } = depthOf(option);
    const change = changes.get(name);
    const kind = propagations.find((propagationName) => propagationName === name);
    const flag = flagNames.get(option);
    const [map, deepMap, userNamespace] = mapped.exec(option) ?? [];
    if (change && deep) tree = merge(tree, change);
    else if (change) mount = merge(mount, change);
    else if (kind) propagation = { kind, recursive: deep };
    else if (flag) flags[flag.on ? 'add' : 'delete'](flag.flag);
    else if (map !== undefined)
      idmap = { recursive: deepMap === 'r', ...(userNamespace ? { userNamespace } : {}) };
    else if (option === 'bind' || option === 'rbind') recursive = option === 'rbind';
    else if (!remarks.test(option)) data.push(option);
  }
  return {
    mount,
    tree,
    ...(recursive === undefined ? {} : { recursive }),
    ...(propagation ? { propagation } : {}),
    ...(idmap ? { idmap } : {}),
    flags: [...flags],
    data,
  };
}

/** The name of an option without what says that it holds for the mounts below as well. */
function depthOf(option: string): { name: string; deep: boolean } {
  if (isNamed(option)) return { name: option, deep: false };
  const name = option.endsWith('=recursive') ? option.slice(0, -10) : option.replace(/^r/, '');
  return isNamed(name) ? { name, deep: true } : { name: option, deep: false };
}

function isNamed(name: string): boolean {
  return changes.has(name) || (propagations as readonly string[]).includes(name);
}

function merge(before: AttributeChange, change: AttributeChange): AttributeChange {
  return {
    set: (before.set & ~change.clear) | change.set,
    clear: (before.clear & ~change.set) | change.clear,
  };
}

/** A pair of option and value for the file system, without the quotes that a shell or fstab may need: `context="a,b"`. */
export function splitOption(option: string): { readonly key: string; readonly value?: string } {
  const [, key = option, text] = /^([^=]+)=(.*)$/s.exec(option) ?? [];
  if (text === undefined) return { key };
  return { key, value: /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text };
}
