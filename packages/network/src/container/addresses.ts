import { bitsOf, boundsOf, formatAddress, type Cidr } from './cidr.ts';
import type { LeaseFacts } from './lease-files.ts';

/** Addresses of a network that are in use. */
export interface UsedAddresses {
  /** Those that somebody has. */
  readonly taken: ReadonlySet<string>;
  /** Leased ones. Those that nobody holds any more, as they have not been swept, are taken only where there are no others. */
  readonly leases?: LeaseFacts | undefined;
}

/** How many addresses are looked at, in a network that has more than anybody can look at. */
const most = 1 << 16;

/**
 * Chooses the first free address of a network. The first and the last of an IPv4 network mean the network itself and all of its
 * hosts, the first of an IPv6 network its routers: they are nobody's.
 *
 * @returns undefined where none is left.
 */
export function chooseAddress(
  { family, value, prefixLength }: Cidr,
  { taken, leases }: UsedAddresses,
): string | undefined {
  const [first, last] = boundsOf({ family, value, prefixLength });
  const isTiny = bitsOf(family) - prefixLength < 2;
  const from = isTiny ? first : first + 1n;
  const to = isTiny || family === 6 ? last : last - 1n;
  const leased: string[] = [];
  for (let each = from, count = 0; each <= to && count < most; each += 1n, count += 1) {
    const address = formatAddress(family, each);
    if (taken.has(address)) continue;
    if (!leases?.addresses.has(address)) return address;
    leased.push(address);
  }
  // Each of them is looked at, and so only now.
  return leased.find((address) => leases?.look(address)?.holder === undefined);
}

/** The address that a bridge which is made for a network is given: the first, or the one that the network is written with. */
export function gatewayOf(cidr: Cidr): string {
  const [first] = boundsOf(cidr);
  return cidr.value === first ? formatAddress(cidr.family, first + 1n) : cidr.address;
}
