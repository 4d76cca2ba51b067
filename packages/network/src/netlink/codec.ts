import type { Writer } from './writer.ts';

/**
 * How a value lies in a message: declared once, read and written from the same declaration.
 *
 * `T` is what reading gives; `I` what writing takes, which may leave things out.
 */
export interface Codec<T = unknown, I = T> {
  /** For errors: `a number of 32 bits`. */
  readonly what: string;
  /** How many bytes it takes, where that does not depend on the value. */
  readonly size?: number;
  /** How many bytes an attribute of it has at least, where that is less than `size`. */
  readonly leastSize?: number;
  /** Bits that an attribute of it has in its type: `NLA_F_NESTED`, `NLA_F_NET_BYTEORDER`. */
  readonly typeFlags?: number;
  /**
   * Reads it. Whoever calls has seen to it that `start` and `end` lie inside, and that there are `size` bytes.
   *
   * @throws {NetlinkDecodeError} where the bytes are no such thing.
   */
  read(bytes: Buffer, start: number, end: number): T;
  /**
   * Adds it to a message.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which begins with the name, where the value does not fit.
   */
  write(writer: Writer, value: I, name: string): void;
  /** Would writing what has been read give these very bytes? Taken to be so where it is missing. */
  isExact?(value: T, bytes: Buffer, start: number, end: number): boolean;
  /** Which codec it really is, where another attribute of the same list says so. */
  choose?(siblings: Readonly<Record<string, unknown>>): Codec;
}

/** The TypeScript type of what a codec reads. */
export type Output<C> = C extends { read(...args: never): infer T } ? T : never;

/** The TypeScript type of what a codec writes. */
export type Input<C> = C extends { write(writer: Writer, value: infer I, name: string): void }
  ? I
  : never;
