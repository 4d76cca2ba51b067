import { AT_FDCWD, OPEN, type Kernel } from '@ts-c/syscall';
import { createFileSystem, type FileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { makeDirectory, openInRoot, type Root } from './root.ts';
import { attach, cloneTree, withDescriptor } from './tree.ts';

/** A mount that every container has. */
export interface SystemMount extends FileSystem {
  readonly destination: string;
  /** Does the SELinux mount label apply to it? */
  readonly labelled: boolean;
}

const { NODEV, NOEXEC, NOSUID, STRICTATIME } = MOUNT_ATTR;

/** The mounts that every container has, in order. */
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
    data: ['newinstance', 'ptmxmode=0666', 'mode=620', 'gid=5'],
    labelled: true,
  },
];

/**
 * Mounts /proc, /sys, /dev, /dev/shm and /dev/pts inside a root. Where one of them is a symbolic link it is refused: ELOOP.
 *
 * @param options.mountLabel An SELinux label for those that can carry one.
 */
export function mountSystem(
  kernel: Kernel,
  root: Root,
  { mountLabel }: { readonly mountLabel?: string } = {},
): void {
  for (const mount of systemMounts) {
    const { destination, labelled, data = [] } = mount;
    const label = labelled && mountLabel ? [`context=${mountLabel}`] : [];
    kernel.section('@ts-c/mount', `${mount.source} on ${destination}`, () => {
      makeDirectory(kernel, root, destination);
      const target = openInRoot(
        kernel,
        root,
        destination,
        OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC,
      );
      withDescriptor(kernel, target, () => {
        const put = (): void =>
          withDescriptor(
            kernel,
            createFileSystem(kernel, { ...mount, data: [...data, ...label] }),
            (fd) => attach(kernel, fd, target),
          );
        if (mount.type !== 'sysfs') put();
        // sysfs belongs to the network namespace: in a user namespace that does not own one, the host's is all there is.
        else kernel.attempt(['EPERM'], put, () => bindHostSys(kernel, target));
      });
    });
  }
}

function bindHostSys(kernel: Kernel, target: Parameters<typeof attach>[2]): void {
  withDescriptor(kernel, cloneTree(kernel, AT_FDCWD, '/sys', true), (copy) =>
    attach(kernel, copy, target),
  );
}
