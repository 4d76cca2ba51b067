/** One hierarchy of cgroups, as it is mounted. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly mountPoint: string;
  /** Its controllers; a named hierarchy of version 1 has one that starts with `name=`. Of version 2: those that exist at its root. */
  readonly controllers: readonly string[];
  /** The directory of the cgroup that this process is in. */
  readonly own: string;
}

/** How cgroups are laid out on a machine: version 1, version 2, or both side by side (hybrid). */
export interface Layout {
  readonly mode: 'v1' | 'v2' | 'hybrid';
  readonly hierarchies: readonly Hierarchy[];
}
