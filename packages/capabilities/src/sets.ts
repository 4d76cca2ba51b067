import { readFileSync } from 'node:fs';
import { checkInteger } from '@ts-c/syscall';
import { problem } from './error.ts';
import { capabilityName, capabilityNumber, lastPossible, type CapabilityName } from './names.ts';

/** The five sets of capabilities(7) that a thread has. */
export interface CapabilitySets {
  /** What execve(2) can give at most. */
  readonly bounding: readonly CapabilityName[];
  /** What counts when the kernel checks. */
  readonly effective: readonly CapabilityName[];
  /** What may be made effective. */
  readonly permitted: readonly CapabilityName[];
  /** What survives execve(2) where the file has it too. */
  readonly inheritable: readonly CapabilityName[];
  /** What survives execve(2) of an ordinary file. */
  readonly ambient: readonly CapabilityName[];
}

/** Capabilities to keep: a list as in `container.json`, or the five sets. */
export type Keep = readonly CapabilityName[] | CapabilitySets;

/**
 * The sets that a keep-list stands for: the list in the bounding, effective and permitted set, and nothing in the inheritable
 * and ambient ones. (1.1.0 filled the inheritable set as well, which hands capabilities to files that only ask to inherit:
 * CVE-2022-29162.)
 */
export function keepSets(keep: Keep): CapabilitySets {
  if (!isList(keep)) return keep;
  return { bounding: keep, effective: keep, permitted: keep, inheritable: [], ambient: [] };
}

function isList(keep: Keep): keep is readonly CapabilityName[] {
  return Array.isArray(keep);
}

/**
 * The capability sets of a process, or of the calling thread where none is named. See proc_pid_status(5).
 *
 * @throws {Error} Node's own, such as ENOENT for a process that does not exist.
 */
export function readCapabilities(pid?: number): CapabilitySets {
  if (pid !== undefined) checkInteger('pid', pid, 1, 2 ** 31 - 1);
  const path = `/proc/${pid ?? 'thread-self'}/status`;
  const text = readFileSync(path, 'latin1');
  const set = (key: string): CapabilityName[] => {
    const digits = new RegExp(String.raw`^Cap${key}:\s*([0-9a-f]{16})$`, 'm').exec(text)?.[1];
    if (digits === undefined)
      throw problem('ERR_NO_CAPABILITIES', `${path} has no line Cap${key}`, { path });
    return fromMask(BigInt(`0x${digits}`));
  };
  return {
    bounding: set('Bnd'),
    effective: set('Eff'),
    permitted: set('Prm'),
    inheritable: set('Inh'),
    ambient: set('Amb'),
  };
}

/** A set as the kernel has it: bit N for capability N. */
export function toMask(names: readonly CapabilityName[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(capabilityNumber(name))), 0n);
}

function fromMask(mask: bigint): CapabilityName[] {
  const names: CapabilityName[] = [];
  for (let number = 0; number <= lastPossible; number++) {
    if ((mask >> BigInt(number)) & 1n) names.push(capabilityName(number));
  }
  return names;
}
