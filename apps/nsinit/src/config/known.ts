import { capabilities } from '@ts-c/capabilities';
import type { MountPropagation } from '@ts-c/mount';

/** The types of mounts that can be asked for. */
export const mountTypes: readonly string[] = [
  'bind',
  'tmpfs',
  'proc',
  'sysfs',
  'devpts',
  'mqueue',
  'cgroup',
  'cgroup2',
  'overlay',
];

/** What mounts of the host may do in the container. */
export const propagations: readonly MountPropagation[] = [
  'private',
  'slave',
  'shared',
  'unbindable',
];

/** Capabilities, without `CAP_`. */
export const capabilityNames: readonly string[] = Object.keys(capabilities);

/** Limits by the names of getrlimit(2). */
export const resourceNames: readonly string[] = words(`
  CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME`);

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

const renamed: Readonly<Record<string, string>> = {
  pids: 'pids_limit',
  devices: 'allowed_devices',
  cpuRealtimeRuntime: 'cpu_rt_runtime',
  cpuRealtimePeriod: 'cpu_rt_period',
  access: 'cgroup_permissions',
  major: 'major_number',
  minor: 'minor_number',
};

/** A key of the cgroup's resources as `cgroups` of the configuration spells it: `ioDevices[0].readBps` is `io_devices[0].read_bps`. */
export function configKey(key: string): string {
  // What is in brackets is an index, or a name that others have chosen.
  return key.replace(/\[[^\]]*\]|\w+/g, (word) =>
    word.startsWith('[') ? word : (renamed[word] ?? snake(word)),
  );
}

function snake(text: string): string {
  return text.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
