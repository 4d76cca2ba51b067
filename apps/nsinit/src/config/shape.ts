import type { DnsOptions, Network, Route } from '@ts-c/network';
import { always, bigInteger, boolean, integer, list, map, object, string } from './schema.ts';
import type {
  Cgroup,
  ClockOffset,
  ClockOffsets,
  Config,
  DeviceEntry,
  IdMap,
  IoDeviceEntry,
  MountConfig,
  MountEntry,
  RdmaEntry,
  Rlimit,
} from './types.ts';

const int32 = integer(-(2 ** 31), 2 ** 31 - 1);
const uint32 = integer(0, 2 ** 32 - 1);
const int64 = bigInteger(-(2n ** 63n), 2n ** 63n - 1n);
const strings = list(string, '');

const device = object<DeviceEntry>({
  type: int32,
  path: string,
  major_number: int64,
  minor_number: int64,
  cgroup_permissions: string,
  file_mode: uint32,
});

const anyMount = object<MountEntry>({
  type: string,
  source: string,
  destination: string,
  writable: always(boolean),
  private: boolean,
  options: strings,
});

const mount: typeof anyMount = {
  ...anyMount,
  write({ writable, ...entry }) {
    // 1.1.0 leaves out "false", which is what a bind mount is anyway. To others it makes a difference.
    const isZero = writable === undefined || (!writable && entry.type === 'bind');
    return anyMount.write({ ...entry, ...(isZero ? {} : { writable }) });
  },
};

const mountConfig = object<MountConfig>({
  no_pivot_root: boolean,
  readonly_fs: boolean,
  mounts: list(mount),
  device_nodes: list(device),
  mount_label: string,
  mount_propagation: string,
});

const network = object<Network>({
  type: string,
  ns_path: string,
  bridge: string,
  veth_prefix: string,
  address: string,
  gateway: string,
  mtu: int32,
  name: string,
  parent: string,
  mode: string,
  mac_address: string,
  addresses: strings,
  ipv6_gateway: string,
  subnet: string,
  ipv6_subnet: string,
  onlink: boolean,
  masquerade: always(boolean),
});

const route = object<Route>({
  destination: string,
  source: string,
  gateway: string,
  interface_name: string,
});

const cgroup = object<Cgroup>({
  name: string,
  parent: string,
  allow_all_devices: boolean,
  allowed_devices: list(device),
  memory: int64,
  memory_reservation: int64,
  memory_swap: int64,
  cpu_shares: int64,
  cpu_quota: int64,
  cpu_period: int64,
  cpuset_cpus: string,
  freezer: string,
  slice: string,
  cpuset_mems: string,
  cpu_weight: int64,
  cpu_burst: int64,
  cpu_idle: boolean,
  cpu_rt_runtime: int64,
  cpu_rt_period: int64,
  memory_high: int64,
  memory_min: int64,
  memory_swappiness: always(int32),
  memory_oom_group: boolean,
  oom_kill_disable: boolean,
  kernel_memory: int64,
  kernel_memory_tcp: int64,
  pids_limit: int64,
  io_weight: int64,
  io_devices: list(
    object<IoDeviceEntry>({
      device: string,
      weight: int64,
      read_bps: int64,
      write_bps: int64,
      read_iops: int64,
      write_iops: int64,
    }),
  ),
  hugetlb: map(int64),
  rdma: map(object<RdmaEntry>({ hca_handles: int64, hca_objects: int64 })),
  misc: map(int64),
  net_cls_classid: uint32,
  net_prio: map(always(uint32)),
  unified: map(string),
  systemd: boolean,
});

const idMaps = list(object<IdMap>({ container_id: uint32, host_id: uint32, size: uint32 }));

const clockOffset = object<ClockOffset>({
  seconds: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  nanoseconds: integer(0, 999_999_999),
});

const limit = always(bigInteger(-1n, 2n ** 64n - 1n));

/** `container.json`, in the order in which 1.1.0 writes its keys, then those that are new. */
export const configSchema = object<Config>({
  mount_config: mountConfig,
  hostname: string,
  user: string,
  working_dir: string,
  environment: strings,
  tty: boolean,
  namespaces: map(boolean),
  capabilities: strings,
  networks: list(network),
  routes: list(route),
  cgroups: cgroup,
  apparmor_profile: string,
  process_label: string,
  restrict_sys: boolean,
  domainname: string,
  additional_groups: list(uint32, 0),
  namespace_paths: map(string),
  uid_mappings: idMaps,
  gid_mappings: idMaps,
  time_offsets: object<ClockOffsets>({ monotonic: clockOffset, boottime: clockOffset }),
  no_new_privileges: boolean,
  rlimits: map(object<Rlimit>({ soft: limit, hard: limit })),
  masked_paths: strings,
  readonly_paths: strings,
  published_ports: strings,
  dns: object<DnsOptions>({ servers: strings, search: strings, options: strings }),
  extra_hosts: strings,
});
