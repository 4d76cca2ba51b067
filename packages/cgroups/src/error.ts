import type { SystemError } from '@ts-c/syscall';

/** What a {@link CgroupError} is about. */
export type CgroupErrorCode =
  | 'ERR_INVALID_RESOURCES'
  | 'ERR_INVALID_CGROUP_NAME'
  | 'ERR_NO_CONTROLLER'
  | 'ERR_NO_CGROUPS'
  | 'ERR_CGROUP_BUSY'
  | 'ERR_CGROUP_REMOVED'
  | 'ERR_CGROUP_NOT_EMPTY'
  | 'ERR_INVALID_STATISTICS'
  | 'ERR_NO_SYSTEMD'
  | 'ERR_SYSTEMD';

/** Where it went wrong. */
export interface CgroupErrorInfo extends ErrorOptions {
  /** Which of the resources, with the way to it: `memory`, `ioDevices[0].readBps`. */
  readonly key?: string | undefined;
  /** The file or directory of the cgroup. */
  readonly path?: string | undefined;
  /** What was to be written. */
  readonly value?: string | undefined;
}

/** Something about a cgroup that can't be. It has the code of the kernel where that refused, with `errno` and `syscall`. */
export class CgroupError extends Error {
  override readonly name = 'CgroupError';
  readonly code: CgroupErrorCode | SystemError['code'];
  declare readonly errno?: number;
  declare readonly syscall?: string;
  declare readonly key?: string;
  declare readonly path?: string;
  declare readonly value?: string;

  constructor(code: CgroupError['code'], message: string, info: CgroupErrorInfo = {}) {
    const { key, path, value, cause } = info;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    const { errno, syscall } = (cause ?? {}) as Partial<SystemError>;
    if (typeof errno === 'number') this.errno = errno;
    if (typeof syscall === 'string') this.syscall = syscall;
    if (key !== undefined) this.key = key;
    if (path !== undefined) this.path = path;
    if (value !== undefined) this.value = value;
  }
}
