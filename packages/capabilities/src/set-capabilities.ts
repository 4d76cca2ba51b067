import { checkInteger, formatFlags, Memory, PR, type Kernel } from '@ts-c/syscall';
import {
  AMBIENT,
  CAP,
  capget,
  capset,
  prctlAmbient,
  prctlAmbientAll,
  prctlCapability,
} from './calls.ts';
import { problem } from './error.ts';
import { lastCapability } from './last-capability.ts';
import { capabilities, capabilityNumber, lastPossible, type CapabilityName } from './names.ts';
import { keepSets, toMask, type CapabilitySets } from './sets.ts';

const owner = '@ts-c/capabilities';
const version3 = 0x20080522;

/** What is known about the kernel that will do it. */
export interface DropOptions {
  /**
   * The highest capability to drop from the bounding set; by default the highest that this machine's kernel knows. 63 suits a
   * Program for any kernel: what one does not know ends the dropping without an error.
   */
  readonly lastCapability?: number;
}

/**
 * Reduces this thread, or the process of a Program, to some capabilities: all others leave the bounding, effective, permitted,
 * inheritable and ambient sets, also those that are newer than ts-c. The inheritable and ambient sets end empty. See
 * capabilities(7).
 *
 * Every capability in `keep` has to be held; and dropping needs SETPCAP, which is checked before anything is changed.
 *
 * @throws {Error} `EPERM`, naming the capability that is to be kept or is needed and is not held.
 */
export function dropCapabilities(
  kernel: Kernel,
  keep: readonly CapabilityName[],
  options: DropOptions = {},
): void {
  setCapabilities(kernel, keepSets(keep), options);
}

/**
 * Gives this thread, or the process of a Program, these capability sets. See capabilities(7) for what it may have: nothing comes
 * back that has left the permitted or the bounding set.
 *
 * Without `bounding` that set stays as it is, and SETPCAP is not needed; without `ambient` that set ends empty.
 *
 * @throws {Error} `EPERM`, naming the capability that is to be permitted or is needed and is not held;
 *   `ERR_CAPABILITY_SETS` where the sets contradict each other.
 */
export function setCapabilities(
  kernel: Kernel,
  sets: Omit<CapabilitySets, 'bounding' | 'ambient'> &
    Partial<Pick<CapabilitySets, 'bounding' | 'ambient'>>,
  options: DropOptions = {},
): void {
  const { bounding, ambient = [] } = sets;
  checkSets({ ...sets, ambient });
  expectHeld(kernel, sets.permitted, bounding !== undefined);
  if (bounding) dropBounding(kernel, bounding, options);
  applySets(kernel, { ...sets, ambient });
}

/** Drops from the bounding set whatever is not in `keep`. */
export function dropBounding(
  kernel: Kernel,
  keep: readonly CapabilityName[],
  options: DropOptions = {},
): void {
  const last = options.lastCapability ?? lastCapability();
  checkInteger('lastCapability', last, 0, lastPossible);
  const kept = toMask(keep);
  kernel.section(owner, 'drop from the bounding set', () => {
    // Whoever does not know a capability knows none behind it either, so the first EINVAL ends it.
    kernel.attempt(['EINVAL'], () => {
      for (let number = 0; number <= last; number++) {
        if (!((kept >> BigInt(number)) & 1n)) kernel.call(prctlCapability, PR.CAPBSET_DROP, number);
      }
    });
  });
}

type ThreadSets = Omit<CapabilitySets, 'bounding'>;

/** Sets all but the bounding set. */
export function applySets(kernel: Kernel, sets: ThreadSets): void {
  kernel.section(owner, 'set the capabilities', () => {
    kernel.call(capset, header(), capabilityData(sets));
    kernel.call(prctlAmbientAll, PR.CAP_AMBIENT, AMBIENT.CLEAR_ALL, 0, 0, 0);
    for (const name of sets.ambient) {
      kernel.call(prctlAmbient, PR.CAP_AMBIENT, AMBIENT.RAISE, capabilityNumber(name), 0, 0);
    }
  });
}

/**
 * Goes on only if all these capabilities are permitted and, to drop from the bounding set, SETPCAP is effective. The kernel would
 * say EPERM too, but not why, and with half of the work done.
 */
export function expectHeld(kernel: Kernel, names: readonly CapabilityName[], drop: boolean): void {
  if (names.length === 0 && !drop) return;
  kernel.section(owner, 'which capabilities there are', () => {
    const data = new Memory(24);
    kernel.call(capget, header(), data);
    if (drop) {
      const effective = kernel.load(data, 0, 4);
      const bit = 1 << capabilities.SETPCAP;
      kernel.expect(
        effective,
        { equals: bit, mask: bit },
        notHeld('prctl', 'SETPCAP is needed to drop others from the bounding set'),
      );
    }
    const permitted = [4, 16].map((offset) => kernel.load(data, offset, 4));
    for (const name of new Set(names)) {
      const number = capabilityNumber(name);
      const bit = 1n << BigInt(number % 32);
      const word = permitted[number < 32 ? 0 : 1] ?? 0;
      kernel.expect(word, { equals: bit, mask: bit }, notHeld('capset', `${name} is to be kept`));
    }
  });
}

function notHeld(syscall: string, why: string): { code: string; message: string } {
  return {
    code: 'EPERM',
    message: `EPERM: operation not permitted, ${syscall}: ${why}, but this process does not have it (capabilities(7))`,
  };
}

/** Refuses sets that the kernel would refuse, by name and not as EPERM. */
export function checkSets({ effective, permitted, inheritable, ambient }: ThreadSets): void {
  checkWithin('effective', effective, 'permitted', permitted);
  checkWithin('ambient', ambient, 'permitted', permitted);
  checkWithin('ambient', ambient, 'inheritable', inheritable);
}

function checkWithin(
  name: string,
  set: readonly CapabilityName[],
  other: string,
  limit: readonly CapabilityName[],
): void {
  const stray = set.find((capability) => !limit.includes(capability));
  if (stray === undefined) return;
  throw problem(
    'ERR_CAPABILITY_SETS',
    `${name}: ${stray} has to be ${other} as well; add it there or leave it out here`,
    { capability: stray },
  );
}

/** Of the calling thread: pid 0. */
function header(): Memory {
  const memory = new Memory(8).set('u32', 0, version3);
  memory.describe = () => '{version=_LINUX_CAPABILITY_VERSION_3, pid=0}';
  return memory;
}

/** `struct __user_cap_data_struct[2]`: the low halves of the three sets, then the high ones. */
function capabilityData(sets: ThreadSets): Memory {
  const masks = [sets.effective, sets.permitted, sets.inheritable].map(toMask);
  const memory = new Memory(24);
  masks.forEach((mask, index) => {
    memory.set('u32', 4 * index, mask & 0xffff_ffffn);
    memory.set('u32', 4 * index + 12, mask >> 32n);
  });
  const [effective = 0n, permitted = 0n, inheritable = 0n] = masks;
  memory.describe = () => {
    const table = Object.fromEntries(
      Object.entries(CAP).map(([name, number]) => [name, 1n << BigInt(number)]),
    );
    const format = (mask: bigint): string => formatFlags(table, mask);
    return `{effective=${format(effective)}, permitted=${format(permitted)}, inheritable=${format(inheritable)}}`;
  };
  return memory;
}
