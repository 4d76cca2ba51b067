import { isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { random, type Random } from '../../test/random.ts';
import {
  attributes,
  be16,
  be32,
  be64,
  bool,
  bytes,
  flag,
  formatIPv6,
  i32,
  indexed,
  ip,
  ipv4,
  ipv6,
  linkAddress,
  parseIp,
  repeated,
  string,
  u16,
  u32,
  u64,
  u8,
  Writer,
  type Codec,
} from './index.ts';

const rounds = 500;
const octets = (next: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => next(256));
const word = (next: Random): bigint => new DataView(octets(next, 8).buffer).getBigUint64(0);
const letters = ['a', 'ß', '漢', '😀', ' ', '/', '"'];

/** A codec, and how to make one of its values. */
const kinds: readonly (readonly [Codec, (next: Random) => unknown])[] = [
  [u8, (next) => next(2 ** 8)],
  [u16, (next) => next(2 ** 16)],
  [u32, (next) => next(2 ** 32)],
  [i32, (next) => next(2 ** 32) - 2 ** 31],
  [u64, word],
  [be16, (next) => next(2 ** 16)],
  [be32, (next) => next(2 ** 32)],
  [be64, word],
  [bool, (next) => next(2) === 1],
  [flag, () => true],
  [bytes, (next) => octets(next, next(40))],
  [
    linkAddress,
    (next) =>
      [...octets(next, next(21))].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
  ],
  [ipv4, (next) => octets(next, 4).join('.')],
  [ipv6, (next) => formatIPv6(octets(next, 16))],
  [ip, (next) => formatIPv6(octets(next, 16))],
  [
    string,
    (next) => Array.from({ length: next(20) }, () => letters[next(letters.length)]).join(''),
  ],
  [repeated(string), (next) => Array.from({ length: 1 + next(4) }, (_, index) => `s${index}`)],
  [indexed(u16), (next) => Array.from({ length: next(5) }, () => next(2 ** 16))],
];

/** A declaration of attributes, with a value of it: random both, and a few levels deep. */
function declare(next: Random, depth: number): { codec: Codec; value: Record<string, unknown> } {
  const declarations: Record<string, readonly [number, Codec]> = {};
  const value: Record<string, unknown> = {};
  for (let number = 1 + next(3); number < 24; number += 1 + next(5)) {
    const name = `a${number}`;
    if (depth > 0 && next(4) === 0) {
      const inner = declare(next, depth - 1);
      declarations[name] = [number, inner.codec];
      value[name] = inner.value;
      continue;
    }
    const [codec, make] = kinds[next(kinds.length)] as (typeof kinds)[number];
    declarations[name] = [number, codec];
    const what = next(9);
    if (what < 6) value[name] = make(next);
    else if (what < 8) value[`#${100 + number}`] = octets(next, next(30));
  }
  return {
    codec: attributes(declarations, { flagged: next(2) === 1 }),
    value: shuffle(value, next),
  };
}

function shuffle(value: Record<string, unknown>, next: Random): Record<string, unknown> {
  const entries = Object.entries(value).map((entry) => [next(1000), entry] as const);
  return Object.fromEntries(entries.toSorted((a, b) => a[0] - b[0]).map(([, entry]) => entry));
}

const names = (of: object): string => Object.keys(of).join();

const encode = (codec: Codec, value: unknown): Buffer => {
  const writer = new Writer(4);
  codec.write(writer, value, 'value');
  return writer.bytes();
};

describe('any declaration', () => {
  it('reads what it has written, in the same order, and writes what it has read', () => {
    const next = random(7);
    const failed: unknown[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { codec, value } = declare(next, 3);
      const written = encode(codec, value);
      const read = codec.read(written, 0, written.length) as object;
      if (!isDeepStrictEqual(read, value) || names(read) !== names(value))
        failed.push({ value, read });
      // It is as good without having been read from bytes.
      for (const each of [read, structuredClone(read)])
        if (!encode(codec, each).equals(written)) failed.push({ value, each });
    }
    expect(failed).toEqual([]);
  });
});

describe('an IPv6 address', () => {
  it.each([
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::192.0.2.1', '::192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['fe80::1:0:0', 'fe80::1:0:0'],
  ])('%s is written as %s', (from, to) => {
    expect(formatIPv6(parseIp(from))).toBe(to);
  });

  it('is the same again, whatever it is', () => {
    const next = random(3);
    for (let round = 0; round < rounds; round += 1) {
      const from = octets(next, 16).map((byte) => (next(3) === 0 ? byte : 0));
      const text = formatIPv6(from);
      expect(isIPv6(text)).toBe(true);
      expect(parseIp(text)).toEqual(from);
      expect(text).toBe(
        text.includes('.') ? text : new URL(`http://[${text}]`).hostname.slice(1, -1),
      );
    }
  });
});
