import { longestName, randomLength } from './config.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Characters at random, of which names of devices are made. */
function randomLetters(length: number): string {
  // They are no secret.
  return Array.from({ length }, () =>
    letters.charAt(Math.floor(Math.random() * letters.length)),
  ).join('');
}

/** The name of a device: a prefix and random letters behind it, at most 15 bytes, and none of those that are taken. */
export function randomName(
  prefix: string,
  taken: ReadonlySet<string>,
  random: (length: number) => string = randomLetters,
): string | undefined {
  const length = Math.min(randomLength.most, longestName - Buffer.byteLength(prefix));
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const name = prefix + random(length);
    if (!taken.has(name)) return name;
  }
  return undefined;
}

/**
 * A hardware address that is always the same for the same words: whoever has an address again is found under the same hardware
 * address, and a bridge that was made on demand is known by its own.
 */
export function stableMac(...words: readonly string[]): string {
  const text = words.join('\0');
  // Nothing secret, and node:crypto takes milliseconds to load.
  const high = hash(text, 0x01000193);
  const low = hash(text, 0x5bd1e995);
  // Locally administered, and of one device.
  const first = ((high >>> 24) & 0xfc) | 0x02;
  return [first, high >>> 16, high >>> 8, low >>> 24, low >>> 16, low >>> 8]
    .map((byte) => (byte & 0xff).toString(16).padStart(2, '0'))
    .join(':');
}

/** FNV-1a of 32 bits with a prime of one's own, and the mixing at the end of MurmurHash3. */
function hash(text: string, prime: number): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, prime);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
