/** A mount of the configuration, under the JSON keys of libcontainer 1.1.0 (`mount_config.mounts`) and a few more. */
export interface Mount {
  /** `bind`, or the type of a file system: tmpfs, proc, sysfs, devpts, mqueue, cgroup, cgroup2, overlay. */
  readonly type: string;
  /** For a bind mount an absolute path of the host; else what /proc/mounts shows. */
  readonly source?: string;
  /** An absolute path of the container. */
  readonly destination: string;
  /** May it be written to? By default a bind mount may not, and none below it; a file system may. */
  readonly writable?: boolean;
  /** Is a bind mount's propagation private? */
  readonly private?: boolean;
  /** Options as of mount(8). Beyond 1.1.0. */
  readonly options?: readonly string[];
}

/** A device node or a rule about devices, under the JSON keys of libcontainer 1.1.0. */
export interface Device {
  /** The letter's code: 99 is `c`, 98 is `b`. */
  readonly type: number;
  /** Absent from a rule about many devices. */
  readonly path?: string;
  /** -1 stands for all. */
  readonly major_number?: number;
  /** -1 stands for all. */
  readonly minor_number?: number;
  /** Some of `r`, `w`, `m`. */
  readonly cgroup_permissions?: string;
  /** Permission bits, and as a host scan has it the bits of the type too. */
  readonly file_mode?: number;
  /** Who owns the node; root by default. Beyond 1.1.0. */
  readonly uid?: number;
  readonly gid?: number;
}

/** `mount_config` of `container.json`. */
export interface MountConfig {
  readonly no_pivot_root?: boolean;
  readonly readonly_fs?: boolean;
  readonly mounts?: readonly Mount[];
  readonly device_nodes?: readonly Device[];
  /** The SELinux label of files on the file systems that every container has: `context=` of mount(8). */
  readonly mount_label?: string;
}
