import { withDescriptor, type Kernel, type Value } from '@ts-c/syscall';
import { createFileSystem, type FileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { directoryFlags, makeDirectory, openInRoot, type Root } from './root.ts';
import { bindMount, moveMount, owner } from './tree.ts';

/** A mount that every container has. */
export interface SystemMount extends FileSystem {
  readonly destination: string;
  /** Does the SELinux mount label apply to it? */
  readonly labelled: boolean;
}

const { NODEV, NOEXEC, NOSUID, RDONLY, STRICTATIME } = MOUNT_ATTR;

/** The group that terminals belong to, by convention. */
export const ttyGroup = 5;

/** The mounts that every container has, in order: those of libcontainer 1.1.0. */
export const systemMounts: readonly SystemMount[] = [
  {
    destination: '/proc',
    type: 'proc',
    source: 'proc',
    attributes: NOEXEC | NOSUID | NODEV,
    labelled: false,
  },
  {
    destination: '/sys',
    type: 'sysfs',
    source: 'sysfs',
    attributes: NOEXEC | NOSUID | NODEV,
    labelled: false,
  },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    attributes: NOSUID | STRICTATIME,
    data: ['mode=755'],
    labelled: true,
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    attributes: NOEXEC | NOSUID | NODEV,
    data: ['mode=1777', 'size=65536k'],
    labelled: true,
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    attributes: NOSUID | NOEXEC,
    data: ['newinstance', 'ptmxmode=0666', 'mode=620', `gid=${ttyGroup}`],
    labelled: true,
  },
];

/** What {@link mountSystem} has to know. */
export interface SystemOptions {
  readonly mountLabel?: string;
  readonly hasTtyGroup?: boolean;
}

/**
 * Mounts /proc, /sys, /dev, /dev/shm and /dev/pts inside a root. Where one of them is a symbolic link it is refused: ELOOP. Where
 * sysfs may not be mounted, in a user namespace that does not own its network namespace, the host's /sys is bound, read-only.
 *
 * @param options.hasTtyGroup Does {@link ttyGroup} exist? In a user namespace it may have no mapping; then terminals belong to whoever
 *   opens them.
 * @param options.mountLabel An SELinux label for those that can carry one. A kernel without SELinux refuses it: EINVAL.
 */
export function mountSystem(
  kernel: Kernel,
  root: Root,
  { mountLabel = '', hasTtyGroup = true }: SystemOptions = {},
): void {
  for (const mount of systemMounts) {
    const { destination, source, data = [] } = mount;
    const kept = hasTtyGroup ? data : data.filter((option) => option !== `gid=${ttyGroup}`);
    kernel.section(owner, `${source} on ${destination}`, () => {
      makeDirectory(kernel, root, destination);
      withDescriptor(kernel, openInRoot(kernel, root, destination, directoryFlags), (target) => {
        const put = (): void => mountOn(kernel, target, { ...mount, data: kept }, mountLabel);
        if (mount.type === 'sysfs') kernel.attempt(['EPERM'], put, () => bindSys(kernel, target));
        else put();
      });
    });
  }
}

function mountOn(kernel: Kernel, target: Value, mount: SystemMount, label: string): void {
  const { data = [], labelled } = mount;
  const options = labelled && label !== '' ? [...data, `context=${label}`] : data;
  withDescriptor(kernel, createFileSystem(kernel, { ...mount, data: options }), (created) =>
    moveMount(kernel, created, target),
  );
}

function bindSys(kernel: Kernel, target: Value): void {
  // Read-only, since the control groups below it are the host's own.
  const set = NOEXEC | NOSUID | NODEV | RDONLY;
  bindMount(kernel, '/sys', target, { set, recursive: true });
}
