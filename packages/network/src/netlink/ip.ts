import { isIPv4, isIPv6 } from 'node:net';
import type { Codec } from './codec.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { describe, invalid } from './invalid.ts';

/** An IP address in text, of whichever family its bytes are. Some programs send an empty one for none: it is read as `''`. */
export const ip: Codec<string> = {
  what: 'an IP address',
  read(bytes, start, end) {
    if (end - start === 4) return formatIPv4(bytes, start);
    if (end - start === 16) return formatIPv6(bytes, start);
    if (end === start) return '';
    throw new NetlinkDecodeError(`expected 4 or 16 bytes of an address, got ${end - start}`, start);
  },
  write: (writer, value, name) => writer.write(parseIp(value, name)),
  isExact: (value) => value !== '',
};

/** Four bytes, `192.0.2.1`. */
export const ipv4: Codec<string> = {
  what: 'an IPv4 address',
  size: 4,
  read: formatIPv4,
  write(writer, value, name) {
    if (typeof value !== 'string' || !isIPv4(value))
      throw invalid(`${name}: expected an IPv4 address, got ${describe(value)}`);
    writer.write(parseIp(value, name));
  },
};

/** Sixteen bytes, `2001:db8::1`. */
export const ipv6: Codec<string> = {
  what: 'an IPv6 address',
  size: 16,
  read: formatIPv6,
  write(writer, value, name) {
    if (typeof value !== 'string' || !isIPv6(value))
      throw invalid(`${name}: expected an IPv6 address, got ${describe(value)}`);
    writer.write(parseIp(value, name));
  },
};

/** Four bytes as `192.0.2.1`. */
export function formatIPv4(bytes: Uint8Array, start = 0): string {
  return `${bytes[start]}.${bytes[start + 1]}.${bytes[start + 2]}.${bytes[start + 3]}`;
}

/** Sixteen bytes as inet_ntop(3) writes them: RFC 5952, with the end of an IPv4-mapped address in dots. */
export function formatIPv6(bytes: Uint8Array, start = 0): string {
  const groups: number[] = [];
  for (let at = start; at < start + 16; at += 2)
    groups.push(((bytes[at] as number) << 8) | (bytes[at + 1] as number));
  // The longest run of zeros, of two groups at least; the first of those.
  let [from, length] = [-1, 1];
  for (let at = 0; at < 8; at += 1) {
    let zeros = 0;
    while (at + zeros < 8 && groups[at + zeros] === 0) zeros += 1;
    if (zeros > length) [from, length] = [at, zeros];
    at += zeros;
  }
  if (from === 0 && (length === 5 ? groups[5] === 0xffff : length === 6))
    return `::${length === 5 ? 'ffff:' : ''}${formatIPv4(bytes, start + 12)}`;
  const text = groups.map((group) => group.toString(16));
  if (from === -1) return text.join(':');
  return `${text.slice(0, from).join(':')}::${text.slice(from + length).join(':')}`;
}

/**
 * The bytes of an address: 4 or 16.
 *
 * @param name What it is for, at the beginning of the error.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for what is no address, and for one with a zone (`fe80::1%eth0`).
 */
export function parseIp(text: string, name = 'address'): Uint8Array {
  if (typeof text === 'string' && isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (typeof text !== 'string' || !isIPv6(text) || text.includes('%'))
    throw invalid(`${name}: expected an IPv4 or IPv6 address, got ${describe(text)}`);
  const bytes = new Uint8Array(16);
  const [head = '', tail] = text.split('::');
  const front = parseGroups(head);
  bytes.set(front);
  if (tail !== undefined) {
    const back = parseGroups(tail);
    bytes.set(back, 16 - back.length);
  }
  return bytes;
}

function parseGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const number = Number.parseInt(group, 16);
    return [number >> 8, number & 0xff];
  });
}
