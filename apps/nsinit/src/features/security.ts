import { confinement, isFiltered } from './reasons.ts';
import type { Host } from './host.ts';
import type { Feature } from './types.ts';

/** Security modules that there can be, and what they do to a container. */
export function securityFeatures(host: Host): Feature[] {
  return [seccomp(host), ...modules(host), memfd(host), terminals(host)];
}

function seccomp(host: Host): Feature {
  const base = { id: 'security.seccomp', title: 'seccomp filters' };
  const actions = host.sysctl('kernel.seccomp.actions_avail');
  if (actions === undefined && host.status('Seccomp') === undefined) {
    return {
      ...base,
      available: false,
      reason: 'the kernel is built without CONFIG_SECCOMP_FILTER',
    };
  }
  return {
    ...base,
    available: true,
    ...(isFiltered(host) ? { detail: 'this process has one already' } : {}),
  };
}

function modules(host: Host): Feature[] {
  const listed = host.read('/sys/kernel/security/lsm');
  const has = (name: string): boolean => listed?.split(',').includes(name) === true;
  const unseen =
    listed === undefined
      ? 'none can be seen: /sys/kernel/security is not mounted, or empty'
      : undefined;
  const module = (name: string, title: string, isOn: boolean): Feature => {
    const base = { id: `security.${name}`, title };
    if (!isOn)
      return {
        ...base,
        available: false,
        reason: unseen ?? `not among the security modules of this kernel (${listed || 'none'})`,
      };
    const confined = confinement(host);
    return {
      ...base,
      available: true,
      ...(confined?.startsWith(title) ? { detail: `this process is confined: ${confined}` } : {}),
    };
  };
  return [
    module(
      'apparmor',
      'AppArmor',
      has('apparmor') || host.read('/sys/module/apparmor/parameters/enabled') === 'Y',
    ),
    module('selinux', 'SELinux', has('selinux') || host.exists('/sys/fs/selinux/enforce')),
    module('landlock', 'Landlock', has('landlock')),
  ];
}

/** The programs that set containers up are in memory; where that is refused, in files without a name. */
function memfd(host: Host): Feature {
  const base = { id: 'security.memfd', title: 'programs in memory' };
  const name = 'vm.memfd_noexec';
  const value = host.sysctl(name);
  if (value === '2')
    return {
      ...base,
      available: false,
      reason: `sysctl ${name} is 2; files without a name are used instead`,
    };
  return { ...base, available: true };
}

function terminals(host: Host): Feature {
  const base = { id: 'terminal', title: 'terminals' };
  const max = host.sysctl('kernel.pty.max');
  if (max === undefined)
    return {
      ...base,
      available: false,
      reason: 'the kernel is built without CONFIG_UNIX98_PTYS, or /proc/sys is hidden',
    };
  return {
    ...base,
    available: max !== '0',
    ...(max === '0' ? { reason: 'sysctl kernel.pty.max is 0' } : {}),
  };
}
