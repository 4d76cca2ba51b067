import type { Pressure, PressureShares } from './statistics.ts';
import type { Limit, Quantity, Scanner } from './scanner.ts';

const colon = 0x3a;
const equals = 0x3d;

/** A line of a statistics file of blkio. */
export interface BlkioEntry {
  readonly major: Quantity;
  readonly minor: Quantity;
  /** `Read`, `Write`, `Sync`, `Async`, `Discard`, `Total`; empty in files that count one thing alone. */
  readonly op: string;
  readonly value: Quantity;
}

/** `8:0 Read 100`, `8:0 1024`, and a last line with the total, which is left out. */
export function parseBlkio(text: Scanner): BlkioEntry[] {
  const entries: BlkioEntry[] = [];
  while (!text.atEnd) {
    if (text.more()) {
      const entry = parseBlkioLine(text);
      if (entry !== undefined) entries.push(entry);
    }
    text.endLine();
  }
  return entries;
}

function parseBlkioLine(text: Scanner): BlkioEntry | undefined {
  if (!text.atDigit) {
    if (text.word() !== 'Total') text.fail('a device or the total');
    text.more();
    text.integer();
    return undefined;
  }
  const major = text.integer();
  if (!text.skip(colon)) text.fail("':'");
  const minor = text.integer();
  text.more();
  const op = text.atDigit ? '' : text.word();
  text.more();
  return { major, minor, op, value: text.integer() };
}

/**
 * `8:0 rbytes=1 wbytes=2`: by device, or by another name that a line begins with. Values that are not whole numbers are left out. A
 * name without values is too: Linux 5.16 wrote those of devices without statistics in front of the next.
 */
export function parseNested(text: Scanner): Map<string, Record<string, Quantity>> {
  const found = new Map<string, Record<string, Quantity>>();
  while (!text.atEnd) {
    let name = '';
    while (text.more()) {
      const word = text.word(equals);
      if (!text.skip(equals)) {
        name = word;
        continue;
      }
      const values = found.get(name) ?? {};
      found.set(name, values);
      if (text.atDigit) values[word] = text.integer();
      text.skipWord();
    }
    text.endLine();
  }
  return found;
}

/** `res_a 3`, `res_b max`. */
export function parseLimits(text: Scanner): Map<string, Limit> {
  const found = new Map<string, Limit>();
  while (!text.atEnd) {
    if (text.more()) {
      const name = text.word();
      text.more();
      found.set(name, text.limit());
    }
    text.endLine();
  }
  return found;
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and the same for `full`. */
export function parsePressure(text: Scanner): Pressure {
  const found: Record<string, PressureShares> = {};
  while (!text.atEnd) {
    if (text.more()) {
      const kind = text.word();
      const shares = { avg10: 0, avg60: 0, avg300: 0, total: 0 };
      while (text.more()) {
        const name = text.word(equals);
        if (!text.skip(equals)) text.fail("'='");
        const value = text.decimal();
        if (Object.hasOwn(shares, name)) shares[name as keyof PressureShares] = value;
      }
      found[kind] = shares;
    }
    text.endLine();
  }
  const { some, full } = found;
  return { some, full };
}
