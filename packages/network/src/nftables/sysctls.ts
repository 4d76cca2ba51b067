import { readFileSync } from 'node:fs';
import { AT_FDCWD, Memory, OPEN, openat, write, withDescriptor, type Kernel } from '@ts-c/syscall';
import { familyOf } from './expressions.ts';
import { NFPROTO } from './messages.ts';
import { checkDevice, type NatOptions } from './nat-table.ts';
import { includesLocalhost } from './reach.ts';

/** A sysctl that is to have a value. */
export interface Sysctl {
  /** Its file, below `/proc/sys`: that of the network namespace of whoever opens it. */
  readonly path: string;
  readonly value: string;
  /** What that changes. */
  readonly changes: string;
  /** May it be set back when the last container has left the bridge? Those of the whole host stay: others may rely on them by now. */
  readonly scope: 'host' | 'bridge';
}

/**
 * The sysctls that containers on a bridge need to reach the world and to have their ports published. Nothing is written.
 *
 * `ip_forward` and, with IPv6 addresses, `forwarding` of IPv6 make the host a router; they stay when the container goes. A host that
 * takes its own IPv6 routes from router advertisements needs `accept_ra` 2 on that interface from then on: ip-sysctl of the kernel.
 *
 * `route_localnet` is there for ports that are published on 127.0.0.1, also by being published on all addresses. It would open the
 * host's 127.0.0.0/8 to who is on the bridge; the table of each container on it prevents that, see {@link natTable}.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for what is no name of a device.
 */
export function natSysctls({
  bridge,
  addresses,
  published = [],
}: Pick<NatOptions, 'bridge' | 'addresses' | 'published'>): readonly Sysctl[] {
  checkDevice(bridge);
  const families = new Set(addresses.map(({ address }) => familyOf(address)));
  const sysctls: Sysctl[] = [];
  if (families.has(NFPROTO.IPV4)) {
    sysctls.push({
      path: '/proc/sys/net/ipv4/ip_forward',
      value: '1',
      changes: 'the host forwards IPv4 packets between its interfaces',
      scope: 'host',
    });
    if (published.some(includesLocalhost))
      sysctls.push({
        path: `/proc/sys/net/ipv4/conf/${bridge}/route_localnet`,
        value: '1',
        changes: `packets of the host from and to 127.0.0.0/8 may pass ${bridge}`,
        scope: 'bridge',
      });
  }
  if (families.has(NFPROTO.IPV6))
    sysctls.push({
      path: '/proc/sys/net/ipv6/conf/all/forwarding',
      value: '1',
      changes:
        'the host forwards IPv6 packets, and takes router advertisements only where accept_ra is 2',
      scope: 'host',
    });
  return sysctls;
}

/**
 * Those that have another value, or none yet, in the network namespace of the calling thread: a `/proc/sys` that can only be read is no
 * obstacle where nothing has to change.
 */
export function pendingSysctls(sysctls: readonly Sysctl[]): readonly Sysctl[] {
  return sysctls.filter(({ path, value }) => {
    try {
      return readFileSync(path, 'utf8').trim() !== value;
    } catch {
      return true;
    }
  });
}

/**
 * Writes sysctls, with `live` or in a Program.
 *
 * @throws {SystemError} `ENOENT` where there is no such device or protocol, `EROFS` and `EACCES` where they can't be written.
 */
export function writeSysctls(kernel: Kernel, sysctls: readonly Sysctl[]): void {
  for (const { path, value, changes } of sysctls)
    kernel.section('@ts-c/network', changes, () => {
      const file = kernel.call(openat, AT_FDCWD, path, OPEN.WRONLY | OPEN.CLOEXEC, 0);
      const text = Memory.text('value', value);
      withDescriptor(kernel, file, () => void kernel.call(write, file, text, value.length));
    });
}
