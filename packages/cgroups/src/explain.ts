import type { Setting } from './setting.ts';
import { formatBytes } from './value.ts';

const byteKeys =
  /^(memory|memoryReservation|memorySwap|memoryHigh|memoryMin|kernelMemory|kernelMemoryTcp|hugetlb\..*)$/;
const timeKeys = /^cpu(s|Quota|Period|Burst|RealtimeRuntime|RealtimePeriod)$/;
const noLimit = 'no limit';

/** Settings for people, a line for each: `memory.max <- 67108864  (memory: 64 MiB)`. */
export function explainSettings(settings: readonly Setting[]): string {
  return settings.map(explainSetting).join('\n');
}

function explainSetting(setting: Setting): string {
  const { file, value, key } = setting;
  const meaning = meaningOf(setting);
  return `${file} <- ${value}  (${meaning === undefined ? key : `${key}: ${meaning}`})`;
}

function meaningOf({ file, value, key }: Setting): string | undefined {
  if (key.startsWith('unified')) return undefined;
  if (value === 'max' || value === '-1') return noLimit;
  const [last = ''] = value.split(' ').slice(-1);
  if (byteKeys.test(key)) return byteMeaning(file, value);
  if (key.endsWith('Bps') && /\d$/.test(last)) return rateMeaning(last.replace(/^\w+=/, ''));
  if (file === 'cpu.max') return cpuMeaning(value);
  return timeKeys.test(key) ? `${value} µs` : undefined;
}

function byteMeaning(file: string, value: string): string {
  const amount = formatBytes(BigInt(value));
  return file === 'memory.swap.max' ? `${amount} of swap` : amount;
}

/** A limit of 0 on a device is none, in version 1. */
function rateMeaning(value: string): string {
  return value === '0' ? noLimit : `${formatBytes(BigInt(value))} a second`;
}

function cpuMeaning(value: string): string {
  const [quota = '', period = ''] = value.split(' ');
  return quota === 'max'
    ? `${noLimit}, period ${period} µs`
    : `${quota} µs of CPU time every ${period} µs`;
}

/**
 * Why the kernel refuses a setting, and what to do about it: one line.
 *
 * @param code What it says: `EBUSY`.
 */
export function reasonOf(code: string, setting: Setting): string {
  // Node has the other of the two names of this number.
  const name = code === 'ENOTSUP' ? 'EOPNOTSUPP' : code;
  return special(name, setting) ?? general(name, setting);
}

/** What a code means for one file, or for those of one kind. */
function special(code: string, { file, value, key }: Setting): string | undefined {
  for (const { codes, files, reason } of reasons)
    if (codes.includes(code) && files.test(file)) return reason({ file, value, key });
  return undefined;
}

type Refused = Pick<Setting, 'file' | 'value' | 'key'>;

interface Reason {
  readonly codes: readonly string[];
  readonly files: RegExp;
  readonly reason: (refused: Refused) => string;
}

// The first that fits counts.
const reasons: readonly Reason[] = [
  {
    codes: ['EBUSY'],
    files: /^memory\.(memsw\.|kmem\.|kmem\.tcp\.)?limit_in_bytes$/,
    reason: ({ key }) =>
      `more than that is in use now, and the kernel could not reclaim enough of it; give ${key} more, or stop processes first`,
  },
  {
    codes: ['EBUSY'],
    files: /^cgroup\.subtree_control$/,
    reason: () =>
      'the cgroup has processes of its own, and can pass no controllers on while it has (no internal processes, cgroups(7)); move them to a cgroup beneath it',
  },
  {
    codes: ['EBUSY'],
    files: /^cpuset\./,
    reason: () =>
      'a cgroup beneath it uses what is being taken away, or deadline tasks would lose their bandwidth; change those first',
  },
  {
    codes: ['EINVAL'],
    files: /^memory\.memsw\.limit_in_bytes$/,
    reason: () =>
      'memory and swap together can’t be less than memory.limit_in_bytes; give memorySwap more than memory, or lower memory with it',
  },
  {
    codes: ['EINVAL'],
    files: /^memory\.limit_in_bytes$/,
    reason: () =>
      'memory can’t be more than memory.memsw.limit_in_bytes; raise memorySwap with it, or set it to -1 for none',
  },
  {
    codes: ['EINVAL'],
    files: /^memory\.oom_control$/,
    reason: () => 'the kernel has no switch for that in this cgroup; leave oomKillDisable out',
  },
  {
    codes: ['EINVAL'],
    files: /^memory\.swappiness$/,
    reason: () => 'it goes from 0 to 100 before Linux 5.8, and to 200 from there on',
  },
  {
    codes: ['EINVAL'],
    files: /^cpu\.(shares|weight)$/,
    reason: () => 'the weight of an idle cgroup can’t be set; set cpuIdle to false with it',
  },
  {
    codes: ['EINVAL'],
    files: /^cpu\.(cfs_(quota|period)_us|max)$/,
    reason: () =>
      'it gives more CPU time than a cgroup above allows, less than one beneath has been given or than cpuBurst, or the quota is below 1000 µs; look at their quotas, give less, or lower cpuBurst with it',
  },
  {
    codes: ['EINVAL'],
    files: /^cpu\.(cfs_burst_us|max\.burst)$/,
    reason: () => 'the burst can’t be more than the quota; give cpuBurst less, or cpuQuota more',
  },
  {
    codes: ['EINVAL', 'EBUSY'],
    files: /^cpu\.rt_/,
    reason: () =>
      'the cgroup above has not that much real-time bandwidth to give, the runtime is longer than the period, or real-time processes would be left without; set cpu.rt_runtime_us of those above first',
  },
  {
    codes: ['ENOSPC'],
    files: /^cpuset\./,
    reason: () =>
      'a cgroup that has processes can’t be left without CPUs or memory nodes; name some that are there',
  },
  {
    codes: ['EACCES'],
    files: /^cpuset\.(cpus|mems)$/,
    reason: (refused) =>
      `${cpusetReason(refused)}; or this cgroup is not delegated to this user (systemd: Delegate=yes)`,
  },
  {
    codes: ['EINVAL', 'ERANGE', 'ENODEV', 'EOVERFLOW'],
    files: /^cpuset\.(cpus|mems)$/,
    reason: cpusetReason,
  },
  {
    codes: ['EINVAL', 'ERANGE'],
    files: /^pids\.max$/,
    reason: () => "it goes from 0 to 4194304, and no limit is 'max'",
  },
  {
    codes: ['EINVAL'],
    files: /^hugetlb\./,
    reason: () =>
      'the amount is not one of whole pages that the kernel takes; give a multiple of the size of the page',
  },
  {
    codes: ['EINVAL', 'ENODEV'],
    files: /^(rdma|misc)\.max$/,
    reason: ({ value }) =>
      `the kernel knows no ${value.split(' ', 1)[0]}, or the limit is too large; the capacity files of the root cgroup and /sys/class/infiniband say what there is`,
  },
  {
    codes: ['EINVAL', 'ENODEV'],
    files: /^net_prio\.ifpriomap$/,
    reason: ({ value }) =>
      `there is no network interface ${value.split(' ', 1)[0]} here; make it first, or correct the name`,
  },
  {
    codes: ['ENODEV', 'ENXIO'],
    files: /^(io|blkio)\./,
    reason: ({ value }) =>
      `there is no block device ${value.split(' ', 1)[0]}, or it is a part of one; name the whole disk (lsblk)`,
  },
  {
    codes: ['EOPNOTSUPP'],
    files: /^(io|blkio)\./,
    reason: () =>
      'the driver or the I/O scheduler of the device can’t do it; choose another (bfq for weights)',
  },
  {
    codes: ['EINVAL', 'ERANGE'],
    files: /^(io|blkio)\..*weight/,
    reason: () => 'the I/O scheduler has a smaller range of weights; give no more than 1000',
  },
  {
    codes: ['EOPNOTSUPP', 'EINVAL'],
    files: /^memory\.kmem\.limit_in_bytes$/,
    reason: () =>
      'the kernel limits its own memory no longer (from Linux 5.16); leave kernelMemory out',
  },
  {
    codes: ['EINVAL', 'EPERM'],
    files: /^devices\.(allow|deny)$/,
    reason: () =>
      'the cgroup above does not allow that device, or this is not root; allow it there first',
  },
];

/** Has the kernel no such CPU, or the cgroup above not? It refuses either way with several codes. */
function cpusetReason({ file, key }: Refused): string {
  const [what, list] =
    file === 'cpuset.cpus'
      ? ['CPUs', '/sys/devices/system/cpu/online']
      : ['memory nodes', '/sys/devices/system/node/online'];
  return `not all of these ${what} are there, or the cgroup above has not all of them; give ${key} only such as are in ${list} and in the effective list of that cgroup`;
}

function general(code: string, { file, value, key, controller }: Setting): string {
  switch (code) {
    case 'ENOENT':
      return `there is no such file: the ${controller} controller is not enabled for this cgroup, the kernel is too old or built without it, or the cgroup is gone; leave ${key} out, or enable the controller`;
    case 'EROFS':
      return 'the cgroup file system is mounted read-only here; mount it writable, or have limits set from outside';
    case 'EACCES':
    case 'EPERM':
      return 'this cgroup is not delegated to this user; run as root, or have it delegated (systemd: Delegate=yes)';
    case 'ENODEV':
      return 'the cgroup has been removed meanwhile; create it anew';
    case 'EBUSY':
      return `it is in use; stop the processes in the cgroup or in those beneath it before ${key} is changed`;
    case 'ENOSPC':
      return `there is no room for it; give ${key} less`;
    case 'ERANGE':
    case 'EOVERFLOW':
      return `${value} is out of the range of ${file}; give ${key} a value within it`;
    case 'EOPNOTSUPP':
      return `the kernel does not support ${file} in this cgroup (it may be threaded, or the root); leave ${key} out`;
    case 'EINVAL':
      return `${file} does not take ${JSON.stringify(value)}; see cgroups(7) and the kernel’s documentation for what it takes, and change ${key}`;
    default:
      return `the kernel refuses ${JSON.stringify(value)}; change ${key}`;
  }
}
