import {
  FILE_SYSTEM,
  fstatfs,
  Memory,
  statfsSize,
  withDescriptor,
  type Kernel,
  type Problem,
  type Value,
} from '@ts-c/syscall';
import { FSCONFIG, fsconfig, fsmount, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC, fsopen } from './calls.ts';
import { splitOption } from './options.ts';

/** A file system to mount. */
export interface FileSystem {
  /** As in /proc/filesystems. */
  readonly type: string;
  /** What /proc/mounts will show as its source; for a file system on a device, the device. */
  readonly source: string;
  /** Bits of {@link MOUNT_ATTR}. */
  readonly attributes?: number;
  /** Options of the file system itself: `mode=755`, or a name alone. */
  readonly data?: readonly string[];
}

// Those whose absence would be a danger: what is written to a file of /proc must go to procfs.
const magic = new Map<string, number>([
  ['proc', FILE_SYSTEM.PROC],
  ['sysfs', FILE_SYSTEM.SYSFS],
  ['devpts', FILE_SYSTEM.DEVPTS],
]);

/**
 * Makes a mount of a file system that is not attached anywhere: fsopen(2), fsconfig(2), fsmount(2). {@link moveMount} attaches it.
 *
 * @returns its file descriptor.
 * @throws {SystemError} `ENODEV` for a type that the kernel does not know, `EINVAL` for an option that the file system does not;
 * `step.call` of the error shows which.
 */
export function createFileSystem(kernel: Kernel, fileSystem: FileSystem): Value {
  const { type, source, attributes = 0, data = [] } = fileSystem;
  return withDescriptor(kernel, kernel.call(fsopen, type, FSOPEN_CLOEXEC), (context) => {
    kernel.call(fsconfig, context, FSCONFIG.SET_STRING, 'source', source, 0);
    for (const { key, value } of data.map(splitOption)) {
      if (value === undefined) kernel.call(fsconfig, context, FSCONFIG.SET_FLAG, key, null, 0);
      else kernel.call(fsconfig, context, FSCONFIG.SET_STRING, key, value, 0);
    }
    kernel.call(fsconfig, context, FSCONFIG.CMD_CREATE, null, null, 0);
    const mount = kernel.call(fsmount, context, FSMOUNT_CLOEXEC, attributes);
    const expected = magic.get(type);
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
  const problem = { code: 'ERR_WRONG_FILE_SYSTEM', message: `what should be ${type} is not` };
  kernel.expect(typeOf(kernel, descriptor), { equals: expected }, problem);
}

/** Goes on only if what is open does not lie in a procfs: fstatfs(2). */
export function refuseProc(kernel: Kernel, descriptor: Value, problem: Problem): void {
  kernel.refuse(typeOf(kernel, descriptor), { equals: FILE_SYSTEM.PROC }, problem);
}

function typeOf(kernel: Kernel, descriptor: Value): Value {
  const buffer = new Memory(statfsSize);
  kernel.call(fstatfs, descriptor, buffer);
  return kernel.load(buffer, 0, 8);
}
