import { checkInteger, Slot, type Value } from '@ts-c/syscall';
import type { Codec } from './codec.ts';
import { describe, invalid } from './invalid.ts';

/** Bit of an attribute's type: its bytes are in network order. */
export const NLA_F_NET_BYTEORDER = 0x4000;

/** Refuses what is no whole number in range; faster than checkInteger, which does the explaining. */
function check(name: string, value: number | bigint, min: number, max: number): void {
  if (!(Number.isInteger(value) && value >= min && value <= max))
    checkInteger(name, value, min, max);
}

function checkWord(name: string, value: number | bigint): bigint {
  checkInteger(name, value, 0, 2n ** 64n - 1n);
  return BigInt(value);
}

export const u8: Codec<number> = {
  what: 'a number of 8 bits',
  size: 1,
  read: (bytes, start) => bytes[start] as number,
  write(writer, value, name) {
    check(name, value, 0, 0xff);
    writer.u8(value);
  },
};

/** A byte that is 0 or 1. */
export const bool: Codec<boolean> = {
  what: 'a byte that is 0 or 1',
  size: 1,
  read: (bytes, start) => bytes[start] !== 0,
  write(writer, value, name) {
    if (typeof value !== 'boolean')
      throw invalid(`${name}: expected true or false, got ${describe(value)}`);
    writer.u8(value ? 1 : 0);
  },
  isExact: (_value, bytes, start) => (bytes[start] as number) <= 1,
};

export const u16: Codec<number> = {
  what: 'a number of 16 bits',
  size: 2,
  read: (bytes, start) => bytes.readUInt16LE(start),
  write(writer, value, name) {
    check(name, value, 0, 0xffff);
    writer.u16(value);
  },
};

/** A Slot in a message for a Program: what an earlier call has found, such as the index of a link. */
export const u32: Codec<number, Value> = {
  what: 'a number of 32 bits',
  size: 4,
  read: (bytes, start) => bytes.readUInt32LE(start),
  write(writer, value, name) {
    if (value instanceof Slot) {
      writer.slot(value);
      return;
    }
    check(name, value, 0, 0xffff_ffff);
    writer.u32(Number(value));
  },
};

/** As with {@link u32}, a Slot in a message for a Program. */
export const i32: Codec<number, Value> = {
  what: 'a number of 32 bits with a sign',
  size: 4,
  read: (bytes, start) => bytes.readInt32LE(start),
  write(writer, value, name) {
    if (value instanceof Slot) {
      writer.slot(value);
      return;
    }
    check(name, value, -0x8000_0000, 0x7fff_ffff);
    writer.i32(Number(value));
  },
};

/** Always a bigint when read, so that its type does not depend on its value. */
export const u64: Codec<bigint, bigint | number> = {
  what: 'a number of 64 bits',
  size: 8,
  read: (bytes, start) => bytes.readBigUInt64LE(start),
  write: (writer, value, name) => writer.u64(checkWord(name, value)),
};

/** In network order; the attribute does not say so. */
export const be16: Codec<number> = {
  what: 'a number of 16 bits in network order',
  size: 2,
  read: (bytes, start) => bytes.readUInt16BE(start),
  write(writer, value, name) {
    check(name, value, 0, 0xffff);
    writer.be16(value);
  },
};

/** In network order; the attribute does not say so. */
export const be32: Codec<number> = {
  what: 'a number of 32 bits in network order',
  size: 4,
  read: (bytes, start) => bytes.readUInt32BE(start),
  write(writer, value, name) {
    check(name, value, 0, 0xffff_ffff);
    writer.be32(value);
  },
};

/** In network order; the attribute does not say so. Always a bigint when read. */
export const be64: Codec<bigint, bigint | number> = {
  what: 'a number of 64 bits in network order',
  size: 8,
  read: (bytes, start) => bytes.readBigUInt64BE(start),
  write: (writer, value, name) => writer.be64(checkWord(name, value)),
};

/** A codec whose attribute has `NLA_F_NET_BYTEORDER` set in its type. */
export function netByteorder<T, I>(codec: Codec<T, I>): Codec<T, I> {
  return { ...codec, typeFlags: NLA_F_NET_BYTEORDER };
}
