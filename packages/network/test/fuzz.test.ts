import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { encodeMessage, messagesOf, NetlinkDecodeError, type Codec } from '../src/netlink/index.ts';
import { codecOf } from './codecs.ts';
import { random, type Random } from './random.ts';

/** How many messages: a million takes a minute. */
const count = Number(env['TS_C_FUZZ'] ?? 20_000);
const seed = Number(env['TS_C_FUZZ_SEED'] ?? 1);

const captured = readFileSync(new URL('messages/iproute2.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^[\da-f]+$/.test(line))
  .map((hex) => Buffer.from(hex, 'hex'));

/** Changes a few bytes: any of them, or those that are lengths and types; cuts off the end; puts two together. */
function mutate(from: Buffer, next: Random): Buffer {
  let bytes = Buffer.from(from);
  for (let changes = next(4); changes >= 0; changes -= 1) {
    const at = next(bytes.length);
    const word = Math.min(at & ~3, Math.max(0, bytes.length - 4));
    const how = next(7);
    if (how === 0) bytes[at] = next(256);
    else if (how === 1) bytes[at] = (bytes[at] as number) ^ (1 << next(8));
    else if (how === 2 && bytes.length >= 4) bytes.writeUInt16LE(next(bytes.length + 8), word);
    else if (how === 3 && bytes.length >= 4) bytes.writeUInt16LE(next(70), word + 2);
    else if (how === 4) bytes = bytes.subarray(0, 1 + next(bytes.length));
    else if (how === 5) {
      const other = captured[next(captured.length)] as Buffer;
      bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(next(other.length))]);
    } else bytes.fill(next(2) === 0 ? 0 : 0xff, at, Math.min(bytes.length, at + next(8)));
  }
  return bytes.length > 0 ? bytes : Buffer.from(from);
}

/** Reads all that a datagram holds, and writes it again. */
function readAll(datagram: Buffer): void {
  for (const { type, bodyStart, end } of messagesOf(datagram)) {
    const codec = codecOf(16 + (((type - 16) & 0xffff) % 20));
    const read = codec.decode(datagram, bodyStart, end);
    // What can be read can be written, and is then read as the same again.
    const written = encodeMessage(codec as Codec<unknown, never>, { type, body: read as never });
    codec.decode(written, 16, written.length);
  }
}

const isRead = (datagram: Buffer): boolean => {
  try {
    readAll(datagram);
    return true;
  } catch {
    return false;
  }
};

const isReadOrRefused = (datagram: Buffer): boolean => {
  try {
    readAll(datagram);
    return true;
  } catch (error) {
    return error instanceof NetlinkDecodeError;
  }
};

describe('the decoder', () => {
  it(
    `survives ${count} corrupt messages: it reads them, or throws an error of its own`,
    { timeout: 600_000 },
    () => {
      const next = random(seed);
      let [read, refused] = [0, 0];
      for (let round = 0; round < count; round += 1) {
        const bytes = mutate(captured[next(captured.length)] as Buffer, next);
        // Nothing behind the end may be looked at: there lies something that would be taken for more.
        const room = Buffer.concat([bytes, captured[0] as Buffer]);
        try {
          readAll(room.subarray(0, bytes.length));
          read += 1;
        } catch (error) {
          if (!(error instanceof NetlinkDecodeError))
            throw new Error(`round ${round}: ${bytes.toString('hex')}`, { cause: error });
          refused += 1;
        }
      }
      expect(read).toBeGreaterThan(count / 20);
      expect(refused).toBeGreaterThan(count / 20);
    },
  );

  it('refuses every message that is cut off somewhere, or reads its first part', () => {
    const broken: number[] = [];
    for (const whole of captured)
      for (let length = 0; length < whole.length; length += 1) {
        const cut = Buffer.from(whole.subarray(0, length));
        // With a header that fits, it is the last attribute that is cut off.
        const fitted = Buffer.from(cut);
        if (length >= 16) fitted.writeUInt32LE(length);
        for (const each of [cut, fitted]) if (!isReadOrRefused(each)) broken.push(length);
        if (length > 0 && isRead(cut)) broken.push(length);
      }
    expect(broken).toEqual([]);
  });
});
