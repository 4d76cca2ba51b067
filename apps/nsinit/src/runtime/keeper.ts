import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CgroupReference } from '@ts-c/cgroups';
import type { NetworkState } from '@ts-c/network';
import {
  type ContainerStore,
  deleteState,
  getState,
  isSameProcess,
  lockDirectory,
  processStartTime,
  saveState,
  type ProcessIdentity,
} from '@ts-c/state';
import { errnoNumber, SystemError } from '@ts-c/syscall';
import type { ContainerDescription } from '../description.ts';
import { reserveDirectory, reserveId, type Reservation } from './reservation.ts';

/** Who writes a container down for others to find: a record under its id, or the `state.json` of libcontainer 1.1.0. */
export interface Keeper {
  readonly reservation: Reservation;
  /** Does what it has written stay when the container has ended? */
  readonly keeps: boolean;
  /** Where it writes records. */
  readonly store?: ContainerStore;
  /** Makes what has to be there before the supervisor starts. */
  prepare(): void;
  /** Writes the container down. Its first process has not taken a step yet. */
  write(pid: number, supervisorPid: number, made?: Made): void;
  /** Removes what a supervisor could not that was killed, or whose ids in a user namespace may not. */
  sweep(supervisorPid: number): Promise<void>;
}

/** What there is of a container beside its processes. */
interface Made {
  readonly cgroup?: CgroupReference | undefined;
  readonly network?: NetworkState | undefined;
}

/** What a record says beside the processes. */
export interface RecordOptions {
  readonly id: string;
  readonly description: ContainerDescription;
  readonly bundle?: string | undefined;
  /** Does the record stay when the container has ended? */
  readonly keep?: boolean | undefined;
}

/** Keeps a record under the container's id. */
export function recordKeeper(store: ContainerStore, options: RecordOptions): Keeper {
  const { id, description, bundle, keep = false } = options;
  return {
    reservation: reserveId(store.root, id, keep),
    keeps: keep,
    store,
    prepare() {
      store.prepare();
      // Before anything else that bears its name is found to be in use. That it is free is known once the supervisor has made it.
      if (existsSync(store.directory(id))) throw idInUse(store.directory(id));
    },
    write(pid, supervisorPid, { cgroup, network } = {}) {
      store.write({
        id,
        created: new Date().toISOString(),
        init: identityOf(pid),
        supervisor: identityOf(supervisorPid),
        ...(bundle === undefined ? {} : { bundle }),
        ...(description.rootfs === undefined ? {} : { rootfs: description.rootfs }),
        command: description.command,
        keep,
        config: description,
        ...(cgroup ? { cgroup } : {}),
        ...(network && Object.keys(network).length > 0 ? { network } : {}),
      });
    },
    async sweep(supervisorPid) {
      // Its processes die with the supervisor, but not before the kernel has got round to it.
      for (let tries = 0; tries < 200; tries += 1) {
        if (removeOwn(store, id, supervisorPid)) return;
        await delay(Math.min(10 + tries, 50));
      }
    },
  };
}

/** The error of mkdirat(2) for an id that another container has. */
function idInUse(directory: string): SystemError {
  return new SystemError({
    errno: errnoNumber('EEXIST'),
    syscall: 'mkdirat',
    path: directory,
    owner: '@ts-c/state',
    title: `the directory of container ${basename(directory)}`,
  });
}

/** Removes a record, unless the id is another container's. Returns false where it is too early to tell. */
function removeOwn(store: ContainerStore, id: string, supervisorPid: number): boolean {
  try {
    const { record } = store.read(id);
    if (record && record.supervisor?.pid !== supervisorPid) return true;
    // Whoever holds the lock is alive. Nobody does, if the directory is ours.
    lockDirectory(store.directory(id)).release();
    store.remove(id, { force: true });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A child that is about to die still holds what the supervisor had locked.
    return code !== 'ERR_CONTAINER_RUNNING' && code !== 'ERR_LOCKED';
  }
}

/** Another container has been started from the same directory, and it is alive. */
class DirectoryInUseError extends Error {
  readonly code = 'ERR_CONTAINER_RUNNING';
  readonly pid: number;

  constructor(directory: string, pid: number) {
    super(
      `the container of ${directory} is running (pid ${pid}); entering a running container is not there yet: kill it first, or use another directory`,
    );
    this.pid = pid;
  }
}

/**
 * Keeps `state.json` in the directory of `container.json`, as libcontainer 1.1.0 does.
 *
 * @param onStale Told of a `state.json` whose process is gone; it is replaced.
 */
export function directoryKeeper(directory: string, onStale: (pid: number) => void): Keeper {
  let written: ProcessIdentity | undefined;
  return {
    reservation: reserveDirectory(directory),
    keeps: false,
    prepare() {
      const state = getState(directory);
      if (!state) return;
      const { init_pid: pid = 0, init_start_time: startTime = '' } = state;
      if (pid > 0 && isSameProcess(pid, startTime)) throw new DirectoryInUseError(directory, pid);
      onStale(pid);
    },
    write(pid, _, { network = {} } = {}) {
      written = identityOf(pid);
      const { startTime } = written;
      saveState(directory, { init_pid: pid, init_start_time: startTime, network_state: network });
    },
    async sweep() {
      const { init_pid: pid, init_start_time: startTime } = getState(directory) ?? {};
      // By now it may be the next container's.
      if (written && pid === written.pid && startTime === written.startTime) deleteState(directory);
    },
  };
}

function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: processStartTime(pid) };
}
