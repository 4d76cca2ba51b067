import {
  capabilities,
  capabilityName,
  capabilityNumber,
  parseCapability,
  type CapabilityName,
} from '@ts-c/capabilities';
import { suggest } from '../../suggest.ts';
import { unexpected } from '../usage-error.ts';

/**
 * Reads names of capabilities: with or without `CAP_`, in upper or lower case, several with commas in between, or `ALL`.
 *
 * @throws {UsageError} for a name that is not known.
 */
export function parseCapabilities(
  name: string,
  texts: readonly string[],
): ReadonlySet<CapabilityName | 'ALL'> {
  return new Set(
    texts.flatMap((text) => text.split(',')).map((text) => parseOne(name, text.trim())),
  );
}

function parseOne(name: string, text: string): CapabilityName | 'ALL' {
  const word = text.toUpperCase();
  if (word === 'ALL') return word;
  try {
    return parseCapability(text);
  } catch {
    throw unexpected(
      name,
      'the name of a capability, or ALL',
      text,
      suggest(word.replace(/^CAP_/, ''), Object.keys(capabilities)),
    );
  }
}

/** The capabilities to keep: `base`, and what is to be added and dropped, where a name counts for more than `ALL` does. */
export function chooseCapabilities(
  base: readonly CapabilityName[],
  add: ReadonlySet<CapabilityName | 'ALL'>,
  drop: ReadonlySet<CapabilityName | 'ALL'>,
  all: readonly CapabilityName[],
): CapabilityName[] {
  const begin = add.has('ALL') ? all : drop.has('ALL') ? [] : base;
  const kept = new Set([...begin, ...[...add].filter(isNamed)]);
  for (const name of drop) if (isNamed(name)) kept.delete(name);
  return [...kept].toSorted((a, b) => capabilityNumber(a) - capabilityNumber(b));
}

/** The capabilities in a set as /proc/PID/status has it. */
export function capabilitiesIn(set: bigint): CapabilityName[] {
  return Array.from({ length: 64 }, (_, number) => number)
    .filter((number) => ((set >> BigInt(number)) & 1n) === 1n)
    .map(capabilityName);
}

function isNamed(name: CapabilityName | 'ALL'): name is CapabilityName {
  return name !== 'ALL';
}
