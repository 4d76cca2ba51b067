import { join } from 'node:path';
import {
  Cgroup,
  CgroupError,
  removeNow,
  type CgroupReference,
  type DeviceRule,
} from '@ts-c/cgroups';
import {
  ContainerStore,
  getState,
  isSameProcess,
  type ContainerRecord,
  type ContainerState,
} from '@ts-c/state';
import type { ContainerDescription } from '../description.ts';
import { sweepNetworksOf } from '../runtime/sweep.ts';
import type { Environment } from './command.ts';
import { dataPath } from './read-config.ts';
import type { ShownContainer } from './state-json.ts';
import { UsageError } from './usage-error.ts';

export { sweepNetworksOf };

/** A container that runs, and the cgroup that it is in. */
export interface Grouped {
  readonly id: string;
  /** Of its first process. */
  readonly pid: number;
  readonly cgroup: Cgroup;
  /** The rules about devices that it was started with. */
  readonly devices: readonly DeviceRule[];
}

/** The store of containers. Before it forgets one that has ended, it removes what a killed supervisor has left: cgroup, leases, tables. */
export function openTidyStore(root: string | undefined): ContainerStore {
  const store = new ContainerStore(root, {
    tidy({ cgroup, network }) {
      if (isReference(cgroup)) removeNow(cgroup.members);
      if (network !== undefined) sweepNetworksOf(store);
    },
  });
  return store;
}

/** The cgroup in a container's record, if it has one. */
export function cgroupOf(record: ContainerRecord | undefined): Cgroup | undefined {
  return isReference(record?.cgroup) ? Cgroup.from(record.cgroup) : undefined;
}

/** A container of the store as it is printed: its processes may be stopped. */
export async function withPaused(container: ContainerState): Promise<ShownContainer> {
  if (container.status !== 'running') return container;
  try {
    const isPaused = await cgroupOf(container.record)?.isFrozen();
    return isPaused ? { ...container, status: 'paused' } : container;
  } catch (error) {
    // It is not in a cgroup that could be frozen.
    if (error instanceof CgroupError) return container;
    throw error;
  }
}

/** Lets the processes of a container go on, should they be paused, and its cgroup still be there. */
export async function thaw(record: ContainerRecord): Promise<void> {
  try {
    await cgroupOf(record)?.thaw();
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error;
  }
}

/** What a record says comes from a file, which may be anybody's. */
function isReference(value: unknown): value is CgroupReference {
  const { name, members } = (value ?? {}) as Partial<CgroupReference>;
  return (
    typeof name === 'string' &&
    Array.isArray(members) &&
    members.every(
      (member: Partial<CgroupReference['members'][number]> | null) =>
        (member?.version === 1 || member?.version === 2) &&
        typeof member.path === 'string' &&
        isList(member.controllers) &&
        isList(member.made),
    )
  );
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

/**
 * The running container of an id, or of the beginning of one.
 *
 * @throws {UsageError} where it has ended, or has no cgroup.
 */
export function findGrouped(store: ContainerStore, prefix: string): Grouped {
  const { id, status, record } = store.read(store.resolve(prefix));
  if (status === 'stopped' || !record?.init)
    throw new UsageError(
      `container ${id} ${status === 'stopped' ? 'has ended' : 'is only just being made'}`,
    );
  const cgroup = cgroupOf(record);
  if (!cgroup) {
    throw new UsageError(
      `container ${id} has no cgroup of its own`,
      'nsinit run makes one where cgroups are mounted and may be written to, unless --cgroup none is given; nsinit features says what is in the way',
    );
  }
  return { id, pid: record.init.pid, cgroup, devices: devicesOf(record.config) };
}

/** A container that was described without rules may use all devices. */
function devicesOf(config: unknown): readonly DeviceRule[] {
  const { cgroup } = (config ?? {}) as Partial<ContainerDescription>;
  return cgroup?.devices ?? [{ type: 'a' }];
}

/**
 * The container of the current directory: that of `nsinit exec`.
 *
 * @throws {UsageError} where none runs, or it has no cgroup.
 */
export function groupedHere(environment: Environment): Grouped {
  const directory = dataPath(environment);
  const state = getState(directory);
  const { init_pid: pid = 0, init_start_time: startTime = '' } = state ?? {};
  if (pid === 0 || !isSameProcess(pid, startTime)) {
    throw new UsageError(
      `no container of ${directory} is running`,
      'give the ID of one (nsinit list), or go where its container.json is',
    );
  }
  const cgroup = Cgroup.of(pid);
  if (cgroup) return { id: cgroup.name, pid, cgroup, devices: [] };
  throw new UsageError(
    `the container of ${directory} has no cgroup of its own`,
    `${join(directory, 'container.json')} needs the key cgroups`,
  );
}
