import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CgroupError } from '../error.ts';
import type { CgroupVersion } from '../setting.ts';
import { fileError, readCgroupFile, removedError } from './file.ts';
import { watchFreezer } from './freezer-state.ts';

/** How to freeze. */
export interface FreezeOptions {
  /** Milliseconds until it is given up: 10000 unless given. */
  readonly timeout?: number;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until all processes of a cgroup and of those beneath it are frozen; or, with `frozen` false, until they are no longer.
 *
 * @param directory The directory of the cgroup in the hierarchy of the freezer.
 * @throws {CgroupError} (`ERR_CGROUP_REMOVED`) when it is removed meanwhile; the signal's reason, when it is aborted.
 */
export async function whenFrozen(
  directory: string,
  version: CgroupVersion,
  frozen: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const wanted = frozen ? 'frozen' : 'thawed';
  for await (const { state } of watchFreezer(directory, version, { signal }))
    if (state === wanted) return;
  throw removedError(directory);
}

/**
 * Freezes all processes of a cgroup, or lets them go on, and waits until that is so: freezer.state of version 1, cgroup.freeze of version 2. When
 * they can't all be frozen, those that are go on again.
 *
 * @param directory The directory of the cgroup in the hierarchy of the freezer.
 * @throws {CgroupError} (`ERR_CGROUP_BUSY`) when it takes longer than the timeout, with how many processes are in the way;
 * (`ERR_CGROUP_REMOVED`, `ERR_NO_CONTROLLER`) where there is no such cgroup or file; the signal's reason, when it is aborted. An
 * AggregateError of two, where the processes could not be let go on either.
 */
export async function freeze(
  directory: string,
  version: CgroupVersion,
  frozen: boolean,
  { timeout = 10_000, signal }: FreezeOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  request(directory, version, frozen);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeout);
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
  try {
    await whenFrozen(directory, version, frozen, either);
  } catch (error) {
    const isLate = late.signal.aborted && error === late.signal.reason;
    const problem = isLate ? busyError(directory, version, frozen, timeout) : error;
    if (frozen) thawAfter(problem, directory, version);
    throw problem;
  } finally {
    clearTimeout(timer);
  }
}

/** Writes which state is wanted. */
function request(directory: string, version: CgroupVersion, frozen: boolean): void {
  const file = version === 1 ? 'freezer.state' : 'cgroup.freeze';
  const value = version === 1 ? (frozen ? 'FROZEN' : 'THAWED') : frozen ? '1' : '0';
  try {
    writeFileSync(join(directory, file), value, { flag: 'r+' });
  } catch (error) {
    throw fileError(error, directory, file);
  }
}

function thawAfter(problem: unknown, directory: string, version: CgroupVersion): void {
  try {
    request(directory, version, false);
  } catch (error) {
    if (error instanceof CgroupError && error.code === 'ERR_CGROUP_REMOVED') return;
    throw new AggregateError(
      [problem, error],
      `could not freeze ${directory}, and not let go on either what had been frozen`,
      { cause: error },
    );
  }
}

function busyError(
  directory: string,
  version: CgroupVersion,
  frozen: boolean,
  timeout: number,
): CgroupError {
  const path = join(directory, version === 1 ? 'freezer.state' : 'cgroup.events');
  if (!frozen)
    return new CgroupError(
      'ERR_CGROUP_BUSY',
      `${directory} is still frozen after ${timeout} ms: thaw the cgroup above it that is frozen`,
      { path },
    );
  const pids = (readCgroupFile(directory, 'cgroup.procs') ?? '').split('\n').filter(Boolean);
  const awake = pids.filter((pid) => !isFrozen(pid));
  return new CgroupError(
    'ERR_CGROUP_BUSY',
    `${awake.length} of ${pids.length} processes of ${directory} would not freeze within ${timeout} ms` +
      `${awake.length > 0 ? ` (${awake.slice(0, 5).join(', ')}${awake.length > 5 ? ', …' : ''})` : ''}: they go on again`,
    { path },
  );
}

/** Where the kernel keeps a thread that is frozen, or stopped and so as good as frozen: proc_pid_wchan(5). */
const frozenPlaces = new Set([
  '__refrigerator',
  'do_freezer_trap',
  'do_signal_stop',
  'ptrace_stop',
]);

function isFrozen(pid: string): boolean {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).every((tid) =>
      frozenPlaces.has(readFileSync(`${tasks}/${tid}/wchan`, 'utf8')),
    );
  } catch {
    // It has ended, or a thread of it has: nothing that would be in the way.
    return true;
  }
}
