import type { Host } from './host.ts';
import type { Refusal } from './probe.ts';

/** What has to do with a feature, where one has to look when it is refused. */
export interface Suspects {
  /** `CONFIG_…` without which the kernel does not have it. */
  readonly option?: string;
  /** The capability that it takes. */
  readonly capability?: Parameters<Host['has']>[0];
  /** The first kernel that has it: `5.6`. */
  readonly since?: string;
  /** A sysctl that limits how many there may be. */
  readonly limit?: string;
}

/** The sysctl, security module, capability or kernel option behind a refusal. */
export function explain(refusal: Refusal, host: Host, suspects: Suspects = {}): string {
  const { code, message } = refusal;
  const { option, capability, since, limit } = suspects;
  if (code.startsWith('SIG')) return `a seccomp filter ends processes that try (${code})`;
  if (code === 'ENOSYS') {
    return isFiltered(host)
      ? 'the kernel does not have it, or the seccomp filter of this process hides it'
      : `the kernel does not have it${since === undefined ? '' : `: it came with Linux ${since}, and this is ${host.release}`}`;
  }
  if ((code === 'EINVAL' || code === 'ENODEV') && option !== undefined)
    return `the kernel is built without ${option}, or its module is not loaded`;
  if (code === 'ENOSPC' && limit !== undefined)
    return `sysctl ${limit} is ${host.sysctl(limit) ?? 'too low'}`;
  if (code === 'EPERM' || code === 'EACCES') return forbidden(message, host, capability);
  return message;
}

function forbidden(message: string, host: Host, capability: Suspects['capability']): string {
  if (capability !== undefined && !host.has(capability))
    return `needs CAP_${capability}, which this process does not have`;
  if (isFiltered(host))
    return 'the seccomp filter of this process forbids it (a container’s default profile does)';
  const module = confinement(host);
  if (module !== undefined) return `${module} forbids it`;
  return message;
}

/** Why an ordinary user may not make a user namespace. See user_namespaces(7). */
export function explainUserNamespaces(refusal: Refusal, host: Host): string {
  const clone = 'kernel.unprivileged_userns_clone';
  if (host.sysctl(clone) === '0' && !host.has('SYS_ADMIN')) return `sysctl ${clone} is 0`;
  const apparmor = 'kernel.apparmor_restrict_unprivileged_userns';
  if (host.sysctl(apparmor) === '1' && !host.has('SYS_ADMIN')) {
    return `sysctl ${apparmor} is 1: AppArmor wants a profile that allows userns`;
  }
  const max = 'user.max_user_namespaces';
  if (host.sysctl(max) === '0') return `sysctl ${max} is 0`;
  if (refusal.code === 'EPERM' && !isFiltered(host) && confinement(host) === undefined) {
    return 'EPERM: this process is in a chroot, or its ids have no mapping in the user namespace that it is in';
  }
  return explain(refusal, host, { option: 'CONFIG_USER_NS', limit: max });
}

/** Does a seccomp filter look at the system calls of this process? */
export function isFiltered(host: Host): boolean {
  return host.status('Seccomp') === '2';
}

/** The security module that confines this process, and how. */
export function confinement(host: Host): string | undefined {
  const apparmor =
    host.read('/proc/self/attr/apparmor/current') ?? host.read('/proc/self/attr/current');
  if (
    apparmor === undefined ||
    apparmor === '' ||
    apparmor.startsWith('unconfined') ||
    apparmor === 'kernel'
  )
    return undefined;
  if (/^[^:]+:[^:]+:[^:]+/.test(apparmor)) {
    return /unconfined_t|kernel_t/.test(apparmor) ? undefined : `SELinux (context ${apparmor})`;
  }
  return /\((enforce|kill)\)$/.test(apparmor) ? `AppArmor (profile ${apparmor})` : undefined;
}
