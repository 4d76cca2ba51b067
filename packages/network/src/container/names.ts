import { getBuiltinModule } from 'node:process';
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
  // Only now: it takes milliseconds to load, and most containers need none of it.
  const { createHash } = getBuiltinModule('node:crypto');
  const bytes = createHash('sha256').update(words.join('\0')).digest().subarray(0, 6);
  // Locally administered, and of one device.
  bytes[0] = ((bytes[0] as number) & 0xfc) | 0x02;
  return bytes.toString('hex').replaceAll(/(..)(?!$)/g, '$1:');
}
