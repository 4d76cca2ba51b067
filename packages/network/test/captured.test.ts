import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeMessage, readHeader, type Codec } from '../src/netlink/index.ts';
import { codecOf } from './codecs.ts';

const lines = readFileSync(new URL('messages/iproute2.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const captured = lines
  .filter((_line, index) => index % 2 === 0)
  .map((command, index) => [command, lines[2 * index + 1] as string] as const);

describe('what iproute2 sends', () => {
  it.each(captured)('%s: is the same when it is written again', (_command, hex) => {
    const from = Buffer.from(hex, 'hex');
    const { type, flags, bodyStart, end } = readHeader(from);
    const codec = codecOf(type);
    const read = codec.decode(from, bodyStart, end);
    const again = encodeMessage(codec as Codec<unknown, never>, {
      type,
      flags,
      body: read as never,
    });
    expect(again.toString('hex')).toBe(hex);
    expect(Object.keys(read).filter((name) => name.startsWith('#'))).toEqual([]);
  });
});
