import type { ErrnoCode } from '@ts-c/syscall';
import type { DeviceRule } from './devices/rule.ts';
import type { Setting } from './setting.ts';

/** Makes the directory of a cgroup. */
export interface MakeStep {
  readonly kind: 'make';
  readonly path: string;
  /** Is it an error if it exists? */
  readonly exclusive: boolean;
  /** The cgroup above it, where that is not there for good. */
  readonly parent?: string;
}

/** Removes what an earlier cgroup of the same name has left behind: it is empty. */
interface ReplaceStep {
  readonly kind: 'replace';
  readonly path: string;
}

/** Writes into a file of a cgroup. */
export interface WriteStep extends Setting {
  readonly kind: 'write';
  /** The file. */
  readonly path: string;
}

/** Attaches a program that decides about devices to a cgroup of version 2. */
interface DevicesStep {
  readonly kind: 'devices';
  /** The directory of the cgroup. */
  readonly path: string;
  readonly rules: readonly DeviceRule[];
}

/** One thing to do for a cgroup. */
export type Step = MakeStep | ReplaceStep | WriteStep | DevicesStep;

/** A setting as a step on the cgroup in a directory. */
export function writeStep(directory: string, setting: Setting): WriteStep {
  return { kind: 'write', path: `${directory}/${setting.file}`, ...setting };
}

/** What a step does, in one line. No two steps of a plan have the same. */
export function stepTitle(step: Step): string {
  if (step.kind === 'make') return `the cgroup ${step.path}`;
  if (step.kind === 'replace') return `an empty cgroup in the place of ${step.path}`;
  if (step.kind === 'write') return `${step.path} <- ${step.value} (${step.key})`;
  return `${step.rules.length} rules for devices of ${step.path} (devices)`;
}

/** Refusals that mean no more than that something is not there to be had. */
export const unavailable: readonly ErrnoCode[] = [
  'ENOENT',
  'EACCES',
  'EPERM',
  'EBUSY',
  'EINVAL',
  'EROFS',
];
