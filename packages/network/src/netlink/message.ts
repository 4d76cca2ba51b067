import type {
  AttributesCodec,
  AttributesInput,
  AttributesOutput,
  Declarations,
} from './attributes.ts';
import type { Codec } from './codec.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { describe, invalid } from './invalid.ts';
import type { Fields, StructCodec, StructInput, StructOutput } from './struct.ts';
import { Writer } from './writer.ts';

/** Size of `struct nlmsghdr`. */
const headerSize = 16;

/** Flags of a message, netlink(7). */
export const NLM_F = {
  REQUEST: 1,
  MULTI: 2,
  ACK: 4,
  ECHO: 8,
  DUMP_INTR: 0x10,
  DUMP_FILTERED: 0x20,
  /** In a request for things. */
  ROOT: 0x100,
  MATCH: 0x200,
  DUMP: 0x300,
  /** In a request to make one. */
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
  /** In a request to delete. */
  NONREC: 0x100,
  BULK: 0x200,
  /** In an answer. */
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const;

/** Types of messages that all families share. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** A struct with attributes behind it, in one object: what a message consists of, and some attributes. */
export class BodyCodec<F extends Fields, D extends Declarations> implements Codec<
  BodyOutput<F, D>,
  BodyInput<F, D>
> {
  /** For errors: `link`. */
  readonly what: string;
  readonly header: StructCodec<F>;
  readonly attributes: AttributesCodec<D>;
  readonly #headerSize: number;

  constructor(what: string, header: StructCodec<F>, attributes: AttributesCodec<D>) {
    this.what = what;
    this.header = header;
    this.attributes = attributes;
    for (const name of header.names)
      if (attributes.has(name))
        throw new TypeError(`${what}: ${name} is a field of ${header.what} and an attribute`);
    this.#headerSize = (header.size + 3) & ~3;
  }

  read(bytes: Buffer, start: number, end: number): BodyOutput<F, D> {
    if (end - start < this.header.size)
      throw new NetlinkDecodeError(
        `expected the ${this.header.size} bytes of ${this.header.what}, got ${end - start}`,
        start,
      );
    const result: Record<string, unknown> = {};
    this.header.readInto(result, bytes, start);
    this.attributes.readInto(result, bytes, start + this.#headerSize, end);
    return result as BodyOutput<F, D>;
  }

  write(writer: Writer, value: BodyInput<F, D>, name: string = this.what): void {
    if (typeof value !== 'object' || value === null)
      throw invalid(`${name}: expected an object, got ${describe(value)}`);
    const values = value as Readonly<Record<string, unknown>>;
    this.header.writeFrom(writer, values);
    writer.align();
    this.attributes.writeFrom(writer, values, name, this.header);
  }

  /** The names of what lies at an offset; see {@link AttributesCodec.pathAt}. */
  pathAt(bytes: Buffer, start: number, end: number, offset: number): string[] {
    return this.attributes.pathAt(bytes, start + this.#headerSize, end, offset);
  }

  /**
   * Reads it from the bytes of one message behind its header.
   *
   * @throws {NetlinkDecodeError} where they do not hold together.
   */
  decode(bytes: Buffer, start = 0, end: number = bytes.length): BodyOutput<F, D> {
    try {
      return this.read(bytes, start, end);
    } catch (error) {
      if (error instanceof NetlinkDecodeError) error.inside(this.what);
      throw error;
    }
  }
}

/** What reading a body gives: all fields of the struct, and those attributes that are there. */
export type BodyOutput<F extends Fields, D extends Declarations> = Readonly<StructOutput<F>> &
  AttributesOutput<D>;

/** What writing a body takes: any of the fields and attributes. Fields that are left out are zero. */
export type BodyInput<F extends Fields, D extends Declarations> = StructInput<F> &
  AttributesInput<D>;

/**
 * Declares what a message consists of: a struct, and attributes behind it.
 *
 * @param what What it is about, for errors.
 */
export function body<F extends Fields, D extends Declarations>(
  what: string,
  header: StructCodec<F>,
  attributes: AttributesCodec<D>,
): BodyCodec<F, D> {
  return new BodyCodec(what, header, attributes);
}

/** The header of a message, `struct nlmsghdr`, and where its body lies. */
export interface MessageHeader {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  /** Where the message begins, its body begins, and both end. */
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

/**
 * Reads the header of the message that begins at an offset.
 *
 * @throws {NetlinkDecodeError} where there is none, or its length leads outside.
 */
export function readHeader(bytes: Buffer, start = 0, end: number = bytes.length): MessageHeader {
  if (end - start < headerSize)
    throw new NetlinkDecodeError(`${end - start} bytes, too few for a message`, start);
  const length = bytes.readUInt32LE(start);
  if (length < headerSize || length > end - start)
    throw new NetlinkDecodeError(`message of ${length} bytes, with ${end - start} to go`, start);
  return {
    type: bytes.readUInt16LE(start + 4),
    flags: bytes.readUInt16LE(start + 6),
    sequence: bytes.readUInt32LE(start + 8),
    portId: bytes.readUInt32LE(start + 12),
    start,
    bodyStart: start + headerSize,
    end: start + length,
  };
}

/**
 * The headers of the messages in a datagram, one after the other.
 *
 * @throws {NetlinkDecodeError} at the first that does not hold together.
 */
export function* messagesOf(
  bytes: Buffer,
  start = 0,
  end: number = bytes.length,
): Generator<MessageHeader, void, undefined> {
  for (let at = start; at < end;) {
    const header = readHeader(bytes, at, end);
    yield header;
    at += (header.end - header.start + 3) & ~3;
  }
}

/** What a message is written from. */
export interface MessageFields<I> {
  /** Its type, such as `RTM.NEWLINK`. */
  readonly type: number;
  /** Of {@link NLM_F}; none unless given. */
  readonly flags?: number;
  readonly sequence?: number;
  readonly portId?: number;
  readonly body: I;
}

/**
 * Adds a message to others.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where a value does not fit.
 */
export function writeMessage<I>(
  writer: Writer,
  codec: Codec<unknown, I>,
  { type, flags = 0, sequence = 0, portId = 0, body: value }: MessageFields<I>,
): void {
  const start = writer.reserve(headerSize);
  codec.write(writer, value, codec.what);
  writer.putU32(start, writer.length - start);
  writer.putU16(start + 4, type);
  writer.putU16(start + 6, flags);
  writer.putU32(start + 8, sequence);
  writer.putU32(start + 12, portId);
  writer.align();
}

/** @throws {TypeError} where a message has a number in it that only a Program knows, and none is at hand. */
export function refuseSlots(writer: Writer): void {
  if (writer.slots.length > 0) throw new TypeError('a slot has no value outside of its Program');
}

/**
 * The bytes of one message, header and all.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where a value does not fit.
 */
export function encodeMessage<I>(codec: Codec<unknown, I>, fields: MessageFields<I>): Buffer {
  const writer = new Writer();
  writeMessage(writer, codec, fields);
  refuseSlots(writer);
  return writer.bytes();
}
