import { env } from 'node:process';
import { hasSystemd } from './booted.ts';
import { CgroupError } from '../error.ts';
import { SystemdConnection } from './connection.ts';
import type { WaitOptions } from './wait.ts';

/** Which systemd. */
export interface SystemdOptions extends WaitOptions {
  /** The manager of this user instead of the system's. */
  readonly user?: boolean;
  /** The D-Bus address of the bus, `unix:path=/run/dbus/system_bus_socket`, or of the manager's own socket, that ends in `/systemd/private`. */
  readonly address?: string;
}

/**
 * Connects to systemd: by `address`, or the system bus (`DBUS_SYSTEM_BUS_ADDRESS`, else /run/dbus/system_bus_socket, and for root the
 * manager's own socket where there is no bus), or the bus of this user (`XDG_RUNTIME_DIR`). It never waits longer than `timeout`.
 *
 * @throws {CgroupError} (`ERR_NO_SYSTEMD`) with the reason and the remedy.
 */
export async function systemd(options: SystemdOptions = {}): Promise<SystemdConnection> {
  const { address } = options;
  if (address === undefined && !hasSystemd()) {
    throw new CgroupError(
      'ERR_NO_SYSTEMD',
      'this machine was not started by systemd (/run/systemd/system is no directory); use the cgroup file system instead',
    );
  }
  const addresses = address === undefined ? usualAddresses(options.user ?? false) : [address];
  const errors: unknown[] = [];
  for (const candidate of addresses) {
    try {
      return await SystemdConnection.open(candidate, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  throw new CgroupError(
    'ERR_NO_SYSTEMD',
    errors.map((error) => (error as CgroupError).message).join('\n'),
    { cause: new AggregateError(errors) },
  );
}

/** Where a manager is looked for, the first that answers counts. */
export function usualAddresses(
  user: boolean,
  environment: NodeJS.ProcessEnv = env,
  uid = process.getuid?.() ?? 0,
): string[] {
  if (user) {
    const directory = environment['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
    return [`unix:path=${directory}/bus`, `unix:path=${directory}/systemd/private`];
  }
  const bus = environment['DBUS_SYSTEM_BUS_ADDRESS'];
  if (bus) return [bus];
  return [
    'unix:path=/run/dbus/system_bus_socket',
    ...(uid === 0 ? ['unix:path=/run/systemd/private'] : []),
  ];
}
