import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readFile } from '../files.ts';
import { isSameProcess, signalName, type ProcessIdentity } from '../process.ts';
import { exitName, gateName, readRecord, type ContainerRecord } from './record.ts';

/**
 * Where a container is in its life: `creating` until its init waits to be started, `created` while it waits, then `running`, and
 * `stopped` once init has ended.
 */
export type ContainerStatus = 'creating' | 'created' | 'running' | 'stopped';

/** A container of the store, at one moment. */
export interface ContainerState {
  readonly id: string;
  readonly status: ContainerStatus;
  /** Absent in the first moments of `creating`. */
  readonly record?: ContainerRecord;
  /** What the command exited with, where that is known. */
  readonly exitCode?: number;
  /** The signal that killed it: `SIGKILL`. */
  readonly signal?: string;
}

/** Looks at the directory of a container and at its processes. */
export function readStatus(directory: string, id: string): ContainerState {
  const record = readRecord(directory, id);
  if (!record) return { id, status: 'creating' };
  if (isAlive(record.init)) {
    const waits = existsSync(join(directory, gateName));
    return { id, status: waits ? 'created' : 'running', record };
  }
  if (!record.init && isAlive(record.supervisor)) return { id, status: 'creating', record };
  return { id, status: 'stopped', record, ...readExit(directory) };
}

/** Is the process of a record still there? */
export function isAlive(identity: ProcessIdentity | undefined): boolean {
  return identity !== undefined && isSameProcess(identity.pid, identity.startTime);
}

/** Where siginfo_t has what waitid(2) says; see also sigaction(2). */
const layout = { signo: 0, code: 8, status: 24, end: 28 };
const sigchld = 17;
const CLD = { EXITED: 1, KILLED: 2, DUMPED: 3 };

function readExit(directory: string): { readonly exitCode?: number; readonly signal?: string } {
  const info = readFile(join(directory, exitName));
  if (!info || info.length < layout.end || info.readInt32LE(layout.signo) !== sigchld) return {};
  const code = info.readInt32LE(layout.code);
  const status = info.readInt32LE(layout.status);
  if (code === CLD.EXITED) return { exitCode: status };
  return code === CLD.KILLED || code === CLD.DUMPED ? { signal: signalName(status) } : {};
}
