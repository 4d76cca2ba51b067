import type { ContainerState, ContainerStatus } from '@ts-c/state';

/** A container of the store, and whether its cgroup is frozen. */
export interface ShownContainer extends Omit<ContainerState, 'status'> {
  readonly status: ContainerStatus | 'paused';
}

/** The state of a container as `nsinit state` prints it: that of the OCI runtime specification, and more. */
export interface StateJson {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: string;
  /** Pid of its first process on this machine; 0 where there is none (any more). */
  readonly pid: number;
  /** The directory that its configuration came from, or else its root file system, or `/` for a view of this machine's. */
  readonly bundle: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly created?: string;
  readonly command?: readonly string[];
  readonly rootfs?: string;
  readonly supervisorPid?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly config?: unknown;
}

/** Version of the OCI runtime specification whose state this resembles. */
const ociVersion = '1.2.0';

/** Turns what the store knows into what is printed. */
export function stateOf({ id, status, record, exitCode, signal }: ShownContainer): StateJson {
  const isAlive = status !== 'stopped';
  return {
    ociVersion,
    id,
    status,
    pid: isAlive ? (record?.init?.pid ?? 0) : 0,
    bundle: record?.bundle ?? record?.rootfs ?? '/',
    annotations: {},
    ...(record
      ? {
          created: record.created,
          command: record.command,
          ...(record.rootfs === undefined ? {} : { rootfs: record.rootfs }),
          ...(isAlive && record.supervisor ? { supervisorPid: record.supervisor.pid } : {}),
          ...(exitCode === undefined ? {} : { exitCode }),
          ...(signal === undefined ? {} : { signal }),
          ...(record.config === undefined ? {} : { config: record.config }),
        }
      : {}),
  };
}
