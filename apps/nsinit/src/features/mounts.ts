import {
  changePropagation,
  createFileSystem,
  hostView,
  MOUNT_ATTR,
  moveMount,
  openTree,
  planHostView,
  readMountInfo,
  setMountAttributes,
} from '@ts-c/mount';
import { mkdirat, type Program } from '@ts-c/syscall';
import type { Host } from './host.ts';
import { probeInside, type Refusal } from './probe.ts';
import { explain, type Suspects } from './reasons.ts';
import type { Feature } from './types.ts';

interface MountProbe {
  readonly id: string;
  readonly title: string;
  readonly body: (program: Program, userNamespace: boolean) => void;
  readonly suspects: Suspects;
  /** Errors that mean something of their own here. */
  readonly reason?: (refusal: Refusal) => string | undefined;
}

// A directory that every Linux system has. What is mounted there is seen by the probe alone.
const scratch = '/tmp';

const fileSystem = (type: string, option: string): MountProbe => ({
  id: type,
  title: type,
  body: (program) => createFileSystem(program, { type, source: type, attributes: 0 }),
  suspects: { option, capability: 'SYS_ADMIN' },
  reason: ({ code }) =>
    code === 'EPERM' && (type === 'proc' || type === 'sysfs')
      ? `the ${type} of this machine is partly hidden, and a new one would show what is (are we in a container?)`
      : undefined,
});

const probes: readonly MountProbe[] = [
  {
    id: 'api',
    title: 'mount API',
    body: (program) => createFileSystem(program, { type: 'tmpfs', source: 'probe', attributes: 0 }),
    suspects: { since: '5.2', capability: 'SYS_ADMIN' },
  },
  {
    id: 'attributes',
    title: 'recursive read-only binds',
    body: (program) => {
      const tree = openTree(program, '/', { recursive: true });
      setMountAttributes(program, tree, { set: MOUNT_ATTR.RDONLY, recursive: true });
    },
    suspects: { since: '5.12', capability: 'SYS_ADMIN' },
  },
  {
    id: 'overlay',
    title: 'overlay',
    body: overlay,
    suspects: { option: 'CONFIG_OVERLAY_FS', capability: 'SYS_ADMIN' },
  },
  {
    id: 'view',
    title: 'view of this machine',
    body: (program, userNamespace) => {
      changePropagation(program, '/', 'private');
      hostView(program, planHostView(readMountInfo(), { userNamespace }));
    },
    suspects: { option: 'CONFIG_OVERLAY_FS', capability: 'SYS_ADMIN' },
    reason: ({ code }) =>
      code === 'EINVAL'
        ? '/ can’t be below an overlay, as where it is one itself: give containers a --rootfs'
        : undefined,
  },
  fileSystem('tmpfs', 'CONFIG_TMPFS'),
  fileSystem('proc', 'CONFIG_PROC_FS'),
  fileSystem('sysfs', 'CONFIG_SYSFS'),
  fileSystem('devpts', 'CONFIG_UNIX98_PTYS'),
  fileSystem('mqueue', 'CONFIG_POSIX_MQUEUE'),
  fileSystem('cgroup2', 'CONFIG_CGROUPS'),
];

function overlay(program: Program): void {
  changePropagation(program, '/', 'private');
  const memory = createFileSystem(program, { type: 'tmpfs', source: 'probe', attributes: 0 });
  moveMount(program, memory, scratch);
  for (const name of ['lower', 'upper', 'work']) program.call(mkdirat, memory, name, 0o755);
  const data = [
    `lowerdir=${scratch}/lower`,
    `upperdir=${scratch}/upper`,
    `workdir=${scratch}/work`,
  ];
  createFileSystem(program, { type: 'overlay', source: 'overlay', attributes: 0, data });
}

/** What can be mounted: tried in namespaces that end with the probe. */
export async function mountFeatures(host: Host): Promise<Feature[]> {
  const isPrivileged = host.has('SYS_ADMIN');
  const kinds = ['mount', 'pid', 'ipc', 'net', 'cgroup'] as const;
  return Promise.all([
    ...probes.map(async ({ id, title, body, suspects, reason }): Promise<Feature> => {
      const refusal = await probeInside(isPrivileged ? kinds : ['user', ...kinds], (program) =>
        body(program, !isPrivileged),
      );
      const base = { id: `mounts.${id}`, title, available: refusal === undefined };
      if (!refusal)
        return { ...base, ...(isPrivileged ? {} : { detail: 'with a user namespace' }) };
      return { ...base, reason: reason?.(refusal) ?? explain(refusal, host, suspects) };
    }),
    idMapped(host),
  ]);
}

async function idMapped(host: Host): Promise<Feature> {
  const base = { id: 'mounts.idmapped', title: 'id-mapped mounts' };
  const capability = 'SYS_ADMIN';
  if (!host.has(capability)) {
    return {
      ...base,
      available: false,
      reason: `needs CAP_${capability} where the file system was mounted`,
    };
  }
  // A user namespace that can't be is refused as such by a kernel that knows what it would be for.
  const nowhere = 1_000_000;
  const body = (program: Program): void =>
    setMountAttributes(program, openTree(program, '/'), {
      userNamespace: nowhere,
    });
  const refusal = await probeInside(['mount'], body, ['EBADF']);
  if (refusal)
    return {
      ...base,
      available: false,
      reason: explain(refusal, host, { since: '5.12', capability }),
    };
  return { ...base, available: true, detail: 'if the file system supports it' };
}
