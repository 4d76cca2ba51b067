import { keepReceived, receivedOf } from './as-received.ts';
import { NLA_F_NESTED, writeAttribute } from './attributes.ts';
import type { Codec, Input, Output } from './codec.ts';
import { NetlinkDecodeError } from './decode-error.ts';
import { describe, invalid } from './invalid.ts';
import { bytes as bytesCodec } from './texts.ts';

/**
 * An attribute that holds a list of attributes, whose numbers only count them: from `first` on.
 *
 * @param options.flagged As with {@link attributes}.
 */
export function indexed<T, I>(
  item: Codec<T, I>,
  { first = 1, flagged = false }: { readonly first?: number; readonly flagged?: boolean } = {},
): Codec<readonly T[], readonly I[]> {
  return {
    what: 'a list',
    typeFlags: flagged ? NLA_F_NESTED : 0,
    read(bytes, start, end) {
      const list: T[] = [];
      for (let at = start; at < end;) {
        const length = end - at < 4 ? 0 : bytes.readUInt16LE(at);
        if (length < 4 || at + length > end)
          throw new NetlinkDecodeError(`item of ${length} bytes, with ${end - at} to go`, at);
        const size = item.leastSize ?? item.size ?? 0;
        if (length - 4 < size)
          throw new NetlinkDecodeError(`expected ${item.what}, got ${length - 4} bytes`, at);
        const type = bytes.readUInt16LE(at + 2);
        const [from, to] = [at + 4, at + length];
        const value = item.read(bytes, from, to);
        const isExact =
          (item.size === undefined || item.size === length - 4) &&
          (item.isExact?.(value, bytes, from, to) ?? true);
        if (!isExact || type !== first + list.length + (item.typeFlags ?? 0))
          keepReceived(list, String(list.length), {
            type,
            value,
            bytes: isExact ? undefined : bytesCodec.read(bytes, from, to),
          });
        list.push(value);
        at += (length + 3) & ~3;
      }
      return list;
    },
    write(writer, value, name) {
      if (!Array.isArray(value))
        throw invalid(`${name}: expected an array, got ${describe(value)}`);
      const received = receivedOf(value);
      for (const [index, each] of (value as readonly I[]).entries())
        writeAttribute(
          writer,
          first + index,
          item,
          each,
          `${name}[${index}]`,
          received?.get(String(index)),
        );
    },
  };
}

/** Values of one size, one after the other, without anything in between. */
export function packed<T, I>(
  item: Codec<T, I> & { readonly size: number },
): Codec<readonly T[], readonly I[]> {
  const { size } = item;
  return {
    what: `a row of ${item.what}`,
    read(bytes, start, end) {
      if ((end - start) % size !== 0)
        throw new NetlinkDecodeError(`${end - start} bytes, which ${size} do not divide`, start);
      const list: T[] = [];
      for (let at = start; at < end; at += size) list.push(item.read(bytes, at, at + size));
      return list;
    },
    write(writer, value, name) {
      if (!Array.isArray(value))
        throw invalid(`${name}: expected an array, got ${describe(value)}`);
      for (const [index, each] of (value as readonly I[]).entries())
        item.write(writer, each, `${name}[${index}]`);
    },
  };
}

/**
 * An attribute that holds what another one of the same list says, such as `IFLA_INFO_DATA` by `IFLA_INFO_KIND`. Where no case fits, or
 * the other one has not come yet, it is bytes.
 *
 * @param by The name of the other one.
 */
export function selected<const C extends Readonly<Record<string, Codec>>>(
  by: string,
  cases: C,
): Codec<Output<C[keyof C]> | Uint8Array, Input<C[keyof C]> | Uint8Array> {
  const table = new Map(Object.entries(cases));
  const choose = (siblings: Readonly<Record<string, unknown>>): Codec =>
    table.get(String(siblings[by])) ?? bytesCodec;
  return {
    what: `what '${by}' says`,
    choose: (siblings) => {
      const codec = choose(siblings);
      return codec === bytesCodec ? bytesCodec : orBytes(codec);
    },
    read: bytesCodec.read.bind(bytesCodec),
    write: (writer, value, name) => bytesCodec.write(writer, value as Uint8Array, name),
  };
}

const withBytes = new WeakMap<Codec, Codec>();

/** The codec itself, but bytes may be written instead of its values. */
function orBytes(codec: Codec): Codec {
  let found = withBytes.get(codec);
  if (!found) {
    const either: Codec = Object.create(codec) as Codec;
    either.read = codec.read.bind(codec);
    either.write = (writer, value, name) =>
      value instanceof Uint8Array ? writer.write(value) : codec.write(writer, value, name);
    if ('pathAt' in codec)
      Object.assign(either, {
        pathAt: (codec.pathAt as (...args: unknown[]) => unknown).bind(codec),
      });
    withBytes.set(codec, (found = either));
  }
  return found;
}
