import { accessSync, constants } from 'node:fs';
import { readMountInfo } from '@ts-c/mount';
import type { Host } from './host.ts';
import type { Feature } from './types.ts';

interface CgroupMount {
  readonly mountPoint: string;
  readonly type: string;
}

/** How control groups are laid out here, and who may use them. */
export function cgroupFeatures(
  host: Host,
  mounts: readonly CgroupMount[] = readMountInfo(),
  isWritable: (path: string) => boolean = mayWrite,
): Feature[] {
  const v2 = mounts.find(({ type }) => type === 'cgroup2');
  const v1 = mounts.filter(({ type }) => type === 'cgroup');
  const layout = { id: 'cgroups', title: 'cgroups' };
  if (!v2 && v1.length === 0) {
    const reason = host.exists('/proc/self/cgroup')
      ? 'no cgroup file system is mounted'
      : 'the kernel is built without CONFIG_CGROUPS';
    return [{ ...layout, available: false, reason }];
  }
  const kind = v1.length === 0 ? 'v2' : v2 ? 'hybrid' : 'v1';
  const names = v2 && v1.length === 0 ? unified(host, v2.mountPoint) : legacy(host);
  return [
    {
      ...layout,
      available: true,
      detail: `${kind}${names.length > 0 ? `: ${names.join(', ')}` : ', no controllers'}`,
    },
    delegation(host, v2, v1, isWritable),
  ];
}

function unified(host: Host, mountPoint: string): string[] {
  return (host.read(`${mountPoint}/cgroup.controllers`) ?? '')
    .split(' ')
    .filter((name) => name !== '');
}

/** Controllers of version 1, by the cgroups that this process is in: `4:memory:/`. */
function legacy(host: Host): string[] {
  return (host.read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [number, names = ''] = line.split(':');
    return number === '0'
      ? []
      : names.split(',').filter((name) => name !== '' && !name.startsWith('name='));
  });
}

function delegation(
  host: Host,
  v2: CgroupMount | undefined,
  v1: readonly CgroupMount[],
  isWritable: (path: string) => boolean,
): Feature {
  const base = { id: 'cgroups.writable', title: 'making cgroups' };
  const own = /^0::(.*)$/m.exec(host.read('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  const places =
    v1.length > 0
      ? v1.map(({ mountPoint }) => mountPoint)
      : v2
        ? [`${v2.mountPoint}${own === '/' ? '' : own}`]
        : [];
  const place = places.find((path) => !isWritable(path));
  if (place === undefined) return { ...base, available: true };
  const why =
    host.uid === 0
      ? 'it is mounted read-only'
      : 'it has not been delegated to this user (systemd: Delegate=yes)';
  return { ...base, available: false, reason: `${place} can’t be written to: ${why}` };
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
