import { isIPv4, isIPv6 } from 'node:net';
import { formatIPv6, parseIp } from '../netlink/index.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import { familyOf } from './expressions.ts';
import type { PublishedPorts } from './publish.ts';

/** Is it an address that means all of a family: `0.0.0.0`, `::`? Or, being left out, all there are? */
export function isAny(hostAddress: string | undefined): boolean {
  return hostAddress === undefined || parseIp(hostAddress).every((byte) => byte === 0);
}

/** Is it one of 127.0.0.0/8, which a machine has for itself alone? */
export function isLoopback(hostAddress: string | undefined): boolean {
  return hostAddress !== undefined && isIPv4(hostAddress) && parseIp(hostAddress)[0] === 127;
}

/** Do ports reach the host's 127.0.0.0/8? */
export function includesLocalhost({ hostAddress }: PublishedPorts): boolean {
  if (hostAddress === undefined) return true;
  return isIPv4(hostAddress) && (isAny(hostAddress) || isLoopback(hostAddress));
}

/** Is there an address of the host that both of them mean? */
export function overlap(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  if (familyOf(one) !== familyOf(other)) return false;
  return isAny(one) || isAny(other) || Buffer.compare(parseIp(one), parseIp(other)) === 0;
}

/**
 * The addresses of the container that published ports lead to: the first one of each family that they are open in.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` where it has none, and for `::1`.
 */
export function targetsOf<A extends { readonly address: string }>(
  { hostAddress }: PublishedPorts,
  addresses: readonly A[],
  name: string,
): readonly A[] {
  if (
    hostAddress !== undefined &&
    isIPv6(hostAddress) &&
    formatIPv6(parseIp(hostAddress)) === '::1'
  )
    throw invalid(
      `${name}.hostAddress: expected 127.0.0.1 for the host alone, got ${describe(hostAddress)}, from where Linux does not forward`,
    );
  const families = new Map<number, A>();
  for (const each of addresses) {
    const family = familyOf(each.address);
    if (hostAddress !== undefined && family !== familyOf(hostAddress)) continue;
    if (!families.has(family)) families.set(family, each);
  }
  if (families.size === 0)
    throw invalid(
      `${name}.hostAddress: expected an address of a family that the container has one of, got ${describe(hostAddress)}`,
    );
  return [...families.values()];
}
