import { SystemError, type ErrnoCode } from '@ts-c/syscall';
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

/**
 * The error for a refusal of bpf(2), of a live call or of a Program, which says what the reason may be. Any other error is
 * given back as it is.
 *
 * @param log Gives what the kernel's verifier has to say, where it may have been the one who refused.
 */
export function explainBpf(error: unknown, log: () => string = () => ''): unknown {
  if (!(error instanceof SystemError) || error.syscall !== 'bpf') return error;
  const { code } = error;
  const words = code === 'EINVAL' || code === 'EACCES' || code === 'E2BIG' ? log() : '';
  const reason = reasons[code] ?? 'bpf(2) failed';
  const message = `${code}: ${refused}: ${reason}${words === '' ? '' : `\n${words}`}`;
  return new CgroupError(code, message, { key: 'devices', cause: error });
}
