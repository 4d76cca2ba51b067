import { checkString } from '@ts-c/syscall';
import type { Codec } from './codec.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { describe, invalid } from './invalid.ts';

/** A string that ends in a NUL, which the kernel at times leaves out and does not insist on. */
export const string: Codec<string> = {
  what: 'a string',
  read(bytes, start, end) {
    let text = '';
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === 0) return text;
      if (byte >= 0x80) return decode(bytes, start, end);
      // For names, which are short, faster than a call out of JavaScript.
      text += String.fromCharCode(byte);
    }
    return text;
  },
  write(writer, value, name) {
    checkString(name, value);
    writer.text(value);
    writer.u8(0);
  },
  // Names of interfaces are bytes: what is no UTF-8 has lost something on the way.
  isExact: (value, bytes, start, end) =>
    end > start &&
    bytes[end - 1] === 0 &&
    Buffer.byteLength(value) === end - start - 1 &&
    !value.includes('\uFFFD'),
};

function decode(bytes: Buffer, start: number, end: number): string {
  let stop = start;
  while (stop < end && bytes[stop] !== 0) stop += 1;
  return bytes.toString('utf8', start, stop);
}

/** Bytes as they are; a copy of them. */
export const bytes: Codec<Uint8Array> = {
  what: 'bytes',
  read: (from, start, end) => new Uint8Array(from.subarray(start, end)),
  write(writer, value, name) {
    if (!(value instanceof Uint8Array))
      throw invalid(`${name}: expected a Uint8Array, got ${describe(value)}`);
    writer.write(value);
  },
};

/** An attribute that says something by being there. */
export const flag: Codec<true> = {
  what: 'a flag',
  size: 0,
  read: () => true,
  write(_writer, value, name) {
    if (!value) throw invalid(`${name}: expected true, or nothing at all, got ${describe(value)}`);
  },
};

/** An address of a link as `02:00:5e:10:00:01`: six bytes for Ethernet, others for others. */
export const linkAddress: Codec<string> = {
  what: 'an address of a link',
  read(from, start, end) {
    if (end === start) return '';
    let text = hex[from[start] as number] as string;
    for (let at = start + 1; at < end; at += 1) text += `:${hex[from[at] as number] as string}`;
    return text;
  },
  write(writer, value, name) {
    if (typeof value !== 'string' || !/^(?:[\da-f]{2}(?::[\da-f]{2})*)?$/i.test(value))
      throw invalid(
        `${name}: expected an address such as 02:00:5e:10:00:01, got ${describe(value)}`,
      );
    if (value === '') return;
    for (const byte of value.split(':')) writer.u8(Number.parseInt(byte, 16));
  },
};

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes of which there must be so many. */
export function exactly(size: number): Codec<Uint8Array> {
  return {
    ...bytes,
    what: `${size} bytes`,
    read(from, start, end) {
      if (end - start !== size)
        throw new NetlinkDecodeError(`expected ${size} bytes, got ${end - start}`, start);
      return bytes.read(from, start, end);
    },
    write(writer, value, name) {
      if (!(value instanceof Uint8Array) || value.byteLength !== size)
        throw invalid(`${name}: expected ${size} bytes, got ${describe(value)}`);
      writer.write(value);
    },
  };
}
