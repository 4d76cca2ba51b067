import { checkInteger, checkString } from '@ts-c/syscall';
import {
  bitsOf,
  familyOf,
  formatCidr,
  networkOf,
  parseCidr,
  type Cidr,
  type Family,
} from '../container/cidr.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import { AF } from '../route/types.ts';

/** How many bytes the name of a device has at most. */
const nameSize = 15;
/** How many bytes an alternative name has at most. */
const alternativeSize = 127;

/**
 * Checks a name that a device is to have.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` where it is no name for a device, and why.
 */
export function checkName(
  field: string,
  name: string,
  most: number = nameSize,
): asserts name is string {
  checkString(field, name);
  const size = Buffer.byteLength(name);
  if (size === 0 || size > most)
    throw invalid(
      `${field}: expected a name of 1 to ${most} bytes, got ${describe(name)} of ${size}`,
    );
  // The kernel puts a number in place of %d.
  if (name === '.' || name === '..' || /[/:%\s]/.test(name))
    throw invalid(
      `${field}: expected a name without slashes, colons, percent signs and white space, got ${describe(name)}`,
    );
}

/** Checks an alternative name that a device is to have. */
export function checkAlternativeName(field: string, name: string): void {
  checkName(field, name, alternativeSize);
}

/** Checks what names a device that there is. */
export function checkDevice(field: string, device: string | number): void {
  if (typeof device === 'number') checkInteger(field, device, 1, 2 ** 31 - 1);
  else checkAlternativeName(field, device);
}

/** Checks an MTU: what a device can do is up to the kernel. */
export function checkMtu(field: string, mtu: number): void {
  if (!Number.isInteger(mtu) || mtu < 1 || mtu > 0xffff_ffff)
    throw invalid(
      `${field}: expected a number of bytes from 1 on, such as 1500, got ${describe(mtu)}`,
    );
}

/** The number of a family in messages. */
export const numberOf = (family: Family): number => (family === 4 ? AF.INET : AF.INET6);

/** The family of a message; undefined for those that are neither. */
export function familyOfNumber(number: number): Family | undefined {
  if (number === AF.INET) return 4;
  return number === AF.INET6 ? 6 : undefined;
}

/** Checks a family that is asked for; 0 for all. */
export function checkFamily(family: Family | undefined): number {
  if (family === undefined) return AF.UNSPEC;
  if (family !== 4 && family !== 6)
    throw invalid(`family: expected 4 or 6, got ${describe(family)}`);
  return numberOf(family);
}

/** Reads an address with the length of its prefix: without one it is that of a single host. */
export function toCidr(field: string, text: string, family?: Family): Cidr {
  const host = typeof text === 'string' ? familyOf(text) : undefined;
  const whole = host ? `${text}/${bitsOf(host)}` : text;
  const cidr = typeof whole === 'string' ? parseCidr(whole) : undefined;
  if (!cidr)
    throw invalid(
      `${field}: expected an address such as 10.0.0.1/24 or fd00::1/64, got ${describe(text)}`,
    );
  checkSame(field, cidr.family, family, text);
  return cidr;
}

/** Reads a network: an address without bits behind its prefix. */
export function toNetwork(field: string, text: string, family?: Family): Cidr {
  const cidr = toCidr(field, text, family);
  const network = networkOf(cidr);
  if (network.value !== cidr.value)
    throw invalid(
      `${field}: expected a network, such as ${formatCidr(network)}, got ${describe(text)}`,
    );
  return cidr;
}

/** Checks an address without a prefix, and says which family it is of. */
export function checkAddress(field: string, address: string, family?: Family): Family {
  const found = typeof address === 'string' ? familyOf(address) : undefined;
  if (!found)
    throw invalid(
      `${field}: expected an IPv4 or IPv6 address without a prefix, got ${describe(address)}`,
    );
  checkSame(field, found, family, address);
  return found;
}

function checkSame(field: string, found: Family, family: Family | undefined, text: string): void {
  if (family !== undefined && found !== family)
    throw invalid(`${field}: expected IPv${family}, as the rest is, got ${describe(text)}`);
}

/**
 * Sees to it that an object has nothing but what is known: a field with another name would be left out without a word.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the first that is not.
 */
export function checkKeys(
  what: string,
  value: object,
  known: Readonly<Record<string, true>>,
): void {
  if (typeof value !== 'object' || value === null)
    throw invalid(`${what}: expected an object, got ${describe(value)}`);
  for (const [key, each] of Object.entries(value))
    if (each !== undefined && !Object.hasOwn(known, key))
      throw invalid(`${key}: expected only what a ${what} has: ${Object.keys(known).join(', ')}`);
}
