import type { Family } from '../container/cidr.ts';

/** What tells an answer from those to others. */
export interface Echo {
  readonly family: Family;
  readonly id: number;
  readonly sequence: number;
}

/** How many bytes are in front of what is sent along, `struct icmphdr`. */
export const headerSize = 8;
/** Types of messages, RFC 792 and RFC 4443. */
const REQUEST = { 4: 8, 6: 128 } as const;
export const REPLY = { 4: 0, 6: 129 } as const;

/** An echo request with so many bytes behind its header. */
export function writeRequest({ family, id, sequence }: Echo, size: number): Buffer {
  const packet = Buffer.alloc(headerSize + size);
  packet.writeUInt8(REQUEST[family], 0);
  packet.writeUInt16BE(id, 4);
  packet.writeUInt16BE(sequence, 6);
  for (let at = 0; at < size; at += 1) packet[headerSize + at] = at & 0xff;
  // That of ICMPv6 covers addresses too, which the kernel knows.
  if (family === 4) packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/**
 * Is it the answer to a request; or where `type` is `request`, the request itself, of which an error comes with a copy?
 *
 * @param anyId The kernel has put an id of its own in place of ours, and passes on what has that.
 */
export function isOf(
  bytes: Buffer,
  { family, id, sequence }: Echo,
  type: 'request' | 'reply',
  anyId: boolean,
): boolean {
  return (
    bytes.length >= headerSize &&
    bytes[0] === (type === 'reply' ? REPLY : REQUEST)[family] &&
    (anyId || bytes.readUInt16BE(4) === id) &&
    bytes.readUInt16BE(6) === sequence
  );
}

/** A raw socket of IPv4 gives packets with the header of IP, the length of which is in it. */
export function withoutIpHeader(packet: Buffer): Buffer {
  return packet.subarray(((packet[0] ?? 0) & 0xf) * 4);
}

/** RFC 1071: the complement of the sum, in which what is carried is added at the other end. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2)
    sum += ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
