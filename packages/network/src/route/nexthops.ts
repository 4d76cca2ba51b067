import { attributes } from '../netlink/attributes.ts';
import type { Codec } from '../netlink/codec.ts';
import { NetlinkDecodeError } from '../netlink/decode-error.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import { ip } from '../netlink/ip.ts';
import { body } from '../netlink/message.ts';
import { i32, u16, u32, u8 } from '../netlink/numbers.ts';
import { struct } from '../netlink/struct.ts';
import { bytes } from '../netlink/texts.ts';
import { via } from './via.ts';

const header = struct('rtnexthop', {
  /** Of this one, with its attributes: put in when it is written. */
  length: u16,
  flags: u8,
  /** Its weight, less one. */
  hops: u8,
  index: i32,
});

const nexthop = body(
  'nexthop',
  header,
  attributes({
    gateway: [5, ip],
    flow: [11, u32],
    via: [18, via],
    newDestination: [19, bytes],
    encapsulationType: [21, u16],
    encapsulation: [22, bytes],
  }),
);

/** One of the ways that a route with several takes, `struct rtnexthop`. */
export type NexthopOutput = ReturnType<(typeof nexthop)['read']>;
/** What one of the ways of a route is written from. */
export type NexthopInput = Parameters<(typeof nexthop)['write']>[1];

/** `RTA_MULTIPATH`: the ways of a route, one behind the other. */
export const nexthopList: Codec<readonly NexthopOutput[], readonly NexthopInput[]> = {
  what: 'the ways of a route',
  read(from, start, end) {
    const list: NexthopOutput[] = [];
    for (let at = start; at < end;) {
      const length = end - at < header.size ? 0 : from.readUInt16LE(at);
      if (length < header.size || at + length > end)
        throw new NetlinkDecodeError(`nexthop of ${length} bytes, with ${end - at} to go`, at);
      list.push(nexthop.read(from, at, at + length));
      at += (length + 3) & ~3;
    }
    return list;
  },
  write(writer, value, name) {
    if (!Array.isArray(value)) throw invalid(`${name}: expected an array, got ${describe(value)}`);
    for (const each of value as readonly NexthopInput[]) {
      const start = writer.length;
      nexthop.write(writer, each, name);
      const length = writer.length - start;
      if (length > 0xffff)
        throw invalid(`${name}: expected at most 65535 bytes in a nexthop, got ${length}`);
      writer.putU16(start, length);
    }
  },
};
