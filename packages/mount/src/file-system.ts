import { FILE_SYSTEM, fstatfs, Memory, statfsSize, type Kernel, type Value } from '@ts-c/syscall';
import { FSCONFIG, fsconfig, fsmount, FSOPEN_CLOEXEC, fsopen } from './calls.ts';
import { withDescriptor } from './tree.ts';

/** A file system to mount. */
export interface FileSystem {
  /** As in /proc/filesystems. */
  readonly type: string;
  /** What /proc/mounts will show as its source. */
  readonly source: string;
  /** Bits of MOUNT_ATTR. */
  readonly attributes: number;
  /** Options of the file system itself: `mode=755`, or a name alone. */
  readonly data?: readonly string[];
}

const FSMOUNT_CLOEXEC = 1;

const magic: Readonly<Record<string, number>> = {
  proc: FILE_SYSTEM.PROC,
  sysfs: FILE_SYSTEM.SYSFS,
  devpts: FILE_SYSTEM.DEVPTS,
  tmpfs: FILE_SYSTEM.TMPFS,
};

/**
 * Makes a mount of a file system that is not attached anywhere: fsopen(2), fsconfig(2), fsmount(2).
 *
 * @returns its file descriptor.
 */
export function createFileSystem(
  kernel: Kernel,
  { type, source, attributes, data = [] }: FileSystem,
): Value {
  return withDescriptor(kernel, kernel.call(fsopen, type, FSOPEN_CLOEXEC), (context) => {
    kernel.call(fsconfig, context, FSCONFIG.SET_STRING, 'source', source, 0);
    for (const option of data) {
      const [, key = option, value] = /^([^=]+)=(.*)$/s.exec(option) ?? [];
      if (value === undefined) kernel.call(fsconfig, context, FSCONFIG.SET_FLAG, key, null, 0);
      else kernel.call(fsconfig, context, FSCONFIG.SET_STRING, key, value, 0);
    }
    kernel.call(fsconfig, context, FSCONFIG.CMD_CREATE, null, null, 0);
    const mount = kernel.call(fsmount, context, FSMOUNT_CLOEXEC, attributes);
    const expected = magic[type];
    if (expected !== undefined) expectFileSystem(kernel, mount, type, expected);
    return mount;
  });
}

/** Goes on only if what is open lies on a file system of this type: fstatfs(2). */
export function expectFileSystem(
  kernel: Kernel,
  descriptor: Value,
  type: string,
  expected: number,
): void {
  const buffer = new Memory(statfsSize);
  kernel.call(fstatfs, descriptor, buffer);
  kernel.expect(
    kernel.load(buffer, 0, 8),
    { equals: expected },
    {
      code: 'ERR_WRONG_FILE_SYSTEM',
      message: `what should be a ${type} is none`,
    },
  );
}
