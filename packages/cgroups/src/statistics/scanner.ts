import { CgroupError } from '../error.ts';

/** An unsigned number of up to 64 bits, exact: a number up to 2^53 - 1, a bigint above. */
export type Quantity = number | bigint;

/** What is limited to a number, or not at all. */
export type Limit = Quantity | 'max';

const space = 0x20;
const tab = 0x09;
const newline = 0x0a;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
/** This many digits always fit a number; more are looked at closely. */
const safeDigits = 15;
const largest = 2n ** 64n - 1n;

/**
 * Reads the text of a statistics file byte by byte, without making strings of what is known: such a file is read for each of
 * hundreds of cgroups every second.
 */
export class Scanner {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #path = '';

  /** Starts over with the first `length` bytes of a buffer. The path is for error messages. */
  reset(bytes: Uint8Array, length: number, path: string): this {
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = length;
    this.#path = path;
    return this;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Is the next byte a digit? */
  get atDigit(): boolean {
    const byte = this.#peek();
    return byte >= zero && byte <= nine;
  }

  /** Passes over spaces and tabs; tells whether the line goes on. */
  more(): boolean {
    let byte = this.#peek();
    while (byte === space || byte === tab) {
      this.#at++;
      byte = this.#peek();
    }
    return byte !== newline && !this.atEnd;
  }

  /** Passes over a byte if it is the next one. */
  skip(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.#at++;
    return true;
  }

  /** Passes over what is left of a word. */
  skipWord(): void {
    while (!this.#atBreak(this.#peek())) this.#at++;
  }

  /** Passes over the end of the line, which must have been reached. */
  endLine(): void {
    if (this.more()) this.fail('the end of the line');
    this.#at++;
  }

  /**
   * A decimal number, exact. One below zero is 0: the kernel sums some of its counters without a lock, and they may come out
   * negative for a moment.
   */
  integer(): Quantity {
    const negative = this.skip(minus);
    const start = this.#at;
    let value = 0;
    let byte = this.#peek();
    while (byte >= zero && byte <= nine) {
      value = value * 10 + (byte - zero);
      byte = this.#bytes[++this.#at] ?? 0;
      if (this.#at >= this.#end) break;
    }
    const digits = this.#at - start;
    if (digits === 0) this.fail('a number');
    if (negative) return 0;
    return digits <= safeDigits ? value : this.#large(start);
  }

  /** A number, or `max`. */
  limit(): Limit {
    return this.atDigit ? this.integer() : this.#max();
  }

  /** A number with a fraction, as pressure has them. */
  decimal(): number {
    const start = this.#at;
    this.integer();
    if (this.skip(point)) this.integer();
    return Number(this.#text(start, this.#at));
  }

  /** What comes next up to white space, or up to a byte that ends it. */
  word(until = space): string {
    const start = this.#at;
    let byte = this.#peek();
    while (byte !== until && !this.#atBreak(byte)) {
      this.#at++;
      byte = this.#peek();
    }
    if (this.#at === start) this.fail('a word');
    return this.#text(start, this.#at);
  }

  /** All that is left, without white space around it. */
  rest(): string {
    return this.#text(this.#at, this.#end).trim();
  }

  /** The word that comes next, which most probably is the one that came at this place the last time. */
  known(keys: Keys, index: number): string {
    const expected = keys.bytes[index];
    if (expected !== undefined && this.#startsWith(expected)) {
      this.#at += expected.length;
      return keys.names[index] ?? '';
    }
    const name = this.word();
    keys.names[index] = name;
    keys.bytes[index] = Buffer.from(name, 'latin1');
    return name;
  }

  /** Lines of a name and a number each. */
  flat(keys: Keys): Record<string, Quantity> {
    const found: Record<string, Quantity> = {};
    for (let index = 0; !this.atEnd; index++) {
      if (this.more()) {
        const name = this.known(keys, index);
        this.more();
        found[name] = this.integer();
      }
      this.endLine();
    }
    return found;
  }

  /** @throws {CgroupError} (`ERR_INVALID_STATISTICS`) always: it names the file, the line and what should have come there. */
  fail(expected: string): never {
    const start = this.#at === 0 ? 0 : this.#bytes.lastIndexOf(newline, this.#at - 1) + 1;
    const end = this.#bytes.subarray(0, this.#end).indexOf(newline, this.#at);
    const line = this.#text(start, end === -1 ? this.#end : end);
    const message = `${this.#path}: expected ${expected} at column ${this.#at - start + 1} of '${line}'`;
    throw new CgroupError('ERR_INVALID_STATISTICS', message, { path: this.#path, value: line });
  }

  #peek(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : 0;
  }

  #atBreak(byte: number): boolean {
    return byte === space || byte === newline || byte === tab || this.atEnd;
  }

  #startsWith(expected: Uint8Array): boolean {
    const after = this.#at + expected.length;
    if (after >= this.#end || this.#bytes[after] !== space) return false;
    for (let index = 0; index < expected.length; index++) {
      if (this.#bytes[this.#at + index] !== expected[index]) return false;
    }
    return true;
  }

  #text(start: number, end: number): string {
    let text = '';
    for (let at = start; at < end; at++) text += String.fromCharCode(this.#bytes[at] ?? 0);
    return text;
  }

  #large(start: number): Quantity {
    const value = BigInt(this.#text(start, this.#at));
    if (value > largest) {
      this.#at = start;
      this.fail('a number of 64 bits');
    }
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  #max(): 'max' {
    const start = this.#at;
    if (this.word() === 'max') return 'max';
    this.#at = start;
    return this.fail("a number or 'max'");
  }
}

/** The names that a file had the last time, by their place in it. They hardly ever change while a kernel runs. */
export class Keys {
  readonly names: string[] = [];
  readonly bytes: Uint8Array[] = [];
}
