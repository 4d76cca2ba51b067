import { fromDevice, type Bytes, type Count, type IoDevice, type RdmaLimit } from '@ts-c/cgroups';
import type { Device } from '@ts-c/mount';
import type { CgroupDescription } from '../description.ts';
import { given } from './given.ts';
import type { Cgroup, DeviceEntry, Integer, IoDeviceEntry, RdmaEntry } from './types.ts';

/** The key `cgroups` as a cgroup is described. Zero is "not set", as 1.1.0 has it, and -1 no limit. */
export function describeCgroup(cgroup: Cgroup): CgroupDescription {
  const { allow_all_devices: allowsAll, allowed_devices: allowed = [] } = cgroup;
  return {
    ...given({
      name: cgroup.name,
      parent: cgroup.parent,
      frozen: cgroup.freezer === 'FROZEN',
      slice: cgroup.slice,
      systemd: cgroup.systemd === true || Boolean(cgroup.slice),
      memory: bytes(cgroup.memory),
      memoryReservation: bytes(cgroup.memory_reservation),
      memorySwap: bytes(cgroup.memory_swap),
      memoryHigh: bytes(cgroup.memory_high),
      memoryMin: bytes(cgroup.memory_min),
      memoryOomGroup: cgroup.memory_oom_group,
      oomKillDisable: cgroup.oom_kill_disable,
      kernelMemory: bytes(cgroup.kernel_memory),
      kernelMemoryTcp: bytes(cgroup.kernel_memory_tcp),
      cpuShares: number(cgroup.cpu_shares),
      cpuWeight: number(cgroup.cpu_weight),
      cpuQuota: number(cgroup.cpu_quota),
      cpuPeriod: number(cgroup.cpu_period),
      cpuBurst: number(cgroup.cpu_burst),
      cpuIdle: cgroup.cpu_idle,
      cpuRealtimeRuntime: number(cgroup.cpu_rt_runtime),
      cpuRealtimePeriod: number(cgroup.cpu_rt_period),
      cpusetCpus: cgroup.cpuset_cpus,
      cpusetMems: cgroup.cpuset_mems,
      pids: count(cgroup.pids_limit),
      ioWeight: number(cgroup.io_weight),
      ioDevices: cgroup.io_devices?.map(describeIoDevice),
      hugetlb: cgroup.hugetlb,
      rdma: cgroup.rdma && mapValues(cgroup.rdma, describeRdma),
      misc: cgroup.misc && mapValues(cgroup.misc, (limit) => count(limit) ?? 0),
      netClsClassid: cgroup.net_cls_classid,
      netPrio: cgroup.net_prio,
      unified: cgroup.unified,
    }),
    // Here zero says something.
    ...(cgroup.memory_swappiness === undefined
      ? {}
      : { memorySwappiness: cgroup.memory_swappiness }),
    ...(allowsAll
      ? {}
      : {
          devices: allowed.map((device, index) =>
            fromDevice(describeDevice(device), `allowed_devices[${index}]`),
          ),
        }),
  };
}

/** A device of the configuration, its numbers as JavaScript has them. */
export function describeDevice({
  type = 0,
  major_number,
  minor_number,
  ...device
}: DeviceEntry): Device {
  return {
    type,
    ...device,
    major_number: Number(major_number ?? 0),
    minor_number: Number(minor_number ?? 0),
  };
}

function describeIoDevice(entry: IoDeviceEntry): IoDevice {
  return {
    device: entry.device ?? '',
    ...given({
      weight: number(entry.weight),
      readBps: bytes(entry.read_bps),
      writeBps: bytes(entry.write_bps),
      readIops: count(entry.read_iops),
      writeIops: count(entry.write_iops),
    }),
  };
}

function describeRdma({ hca_handles, hca_objects }: RdmaEntry): RdmaLimit {
  return given({ hcaHandles: count(hca_handles), hcaObjects: count(hca_objects) });
}

function bytes(value: Integer | undefined): Bytes | undefined {
  return isZero(value) ? undefined : value;
}

function count(value: Integer | undefined): Count | undefined {
  return isZero(value) ? undefined : value;
}

function number(value: Integer | undefined): number | undefined {
  return isZero(value) ? undefined : Number(value);
}

function isZero(value: Integer | undefined): boolean {
  return value === undefined || BigInt(value) === 0n;
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  body: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, body(value)]));
}
