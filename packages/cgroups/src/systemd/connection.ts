import type { DBusError } from '@jellybrick/dbus-next';
import { CgroupError } from '../error.ts';
import type { UnitProperty } from './property.ts';
import type { WaitOptions } from './wait.ts';
import { manager, systemd1, Wire, type ManagerSignal } from './wire.ts';

/**
 * A connection to a manager of systemd: org.freedesktop.systemd1(5). It keeps the process alive until it is closed.
 * Made by `systemd()`.
 */
export class SystemdConnection implements AsyncDisposable {
  /** Of systemd, as in `systemctl --version`: 252. */
  readonly version: number;
  /** Where it is connected to, as a D-Bus address. */
  readonly address: string;
  readonly #wire: Wire;

  private constructor(wire: Wire, version: number) {
    this.#wire = wire;
    this.address = wire.address;
    this.version = version;
  }

  /**
   * @throws {CgroupError} (`ERR_NO_SYSTEMD`) when nobody answers there in time, or it isn't systemd, or this user is refused. Its cause
   * has the reason.
   */
  static async open(address: string, options: WaitOptions = {}): Promise<SystemdConnection> {
    options.signal?.throwIfAborted();
    // Loaded only here: who has no systemd needs no D-Bus either.
    const wire = new Wire(await import('@jellybrick/dbus-next'), address);
    try {
      const version = await wire.property(manager.path, manager.interface, 'Version', options);
      const connection = new SystemdConnection(wire, Number.parseInt(String(version), 10));
      await wire.subscribe(options);
      return connection;
    } catch (error) {
      wire.close();
      options.signal?.throwIfAborted();
      throw new CgroupError(
        'ERR_NO_SYSTEMD',
        `no answer from systemd at ${address}: ${messageOf(error)}; ${remedyOf(error)}`,
        { cause: error, value: address },
      );
    }
  }

  /**
   * Calls a method of the manager.
   *
   * @throws {CgroupError} with the D-Bus error as its cause: `EEXIST`, `ENOENT`, `ESRCH`, `EACCES`, `EOPNOTSUPP`,
   * `ERR_INVALID_RESOURCES` where it has one of these meanings, else `ERR_SYSTEMD`.
   */
  async call(
    member: string,
    signature = '',
    body: readonly unknown[] = [],
    options: WaitOptions = {},
  ): Promise<readonly unknown[]> {
    try {
      return await this.#wire.call({ ...manager, member, signature, body }, options);
    } catch (error) {
      throw this.#failure(
        typeof body[0] === 'string' ? `${member} ${body[0]}` : member,
        error,
        options.signal,
      );
    }
  }

  /** A property of a unit: its interface is the last part, as in `Scope`. */
  async property(
    unit: string,
    kind: string,
    name: string,
    options: WaitOptions = {},
  ): Promise<unknown> {
    const [path] = await this.call('GetUnit', 's', [unit], options);
    try {
      return await this.#wire.property(String(path), `${systemd1}.${kind}`, name, options);
    } catch (error) {
      throw this.#failure(`${name} of ${unit}`, error, options.signal);
    }
  }

  /** The list of properties as D-Bus takes it: `a(sv)`. */
  wrap(properties: readonly UnitProperty[]): readonly unknown[] {
    return properties.map(({ name, signature, value }) => [
      name,
      this.#wire.variant(signature, value),
    ]);
  }

  /** Listens to the signals of the manager; the function that it returns ends that. */
  listen(listener: (signal: ManagerSignal) => void): () => void {
    return this.#wire.listen(listener);
  }

  /** Waits for what only a signal tells; the loss of the connection ends it as well. */
  async wait<Result>(
    what: string,
    promise: Promise<Result>,
    options: WaitOptions,
  ): Promise<Result> {
    try {
      return await this.#wire.wait(promise, options);
    } catch (error) {
      throw this.#failure(what, error, options.signal);
    }
  }

  /** Lets go of the connection; what is under way fails. Never throws. */
  close(): void {
    this.#wire.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #failure(what: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    return new CgroupError(codeOf(error), `systemd: ${what}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const codes: Readonly<Record<string, CgroupError['code']>> = {
  'org.freedesktop.systemd1.UnitExists': 'EEXIST',
  'org.freedesktop.systemd1.NoSuchUnit': 'ENOENT',
  'org.freedesktop.DBus.Error.UnknownObject': 'ENOENT',
  'org.freedesktop.DBus.Error.UnixProcessIdUnknown': 'ESRCH',
  'org.freedesktop.systemd1.NoUnitForPID': 'ESRCH',
  'org.freedesktop.DBus.Error.AccessDenied': 'EACCES',
  'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired': 'EACCES',
  'org.freedesktop.DBus.Error.AuthFailed': 'EACCES',
  'org.freedesktop.DBus.Error.NotSupported': 'EOPNOTSUPP',
  'org.freedesktop.DBus.Error.InvalidArgs': 'ERR_INVALID_RESOURCES',
  'org.freedesktop.DBus.Error.PropertyReadOnly': 'ERR_INVALID_RESOURCES',
};

/** The code of a {@link CgroupError} for an error of D-Bus; `ERR_SYSTEMD` for those that have none of their own. */
function codeOf(error: unknown): CgroupError['code'] {
  return codes[typeOf(error) ?? ''] ?? 'ERR_SYSTEMD';
}

function typeOf(error: unknown): string | undefined {
  const { type } = (error ?? {}) as Partial<DBusError>;
  return typeof type === 'string' ? type : undefined;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const type = typeOf(error);
  return type === undefined ? message : `${message} (${type.split('.').at(-1)})`;
}

function remedyOf(error: unknown): string {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  const { message } = error as Error;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'start the bus: systemctl start dbus';
  if (code === 'EACCES' || code === 'EPERM' || message.startsWith('authentication failed'))
    return 'connect as the user that the manager works for: root, or with { user: true } oneself';
  return 'look at systemctl status dbus, or do without systemd';
}
