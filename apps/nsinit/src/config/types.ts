import type { DnsOptions, Network, Route } from '@ts-c/network';

/** A number of JSON: a bigint where it is too large for a number. */
export type Integer = number | bigint;

/**
 * `container.json`: the keys of libcontainer 1.1.0 as it names them, then those that it lacked. What is absent, or zero, is not
 * asked for.
 */
export interface Config {
  readonly mount_config?: MountConfig;
  /** Needs `NEWUTS`. */
  readonly hostname?: string;
  /** `name`, `uid`, `name:group` or `uid:gid`, by the container's own passwd and group; root where absent. */
  readonly user?: string;
  readonly working_dir?: string;
  /** All of the command's environment: `KEY=VALUE`. */
  readonly environment?: readonly string[];
  readonly tty?: boolean;
  /** `NEWNS`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID`, `NEWNET`; new: `NEWCGROUP`, `NEWTIME`. */
  readonly namespaces?: Readonly<Record<string, boolean>>;
  /** Those to keep, without `CAP_`. All others are dropped, hence all where it is absent. */
  readonly capabilities?: readonly string[];
  readonly networks?: readonly Network[];
  readonly routes?: readonly Route[];
  readonly cgroups?: Cgroup;
  readonly apparmor_profile?: string;
  readonly process_label?: string;
  /** Makes parts of /proc and all of /sys read-only. */
  readonly restrict_sys?: boolean;

  /** Needs `NEWUTS`. */
  readonly domainname?: string;
  /** Group ids, beside those of `user`. */
  readonly additional_groups?: readonly number[];
  /** Namespaces to join: a key of `namespaces` and the path of a namespace's file. */
  readonly namespace_paths?: Readonly<Record<string, string>>;
  /** Needs `NEWUSER`. */
  readonly uid_mappings?: readonly IdMap[];
  /** Needs `NEWUSER`. */
  readonly gid_mappings?: readonly IdMap[];
  /** Needs `NEWTIME`. */
  readonly time_offsets?: ClockOffsets;
  readonly no_new_privileges?: boolean;
  /** By the names of getrlimit(2) without `RLIMIT_`: `NOFILE`. */
  readonly rlimits?: Readonly<Record<string, Rlimit>>;
  /** `[HOSTIP:]HOSTPORT:PORT[/udp]`: ports of this machine that lead to the container. */
  readonly published_ports?: readonly string[];
  /** Gives the container an /etc/resolv.conf and an /etc/hosts. */
  readonly dns?: DnsOptions;
  /** `NAME:ADDRESS`, for /etc/hosts. */
  readonly extra_hosts?: readonly string[];
  /** Absolute paths in the container of what is to look empty. */
  readonly masked_paths?: readonly string[];
  /** Absolute paths in the container of what is to be read-only. */
  readonly readonly_paths?: readonly string[];
}

export interface MountConfig {
  readonly no_pivot_root?: boolean;
  readonly readonly_fs?: boolean;
  readonly mounts?: readonly MountEntry[];
  readonly device_nodes?: readonly DeviceEntry[];
  readonly mount_label?: string;
  /** What mounts of the host do in the container: `private` where absent. */
  readonly mount_propagation?: string;
}

export interface MountEntry {
  /** `bind`, or a type of file system that @ts-c/mount knows. 1.1.0 did nothing about any other than `bind`. */
  readonly type?: string;
  /** A path of the host, for `bind`. */
  readonly source?: string;
  /** An absolute path in the container. */
  readonly destination?: string;
  readonly writable?: boolean;
  readonly private?: boolean;
  /** Options as of mount(8), new. */
  readonly options?: readonly string[];
}

export interface DeviceEntry {
  /** 99 for a character device, 98 for a block device. */
  readonly type?: number;
  readonly path?: string;
  /** -1 for any, in a rule of a cgroup. */
  readonly major_number?: Integer;
  readonly minor_number?: Integer;
  /** Of `r`, `w` and `m`. */
  readonly cgroup_permissions?: string;
  /** In decimal: 438 is 0666. */
  readonly file_mode?: number;
}

export interface Cgroup {
  readonly name?: string;
  readonly parent?: string;
  readonly allow_all_devices?: boolean;
  readonly allowed_devices?: readonly DeviceEntry[];
  /** Bytes, as all that is about memory. */
  readonly memory?: Integer;
  readonly memory_reservation?: Integer;
  readonly memory_swap?: Integer;
  readonly cpu_shares?: Integer;
  /** Microseconds. */
  readonly cpu_quota?: Integer;
  /** Microseconds. */
  readonly cpu_period?: Integer;
  readonly cpuset_cpus?: string;
  /** `FROZEN` or `THAWED`. */
  readonly freezer?: string;
  /** The slice that systemd puts it in; asks for systemd. */
  readonly slice?: string;

  /** A list of memory nodes. */
  readonly cpuset_mems?: string;
  /** 1 to 10000. */
  readonly cpu_weight?: Integer;
  /** Microseconds. */
  readonly cpu_burst?: Integer;
  readonly cpu_idle?: boolean;
  /** Microseconds, version 1. */
  readonly cpu_rt_runtime?: Integer;
  /** Microseconds, version 1. */
  readonly cpu_rt_period?: Integer;
  /** Version 2. */
  readonly memory_high?: Integer;
  /** Version 2. */
  readonly memory_min?: Integer;
  /** 0 to 200, version 1. */
  readonly memory_swappiness?: number;
  /** Version 2. */
  readonly memory_oom_group?: boolean;
  /** Version 1. */
  readonly oom_kill_disable?: boolean;
  /** Version 1. */
  readonly kernel_memory?: Integer;
  /** Version 1. */
  readonly kernel_memory_tcp?: Integer;
  /** -1 is no limit. */
  readonly pids_limit?: Integer;
  /** 1 to 10000. */
  readonly io_weight?: Integer;
  readonly io_devices?: readonly IoDeviceEntry[];
  /** Bytes, by the size of the pages: `2MB`. */
  readonly hugetlb?: Readonly<Record<string, Integer>>;
  readonly rdma?: Readonly<Record<string, RdmaEntry>>;
  readonly misc?: Readonly<Record<string, Integer>>;
  /** Version 1. */
  readonly net_cls_classid?: number;
  /** Priorities by interface, version 1. */
  readonly net_prio?: Readonly<Record<string, number>>;
  /** Files of version 2, and what to write into them. */
  readonly unified?: Readonly<Record<string, string>>;
  /** Have systemd make it. */
  readonly systemd?: boolean;
}

export interface IoDeviceEntry {
  /** A block device: its path, or its numbers. */
  readonly device?: string;
  readonly weight?: Integer;
  /** Bytes a second. */
  readonly read_bps?: Integer;
  /** Bytes a second. */
  readonly write_bps?: Integer;
  /** Operations a second. */
  readonly read_iops?: Integer;
  /** Operations a second. */
  readonly write_iops?: Integer;
}

export interface RdmaEntry {
  readonly hca_handles?: Integer;
  readonly hca_objects?: Integer;
}

export interface IdMap {
  readonly container_id?: number;
  readonly host_id?: number;
  readonly size?: number;
}

export interface ClockOffsets {
  readonly monotonic?: ClockOffset;
  readonly boottime?: ClockOffset;
}

export interface ClockOffset {
  readonly seconds?: number;
  readonly nanoseconds?: number;
}

export interface Rlimit {
  /** A number, or -1 for no limit. */
  readonly soft?: Integer;
  readonly hard?: Integer;
}
