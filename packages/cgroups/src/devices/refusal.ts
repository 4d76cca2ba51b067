import { readlinkSync } from 'node:fs';
import { formatValue, SystemError, type ErrnoCode, type Value } from '@ts-c/syscall';
import { CgroupError } from '../error.ts';

const refused = 'the kernel did not take the rules about devices';

const reasons: Readonly<Record<ErrnoCode, string>> = {
  EPERM:
    'it takes CAP_BPF and CAP_NET_ADMIN (or CAP_SYS_ADMIN) in the first user namespace, no seccomp filter or lockdown against bpf(2), ' +
    'and no program further up that was attached for itself alone; run it as root of the host',
  EACCES: 'its verifier refused the program, or a security module forbids bpf(2)',
  ENOSYS: 'it has no bpf(2): it needs CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF',
  EINVAL:
    'it has no programs for devices (it needs CONFIG_CGROUP_BPF), or it does not take this program',
  EBADF: 'this is no directory of a cgroup of version 2; open one of the unified hierarchy',
  ENOENT: 'the cgroup or the program to replace has gone meanwhile; look again',
  E2BIG: 'there are too many programs on the cgroup, or too many rules',
  ENOSPC: 'there are too many programs on the cgroup',
};

const verifierCodes: ReadonlySet<ErrnoCode> = new Set(['EINVAL', 'EACCES', 'E2BIG'] as const);

/** What else is known about a refusal. */
export interface RefusalInfo {
  /** The directory of the cgroup. */
  readonly path?: string | undefined;
  /** Gives what the kernel's verifier has to say; asked only where it may have been the one who refused. */
  readonly log?: () => string;
}

/**
 * The error for a refusal of bpf(2), of a live call or of a Program, which says what the reason may be. Any other error is
 * given back as it is.
 */
export function explainBpf(error: unknown, { path, log }: RefusalInfo = {}): unknown {
  if (!(error instanceof SystemError) || error.syscall !== 'bpf') return error;
  const { code } = error;
  const words = log && verifierCodes.has(code) ? log() : '';
  const place = path === undefined ? '' : ` of ${path}`;
  const reason = reasons[code] ?? 'bpf(2) failed';
  const message = `${code}: ${refused}${place}: ${reason}${words === '' ? '' : `\n${words}`}`;
  return new CgroupError(code, message, { key: 'devices', path, cause: error });
}

/** Where a file descriptor of a live call leads to. */
export function pathOf(fd: Value): string | undefined {
  try {
    return readlinkSync(`/proc/thread-self/fd/${formatValue(fd)}`);
  } catch {
    return undefined;
  }
}
