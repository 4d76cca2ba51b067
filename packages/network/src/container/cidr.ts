import { isIPv4, isIPv6 } from 'node:net';
import { formatIPv4, formatIPv6, parseIp } from '../netlink/ip.ts';

/** IPv4 or IPv6. */
export type Family = 4 | 6;

/** An address and how many of its leading bits are the network's. */
export interface Cidr {
  readonly family: Family;
  /** As inet_ntop(3) writes it. */
  readonly address: string;
  readonly prefixLength: number;
  /** The address as a number. */
  readonly value: bigint;
}

/** How many bits an address has. */
export const bitsOf = (family: Family): number => (family === 4 ? 32 : 128);

/** The family of an address; undefined where it is none. One with a zone (`fe80::1%eth0`) is none here. */
export function familyOf(address: string): Family | undefined {
  if (isIPv4(address)) return 4;
  return isIPv6(address) && !address.includes('%') ? 6 : undefined;
}

/** Reads an address in CIDR notation, `10.0.0.2/24`; undefined where it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = familyOf(address);
  if (!family || Number(prefix) > bitsOf(family)) return undefined;
  const value = valueOf(address);
  return { family, address: formatAddress(family, value), prefixLength: Number(prefix), value };
}

/** The same for lists: none where it is none. */
export function cidrsOf(text: string): readonly Cidr[] {
  const cidr = parseCidr(text);
  return cidr ? [cidr] : [];
}

/** An address as a number. */
export function valueOf(address: string): bigint {
  return BigInt(`0x${Buffer.from(parseIp(address)).toString('hex')}`);
}

/** A number as an address. */
export function formatAddress(family: Family, value: bigint): string {
  const bytes = Buffer.from(value.toString(16).padStart(bitsOf(family) / 4, '0'), 'hex');
  return family === 4 ? formatIPv4(bytes) : formatIPv6(bytes);
}

export function formatCidr({ address, prefixLength }: Omit<Cidr, 'value' | 'family'>): string {
  return `${address}/${prefixLength}`;
}

/** The first and the last address of the network that an address is in. */
export function boundsOf({ family, value, prefixLength }: Omit<Cidr, 'address'>): [bigint, bigint] {
  const size = 1n << BigInt(bitsOf(family) - prefixLength);
  const first = value - (value % size);
  return [first, first + size - 1n];
}

/** The network that an address is in: without the bits of the host. */
export function networkOf(cidr: Cidr): Cidr {
  const [value] = boundsOf(cidr);
  return { ...cidr, value, address: formatAddress(cidr.family, value) };
}

/** Is the address one of this network? */
export function contains(network: Cidr, address: string): boolean {
  if (familyOf(address) !== network.family) return false;
  const [first, last] = boundsOf(network);
  const value = valueOf(address);
  return value >= first && value <= last;
}

/** Do the networks have addresses in common? */
export function overlaps(left: Cidr, right: Cidr): boolean {
  if (left.family !== right.family) return false;
  const [from, to] = boundsOf(left);
  const [first, last] = boundsOf(right);
  return from <= last && first <= to;
}
