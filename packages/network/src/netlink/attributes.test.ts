import { describe, expect, it } from 'vitest';
import {
  attributes,
  be16,
  be32,
  bool,
  body,
  bytes,
  encodeMessage,
  flag,
  i32,
  indexed,
  ip,
  linkAddress,
  messagesOf,
  netByteorder,
  NetlinkDecodeError,
  packed,
  padding,
  readHeader,
  repeated,
  selected,
  string,
  struct,
  u16,
  u32,
  u64,
  u8,
  Writer,
  type Codec,
  type Input,
  type Output,
} from './index.ts';

const inner = attributes({ id: [1, u16], names: [2, repeated(string)] }, { flagged: true });
const all = attributes({
  u8: [1, u8],
  u16: [2, u16],
  u32: [3, u32],
  u64: [4, u64],
  i32: [5, i32],
  be16: [6, be16],
  be32: [7, netByteorder(be32)],
  string: [8, string],
  bytes: [9, bytes],
  mac: [10, linkAddress],
  ip: [11, ip],
  flag: [12, flag],
  nested: [13, inner],
  list: [14, indexed(inner, { flagged: true })],
  struct: [15, struct('pair', { a: u8, pad: padding(3), b: u32, c: u32 }, 8)],
  numbers: [16, packed(u32 as Codec<number> & { size: number })],
  kind: [17, string],
  data: [18, selected('kind', { one: inner, two: u32 })],
  bool: [19, bool],
});
const thing = body('thing', struct('header', { family: u8, pad: padding(1), type: u16 }), all);

const encode = <I>(codec: Codec<unknown, I>, value: I): Buffer => {
  const writer = new Writer();
  codec.write(writer, value, 'value');
  return writer.bytes();
};
const decode = <T>(codec: Codec<T>, from: Buffer): T => codec.read(from, 0, from.length);
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const octets = (text: string): Uint8Array => new Uint8Array(hex(text));

describe('attributes', () => {
  it.each<[Input<typeof all>, string]>([
    [{ u8: 7 }, '0500 0100 07000000'],
    [{ u16: 0x1234 }, '0600 0200 34120000'],
    [{ u32: 0xfffffffe }, '0800 0300 feffffff'],
    [{ u64: 2n ** 64n - 2n }, '0c00 0400 feffffff ffffffff'],
    [{ i32: -2 }, '0800 0500 feffffff'],
    [{ be16: 0x1234 }, '0600 0600 12340000'],
    [{ be32: 0x12345678 }, '0800 0740 12345678'],
    [{ string: 'eth0' }, '0900 0800 65746830 00000000'],
    [{ string: '' }, '0500 0800 00000000'],
    [{ bytes: octets('010203') }, '0700 0900 01020300'],
    [{ mac: '02:00:5e:10:00:ff' }, '0a00 0a00 02005e10 00ff0000'],
    [{ ip: '192.0.2.1' }, '0800 0b00 c0000201'],
    [{ ip: '2001:db8::1' }, '1400 0b00 20010db8 00000000 00000000 00000001'],
    [{ flag: true }, '0400 0c00'],
    [{ nested: { id: 5 } }, '0c00 0d80 0600 0100 05000000'],
    [{ nested: { names: ['a', 'b'] } }, '1400 0d80 0600 0200 61000000 0600 0200 62000000'],
    [{ list: [{ id: 1 }, {}] }, '1400 0e80 0c00 0180 0600 0100 01000000 0400 0280'],
    [{ struct: { a: 1, b: 2, c: 3 } }, '1000 0f00 01000000 02000000 03000000'],
    [{ numbers: [1, 2] }, '0c00 1000 01000000 02000000'],
    [{ kind: 'two', data: 9 }, '0800 1100 74776f00 0800 1200 09000000'],
    [{ kind: 'one', data: { id: 9 } }, '0800 1100 6f6e6500 0c00 1280 0600 0100 09000000'],
    [{ kind: 'no', data: octets('ff') }, '0700 1100 6e6f0000 0500 1200 ff000000'],
    [{ bool: true }, '0500 1300 01000000'],
    [{ '#99': octets('0102') }, '0600 6300 01020000'],
  ])('%o are the same bytes in both directions', (value, text) => {
    expect(encode(all, value).toString('hex')).toBe(text.replaceAll(' ', ''));
    const read = decode(all, hex(text));
    expect(encode(all, read).toString('hex')).toBe(text.replaceAll(' ', ''));
    expect(JSON.stringify(read, words)).toBe(JSON.stringify(value, words));
  });

  it.each([
    ['unknown ones in between', '0500 0100 07000000 0600 6380 01020000 0600 0200 34120000'],
    ['one that is there twice', '0500 0100 07000000 0500 0100 08000000 0500 0100 09000000'],
    ['an unknown one that is there twice', '0500 6300 07000000 0400 6300 0400 6300'],
    ['no address', '0400 0b00'],
    ['a string without its NUL', '0800 0800 65746830'],
    ['a string with more behind its NUL', '0800 0800 65006800'],
    ['a string that is no UTF-8', '0800 0800 65ff6800'],
    ['a number in more bytes', '0800 0100 07010203'],
    ['a struct of a newer kernel', '1400 0f00 01000000 02000000 03000000 04000000'],
    ['a struct of an older kernel', '0c00 0f00 01000000 02000000'],
    ['nesting without its flag', '0c00 0d00 0600 0100 05000000'],
    ['a number with a flag', '0800 0340 12345678'],
    ['a byte that is neither 0 nor 1', '0500 1300 02000000'],
    ['a list that does not begin at 1', '0c00 0e80 0400 0700 0400 0300'],
    ['what belongs to another kind', '0800 1100 74776f00 0800 1280 09000000'],
    ['repeated ones with other bits', '1400 0d80 0600 0280 61000000 0500 0200 62000000'],
    ['data in front of its kind', '0800 1200 09000000 0800 1100 74776f00'],
  ])('%s: what was read is written as it was', (_what, text) => {
    const read = decode(all, hex(text));
    expect(encode(all, read).toString('hex')).toBe(text.replaceAll(' ', ''));
  });

  it('forgets how a value came once it is another one', () => {
    const read = decode(all, hex('0800 0800 65746830 0500 0100 07000000'));
    expect({ ...read }).toEqual({ string: 'eth0', u8: 7 });
    expect(encode(all, { ...read, string: 'lo' }).toString('hex')).toBe(
      '070008006c6f00000500010007000000',
    );
  });

  it.each([
    ['too few bytes for a header', '040001', /^3 bytes, too few/],
    ['a length of nothing', '0000 0100', /^attribute 1 of 0 bytes, with 4 to go/],
    ['a length less than its header', '0300 0100', /^attribute 1 of 3 bytes/],
    ['a length that leads outside', '0900 0100 00000000', /attribute 1 of 9 bytes, with 8 to go/],
    ['a number that is cut off', '0500 0300 01000000', /^u32: expected a number of 32 bits, got 1/],
    ['an address of five bytes', '0900 0b00 01020304 05000000', /^ip: expected 4 or 16 bytes/],
    ['an address of one byte', '0500 0b00 01000000', /^ip: expected 4 or 16 bytes/],
    ['an error further in', '0900 0d80 0900 0100 05000000', /^nested: attribute 1 of 9 bytes/],
    ['an error in a list', '0c00 0e80 0800 0180 0500 0100', /^list: attribute 1 of 5 bytes/],
    ['a row with a rest', '0900 1000 01000000 02000000', /^numbers: 5 bytes, which 4 do not/],
    ['an error in a chosen one', '0800 1100 74776f00 0500 1200 09000000', /^data: expected a numb/],
  ])('refuses %s', (_what, text, message) => {
    expect(() => decode(all, hex(text))).toThrow(NetlinkDecodeError);
    expect(() => decode(all, hex(text))).toThrow(message);
  });

  it.each<[unknown, RegExp]>([
    [{ u8: 256 }, /^u8: expected a number from 0 to 255, got 256/],
    [{ u8: 1.5 }, /^u8: expected a whole number/],
    [{ u8: '1' }, /^u8: expected a whole number, got "1"/],
    [{ u32: -1 }, /^u32: expected a number from 0/],
    [{ i32: 2 ** 31 }, /^i32/],
    [{ u64: 2n ** 64n }, /^u64/],
    [{ string: 'a\0b' }, /^string: expected a string without NUL/],
    [{ mac: '02:00', ip: '1.2.3' }, /^ip: expected an IPv4 or IPv6 address, got "1.2.3"/],
    [{ ip: 'fe80::1%eth0' }, /^ip: expected/],
    [{ mac: '2:0' }, /^mac: expected an address such as/],
    [{ flag: false }, /^flag: expected true, or nothing/],
    [{ bool: 1 }, /^bool: expected true or false/],
    [{ nested: 5 }, /^nested: expected an object/],
    [{ list: {} }, /^list: expected an array/],
    [{ struct: { d: 1 } }, /^struct: expected one of a, pad, b, c, got "d"/],
    [{ nested: { mtu: 5 } }, /^nested: expected one of id, names, got "mtu"/],
    [{ bytes: [1] }, /^bytes: expected a Uint8Array/],
    [{ '#x': hex('00') }, /^#x: expected # and the type/],
    [{ '#65536': hex('00') }, /^#65536: expected/],
    [{ bytes: new Uint8Array(65532) }, /^bytes: expected at most 65531 bytes in an attribute/],
    [
      { nested: { names: Array.from({ length: 9000 }, () => 'abcd') } },
      /^nested: expected at most/,
    ],
  ])('does not write %o', (value, message) => {
    const write = (): unknown => encode(all, value as Input<typeof all>);
    expect(write).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(write).toThrow(message);
  });

  it('holds 65531 bytes and no more', () => {
    const bytesOf = encode(all, { bytes: new Uint8Array(65531) });
    expect(decode(all, bytesOf).bytes?.byteLength).toBe(65531);
  });

  it('names the attribute at an offset', () => {
    const from = encode(all, {
      u8: 1,
      kind: 'one',
      data: { id: 5 },
      list: [{ id: 1 }],
      '#99': hex('00'),
    });
    const at = (offset: number): string[] => all.pathAt(from, 0, from.length, offset);
    expect([0, 4, 8, 16, 20, 36, 100].map(at)).toEqual([
      ['u8'],
      ['u8'],
      ['kind'],
      ['data'],
      ['data', 'id'],
      ['list'],
      [],
    ]);
  });
});

describe('messages', () => {
  it('are a header, a struct, and attributes', () => {
    const from = encodeMessage(thing, {
      type: 16,
      flags: 5,
      sequence: 7,
      body: { type: 3, u8: 1 },
    });
    expect(from.toString('hex')).toBe('1c000000100005000700000000000000000003000500010001000000');
    const header = readHeader(from);
    expect(header).toMatchObject({
      type: 16,
      flags: 5,
      sequence: 7,
      portId: 0,
      bodyStart: 16,
      end: 28,
    });
    const read: Output<typeof thing> = thing.decode(from, header.bodyStart, header.end);
    expect(read).toEqual({ family: 0, type: 3, u8: 1 });
  });

  it('come several in a datagram', () => {
    const one = encodeMessage(thing, { type: 1, body: {} });
    const two = encodeMessage(thing, { type: 2, body: { bytes: hex('01') } });
    const both = Buffer.concat([one, two]);
    expect([...messagesOf(both)].map(({ type }) => type)).toEqual([1, 2]);
    expect(() => [...messagesOf(both.subarray(0, -1))]).toThrow(
      /message of 28 bytes, with 27 to go/,
    );
    expect(() => [...messagesOf(both.subarray(0, 30))]).toThrow(/10 bytes, too few for a message/);
    const zero = Buffer.from(both);
    zero.writeUInt32LE(0, 0);
    expect(() => [...messagesOf(zero)]).toThrow(/message of 0 bytes/);
  });

  it('name where they are corrupt', () => {
    const from = encodeMessage(thing, { type: 1, body: { nested: { id: 1 } } });
    from.writeUInt16LE(5, 24);
    expect(() => thing.decode(from, 16)).toThrow(
      expect.objectContaining({
        code: 'ERR_NETLINK_DECODE',
        within: ['thing', 'nested', 'id'],
        offset: 28,
      }),
    );
    expect(() => thing.decode(from, 17, 20)).toThrow(
      /^thing: expected the 4 bytes of struct header/,
    );
  });
});

function words(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
