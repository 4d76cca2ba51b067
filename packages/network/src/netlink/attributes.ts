import { keepReceived, receivedOf, type Received } from './as-received.ts';
import type { Codec, Input, Output } from './codec.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { describe, invalid } from './invalid.ts';
import { bytes as bytesCodec } from './texts.ts';
import type { Writer } from './writer.ts';

/** Bit of an attribute's type: it holds attributes. */
export const NLA_F_NESTED = 0x8000;
/** The number in an attribute's type, without the bits that say what it holds. */
const typeMask = 0x3fff;
/** Size of `struct nlattr`. */
const headerSize = 4;

/** What an attribute is called, its number, and what it holds. */
export type Declarations = Readonly<Record<string, readonly [number: number, codec: Codec]>>;

/**
 * Attributes that are not declared, and second ones of those that are: by number, with all the bits of their type, and their bytes.
 * A second one of the same number has `.2` behind it. They keep their places.
 */
export type RawAttributes = { readonly [raw: `#${string}`]: Uint8Array };

/** What reading a list of attributes gives: those that are there, in the order in which they came. */
export type AttributesOutput<D extends Declarations> = {
  readonly [K in keyof D]?: Output<D[K][1]>;
} & RawAttributes;

/** What writing a list of attributes takes; they are written in the order of the object. */
export type AttributesInput<D extends Declarations> = {
  readonly [K in keyof D]?: Input<D[K][1]> | undefined;
} & RawAttributes;

/** Values of some attributes, in the order of their names. */
export type Picked<D extends Declarations, N extends readonly (keyof D & string)[]> = {
  readonly [I in keyof N]: Output<D[N[I]][1]> | undefined;
};

const nothing = (): undefined => undefined;

interface Entry {
  readonly name: string;
  readonly number: number;
  readonly codec: Codec;
  readonly item: Codec | undefined;
}

type Values = Record<string, unknown>;

/** A list of attributes, netlink(7): itself a codec, of an attribute that holds attributes. */
export class AttributesCodec<D extends Declarations> implements Codec<
  AttributesOutput<D>,
  AttributesInput<D>
> {
  readonly what = 'attributes';
  readonly typeFlags: number;
  readonly #byNumber: (Entry | undefined)[] = [];
  readonly #byName = new Map<string, Entry>();

  constructor(declarations: D, typeFlags: number) {
    this.typeFlags = typeFlags;
    for (const [name, [number, codec]] of Object.entries(declarations)) {
      const item = codec instanceof RepeatedCodec ? (codec.item as Codec) : undefined;
      const entry = { name, number, codec, item };
      while (this.#byNumber.length < number) this.#byNumber.push(undefined);
      this.#byNumber[number] = entry;
      this.#byName.set(name, entry);
    }
  }

  /** Is there an attribute of this name? */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  read(bytes: Buffer, start: number, end: number): AttributesOutput<D> {
    const result: Values = {};
    this.readInto(result, bytes, start, end);
    return result as AttributesOutput<D>;
  }

  /** Reads them into an object that has more than them. */
  readInto(result: Values, bytes: Buffer, start: number, end: number): void {
    let at = start;
    let entry: Entry | undefined;
    try {
      while (at < end) {
        entry = undefined;
        if (end - at < headerSize)
          throw new NetlinkDecodeError(`${end - at} bytes, too few for an attribute`, at);
        const length = bytes.readUInt16LE(at);
        const type = bytes.readUInt16LE(at + 2);
        const stop = at + length;
        if (length < headerSize || stop > end)
          throw new NetlinkDecodeError(
            `attribute ${type & typeMask} of ${length} bytes, with ${end - at} to go`,
            at,
          );
        entry = this.#byNumber[type & typeMask];
        if (entry) readAttribute(result, entry, type, bytes, at + headerSize, stop);
        else readRaw(result, type, bytes, at + headerSize, stop);
        at += (length + 3) & ~3;
      }
    } catch (error) {
      if (entry && error instanceof NetlinkDecodeError) error.inside(entry.name);
      throw error;
    }
  }

  /**
   * Prepares reading a few of them, by their names: gives a function that reads a list of the values in that order, undefined for what
   * is not there. It takes a fraction of the time that all of them in an object take, and does not remember how they came.
   *
   * @throws {TypeError} for one that may be there more than once, or depends on another.
   */
  picker<const N extends readonly (keyof D & string)[]>(
    names: N,
  ): (bytes: Buffer, start: number, end: number) => Picked<D, N> {
    const slots: number[] = this.#byNumber.map(() => -1);
    const codecs: (Codec | undefined)[] = this.#byNumber.map(() => undefined);
    for (const [index, name] of names.entries()) {
      const entry = this.#byName.get(name);
      if (!entry || entry.item || entry.codec.choose)
        throw new TypeError(`${name} can only be read together with the others`);
      slots[entry.number] = index;
      codecs[entry.number] = entry.codec;
    }
    return (bytes, start, end) => {
      const result: unknown[] = names.map(nothing);
      for (let at = start; at < end;) {
        const length = end - at < headerSize ? 0 : bytes.readUInt16LE(at);
        const stop = at + length;
        if (length < headerSize || stop > end)
          throw new NetlinkDecodeError(`attribute of ${length} bytes, with ${end - at} to go`, at);
        const number = bytes.readUInt16LE(at + 2) & typeMask;
        const codec = codecs[number];
        if (codec) {
          const from = at + headerSize;
          if (stop - from < (codec.leastSize ?? codec.size ?? 0))
            throw new NetlinkDecodeError(`expected ${codec.what}, got ${stop - from} bytes`, from);
          const slot = slots[number] as number;
          // The first one, as elsewhere.
          if (result[slot] === undefined) result[slot] = codec.read(bytes, from, stop);
        }
        at += (length + 3) & ~3;
      }
      return result as unknown as Picked<D, N>;
    };
  }

  write(writer: Writer, value: AttributesInput<D>, name: string): void {
    if (typeof value !== 'object' || value === null)
      throw invalid(`${name}: expected an object, got ${describe(value)}`);
    this.writeFrom(writer, value, name);
  }

  /** Writes them from an object that has more than them, under names that `others` knows. */
  writeFrom(
    writer: Writer,
    values: Readonly<Values>,
    name: string,
    others?: { readonly names: ReadonlySet<string> },
  ): void {
    const received = receivedOf(values);
    for (const key of Object.keys(values)) {
      const value = values[key];
      if (value === undefined || others?.names.has(key)) continue;
      const entry = this.#byName.get(key);
      if (entry) writeEntry(writer, entry, value, values, received?.get(key));
      else if (key.startsWith('#')) writeRaw(writer, key, value);
      else
        throw invalid(
          `${name}: expected one of ${[...(others?.names ?? []), ...this.#byName.keys()].join(', ')}, got ${describe(key)}`,
        );
    }
  }

  /**
   * The names of the attributes that an offset of the bytes lies in, the outermost first: for the offset that the kernel complains about.
   */
  pathAt(bytes: Buffer, start: number, end: number, offset: number): string[] {
    const siblings: Values = {};
    for (let at = start; at + headerSize <= end;) {
      const stop = at + bytes.readUInt16LE(at);
      if (stop < at + headerSize || stop > end) break;
      const type = bytes.readUInt16LE(at + 2);
      const entry = this.#byNumber[type & typeMask];
      if (offset >= at && offset < stop) {
        if (!entry) return [`#${type}`];
        const codec = entry.codec.choose?.(siblings) ?? entry.item ?? entry.codec;
        const inner =
          offset >= at + headerSize && hasPath(codec)
            ? codec.pathAt(bytes, at + headerSize, stop, offset)
            : [];
        return [entry.name, ...inner];
      }
      // What a later one depends on.
      if (entry && !hasPath(entry.codec) && !entry.codec.choose)
        siblings[entry.name] = entry.codec.read(bytes, at + headerSize, stop);
      at += (stop - at + 3) & ~3;
    }
    return [];
  }
}

/** Codecs that can tell which of their attributes lies at an offset. */
interface WithPath extends Codec {
  pathAt(bytes: Buffer, start: number, end: number, offset: number): string[];
}

function hasPath(codec: Codec): codec is WithPath {
  return 'pathAt' in codec;
}

function readAttribute(
  result: Values,
  { name, codec: declared, item }: Entry,
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const earlier = result[name];
  if (earlier !== undefined && !item) {
    readRaw(result, type, bytes, start, end);
    return;
  }
  const codec = item ?? (declared.choose ? declared.choose(result) : declared);
  const size = codec.size ?? 0;
  if (end - start < (codec.leastSize ?? size))
    throw new NetlinkDecodeError(`expected ${codec.what}, got ${end - start} bytes`, start);
  const value = codec.read(bytes, start, end);
  const isExact =
    (codec.size === undefined || codec.size === end - start) &&
    (codec.isExact?.(value, bytes, start, end) ?? true);
  const list = item ? ((earlier ?? (result[name] = [])) as unknown[]) : undefined;
  if (list) list.push(value);
  else result[name] = value;
  if (isExact && (type & ~typeMask) === (codec.typeFlags ?? 0)) return;
  const kept: Received = {
    type,
    value,
    bytes: isExact ? undefined : bytesCodec.read(bytes, start, end),
  };
  if (list) keepReceived(list, String(list.length - 1), kept);
  else keepReceived(result, name, kept);
}

function readRaw(result: Values, type: number, bytes: Buffer, start: number, end: number): void {
  let key = `#${type}`;
  for (let count = 2; key in result; count += 1) key = `#${type}.${count}`;
  result[key] = bytesCodec.read(bytes, start, end);
}

function writeEntry(
  writer: Writer,
  { name, number, codec: declared, item }: Entry,
  value: unknown,
  siblings: Readonly<Values>,
  received: Received | undefined,
): void {
  if (!item) {
    const codec = declared.choose ? declared.choose(siblings) : declared;
    writeAttribute(writer, number, codec, value, name, received);
    return;
  }
  if (!Array.isArray(value)) throw invalid(`${name}: expected an array, got ${describe(value)}`);
  const all = receivedOf(value);
  for (const [index, each] of (value as unknown[]).entries())
    writeAttribute(writer, number, item, each, name, all?.get(String(index)));
}

/** Writes an attribute: its length, its type, what it holds, and the zeros behind. */
export function writeAttribute(
  writer: Writer,
  number: number,
  codec: Codec,
  value: unknown,
  name: string,
  received?: Received,
): void {
  const start = writer.reserve(headerSize);
  if (received?.bytes && Object.is(received.value, value)) writer.write(received.bytes);
  else codec.write(writer, value, name);
  endAttribute(writer, start, received?.type ?? number | (codec.typeFlags ?? 0), name);
}

function writeRaw(writer: Writer, key: string, value: unknown): void {
  const type = Number(/^#(\d{1,5})(?:\.\d+)?$/.exec(key)?.[1] ?? Number.NaN);
  if (!(type <= 0xffff))
    throw invalid(`${key}: expected # and the type of an attribute, from 0 to 65535`);
  const start = writer.reserve(headerSize);
  bytesCodec.write(writer, value as Uint8Array, key);
  endAttribute(writer, start, type, key);
}

function endAttribute(writer: Writer, start: number, type: number, name: string): void {
  const length = writer.length - start;
  if (length > 0xffff)
    throw invalid(
      `${name}: expected at most ${0xffff - headerSize} bytes in an attribute, got ${length - headerSize}`,
    );
  writer.putU16(start, length);
  writer.putU16(start + 2, type);
  writer.align();
}

/** An attribute that may be there more than once; together they are an array. */
export class RepeatedCodec<T, I> implements Codec<readonly T[], readonly I[]> {
  readonly what = 'an attribute that may be there more than once';
  readonly item: Codec<T, I>;

  constructor(item: Codec<T, I>) {
    this.item = item;
  }

  read(bytes: Buffer, start: number, end: number): readonly T[] {
    return [this.item.read(bytes, start, end)];
  }

  write(writer: Writer, value: readonly I[], name: string): void {
    for (const each of value) this.item.write(writer, each, name);
  }
}

/**
 * Declares a list of attributes: each by its name, its number, and what it holds. Read, it is a plain object with the attributes that
 * were there, in their order; attributes that are not declared are in it too, as bytes under `#` and their number.
 *
 * @param options.flagged `NLA_F_NESTED` is set in the type of an attribute that holds such a list; otherwise, as in most of rtnetlink,
 * it is not. Either is understood, and what was read is written again as it was.
 *
 * @example
 * const vlan = attributes({ id: [1, u16], flags: [2, struct('ifla_vlan_flags', { flags: u32, mask: u32 })] });
 */
export function attributes<const D extends Declarations>(
  declarations: D,
  { flagged = false }: { readonly flagged?: boolean } = {},
): AttributesCodec<D> {
  return new AttributesCodec(declarations, flagged ? NLA_F_NESTED : 0);
}

/** An attribute of this kind may be there more than once: an array. */
export function repeated<T, I>(item: Codec<T, I>): RepeatedCodec<T, I> {
  return new RepeatedCodec(item);
}
