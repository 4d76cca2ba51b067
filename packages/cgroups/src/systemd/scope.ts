import { EventEmitter } from 'node:events';
import { CgroupError } from '../error.ts';
import type { Resources } from '../resources.ts';
import type { CgroupVersion } from '../setting.ts';
import type { SystemdConnection } from './connection.ts';
import { checkSlice } from './name.ts';
import { scopeProperties, unitProperties, type UnitResources } from './unit.ts';
import type { WaitOptions } from './wait.ts';

/** What a scope begins with. */
export interface StartScopeOptions extends WaitOptions {
  /** `ci-7.scope`: see `scopeName()`. */
  readonly unit: string;
  /** `system.slice` by default, the one of a system's services. */
  readonly slice?: string;
  /** One line for `systemctl status`; `container UNIT` by default. */
  readonly description?: string;
  /** At least one process. They are moved into the scope before it counts as started. */
  readonly pids: readonly number[];
  readonly resources?: Resources;
  /** The version of the cgroups that systemd works with. */
  readonly version: CgroupVersion;
}

/** A scope that is up. */
export interface StartedScope {
  readonly unit: string;
  /** Its cgroup, from the root of the cgroups: `/system.slice/ci-7.scope`. */
  readonly controlGroup: string;
  /** What systemd did not do: see {@link UnitResources}. */
  readonly remaining: UnitResources['remaining'];
}

/**
 * Starts a transient scope around processes that exist: systemd.scope(5). When it returns they are in its cgroup, and the limits that
 * systemd has words for are set.
 *
 * @throws {CgroupError} `EEXIST` when there is a unit of that name, `ESRCH` when a process has gone, `EACCES` when this user may not,
 * `ERR_INVALID_RESOURCES`, `ERR_SYSTEMD` when the job failed or nothing was heard of it. What had been started is stopped again, its
 * processes with it; when that fails too, the cause is an AggregateError of both.
 */
export async function startScope(
  connection: SystemdConnection,
  options: StartScopeOptions,
): Promise<StartedScope> {
  const { unit, pids, version, slice = 'system.slice', resources = {} } = options;
  const { description = `container ${unit.replace(/\.scope$/, '')}` } = options;
  const circumstances = { version, systemd: connection.version };
  const limits = unitProperties(resources, circumstances);
  const settings = { pids, slice: checkSlice(slice), description };
  const properties = [...scopeProperties(settings, circumstances), ...limits.properties];
  let started = false;
  try {
    await runJob(connection, unit, options, async () => {
      options.signal?.throwIfAborted();
      // 'fail': a unit of that name is somebody else's, and not to be replaced. Nor is it to be stopped, so the answer is waited for
      // whatever happens: before it nobody knows whose the unit is.
      const body = [unit, 'fail', connection.wrap(properties), []];
      const { timeout } = options;
      const reply = await connection.call('StartTransientUnit', 'ssa(sv)a(sa(sv))', body, {
        timeout,
      });
      started = true;
      return reply;
    });
    return {
      unit,
      controlGroup: await controlGroup(connection, unit, options),
      remaining: limits.remaining,
    };
  } catch (error) {
    if (started) await undo(connection, unit, error);
    throw error;
  }
}

/** Stops what did not become a scope, whoever is still in it. */
async function undo(connection: SystemdConnection, unit: string, error: unknown): Promise<void> {
  try {
    await stopScope(connection, unit, { kill: true, timeout: 5000 });
  } catch (second) {
    const { code, message } = error as CgroupError;
    throw new CgroupError(
      code,
      `${message}; and it could not be stopped again: ${(second as Error).message}`,
      { cause: new AggregateError([error, second]) },
    );
  }
}

/**
 * The cgroup of a scope, from the root of the cgroups (of the manager's own for the manager of a user: it is absolute all the same).
 *
 * @throws {CgroupError} `ENOENT` when there is no such unit or it has no cgroup any more.
 */
export async function controlGroup(
  connection: SystemdConnection,
  unit: string,
  options: WaitOptions = {},
): Promise<string> {
  const path = await connection.property(unit, 'Scope', 'ControlGroup', options);
  if (typeof path === 'string' && path !== '') return path;
  throw new CgroupError('ENOENT', `systemd: ${unit} has no cgroup any more`, { value: unit });
}

/**
 * Changes the limits of a unit that runs.
 *
 * @returns which of the resources are left to be written into the files of the cgroup.
 * @throws {CgroupError} `ENOENT` when there is no such unit, `ERR_INVALID_RESOURCES`.
 */
export async function setProperties(
  connection: SystemdConnection,
  unit: string,
  options: WaitOptions & {
    readonly resources: Resources;
    readonly version: CgroupVersion;
    /** Until the next start only, which is the default; a scope has no next one. */
    readonly runtime?: boolean;
  },
): Promise<UnitResources['remaining']> {
  const { resources, version, runtime = true } = options;
  const circumstances = { version, systemd: connection.version };
  const { properties, remaining } = unitProperties(resources, circumstances);
  if (properties.length > 0) {
    const body = [unit, runtime, connection.wrap(properties)];
    await connection.call('SetUnitProperties', 'sba(sv)', body, options);
  }
  return remaining;
}

/**
 * Stops a scope: its processes get SIGTERM, and SIGKILL when they take too long, or at once with `kill`. No such unit is no error.
 *
 * @throws {CgroupError} `EACCES`, or `ERR_SYSTEMD` when the job failed or takes longer than `timeout`.
 */
export async function stopScope(
  connection: SystemdConnection,
  unit: string,
  options: WaitOptions & { readonly kill?: boolean } = {},
): Promise<void> {
  if (options.kill) {
    await unlessGone(connection.call('KillUnit', 'ssi', [unit, 'all', 9], options), ['ESRCH']);
  }
  await unlessGone(
    runJob(connection, unit, options, () =>
      connection.call('StopUnit', 'ss', [unit, 'replace'], options),
    ),
  );
  await unlessGone(connection.call('ResetFailedUnit', 's', [unit], options));
}

/** Freezes all processes of a unit, and returns once they are: systemd 246, cgroup version 2. */
export async function freezeUnit(
  connection: SystemdConnection,
  unit: string,
  options: WaitOptions = {},
): Promise<void> {
  await connection.call('FreezeUnit', 's', [unit], options);
}

/** Undoes {@link freezeUnit}. */
export async function thawUnit(
  connection: SystemdConnection,
  unit: string,
  options: WaitOptions = {},
): Promise<void> {
  await connection.call('ThawUnit', 's', [unit], options);
}

/** Moves processes into a scope, or into a cgroup beneath it (`/sub`): systemd 238. */
export async function attachProcesses(
  connection: SystemdConnection,
  unit: string,
  pids: readonly number[],
  options: WaitOptions & { readonly subgroup?: string } = {},
): Promise<void> {
  const body = [unit, options.subgroup ?? '/', [...pids]];
  await connection.call('AttachProcessesToUnit', 'ssau', body, options);
}

/** Runs what answers with a job, and waits for its end. The end may be told before the answer. */
async function runJob(
  connection: SystemdConnection,
  unit: string,
  options: WaitOptions,
  start: () => Promise<readonly unknown[]>,
): Promise<void> {
  const ends = new EventEmitter();
  const early = new Map<unknown, string>();
  const unlisten = connection.listen(({ member, body }) => {
    if (member !== 'JobRemoved') return;
    const [, job, , result] = body;
    early.set(job, String(result));
    ends.emit(String(job), String(result));
  });
  try {
    const job = String((await start())[0]);
    const end = new Promise<string>((resolve) => {
      ends.once(job, resolve);
      const known = early.get(job);
      if (known !== undefined) resolve(known);
    });
    const result = await connection.wait(`the job of ${unit}`, end, options);
    // 'skipped' is a stop of what had stopped already.
    if (result !== 'done' && result !== 'skipped')
      throw new CgroupError(
        'ERR_SYSTEMD',
        `systemd: the job of ${unit} ended with '${result}'; why: journalctl -u ${unit}`,
        { value: result },
      );
  } finally {
    unlisten();
  }
}

/** Awaits a call for which a unit that has gone, which is what it is for, is no error. */
async function unlessGone(call: Promise<unknown>, further: readonly string[] = []): Promise<void> {
  try {
    await call;
  } catch (error) {
    const { code } = error as CgroupError;
    if (code !== 'ENOENT' && !further.includes(code)) throw error;
  }
}
