import type { Codec, Input, Output } from './codec.ts';
import { describe, invalid } from './invalid.ts';
import type { Writer } from './writer.ts';

/** The fields of a struct in order. All have a size; there is no alignment but what {@link padding} adds. */
export type Fields = Readonly<Record<string, Codec>>;

type Named<F extends Fields> = {
  [K in keyof F as [Output<F[K]>] extends [undefined] ? never : K]: F[K];
};

/** What reading a struct gives: every field. */
export type StructOutput<F extends Fields> = {
  -readonly [K in keyof Named<F>]: Output<Named<F>[K]>;
};

/** What writing a struct takes: what is left out is zero. */
export type StructInput<F extends Fields> = {
  readonly [K in keyof Named<F>]?: Input<Named<F>[K]> | undefined;
};

/** Bytes of a struct without a meaning: zero when written. */
export function padding(size: number): Codec<undefined> {
  return {
    what: 'padding',
    size,
    read: () => undefined,
    write: (writer) => void writer.reserve(size),
  };
}

/** A struct of the kernel. */
export class StructCodec<F extends Fields> implements Codec<StructOutput<F>, StructInput<F>> {
  readonly what: string;
  readonly size: number;
  readonly #fields: readonly (readonly [name: string, codec: Codec, offset: number])[];
  /** The names of its fields. */
  readonly names: ReadonlySet<string>;

  /** How many bytes there have to be when it is an attribute: kernels add fields at the end, and older ones do without. */
  readonly leastSize: number;

  constructor(name: string, fields: F, leastSize?: number) {
    this.what = `struct ${name}`;
    let size = 0;
    this.#fields = Object.entries(fields).map(([field, codec]) => {
      if (codec.size === undefined)
        throw new TypeError(`struct ${name}: ${field} has no size of its own`);
      const offset = size;
      size += codec.size;
      return [field, codec, offset] as const;
    });
    this.size = size;
    this.leastSize = leastSize ?? size;
    this.names = new Set(Object.keys(fields));
  }

  /** Is there a field of this name? */
  has(name: string): boolean {
    return this.names.has(name);
  }

  read(bytes: Buffer, start: number, end: number): StructOutput<F> {
    const result: Record<string, unknown> = {};
    if (end - start >= this.size) {
      this.readInto(result, bytes, start);
    } else {
      const whole = Buffer.alloc(this.size);
      bytes.copy(whole, 0, start, end);
      this.readInto(result, whole, 0);
    }
    return result as StructOutput<F>;
  }

  /** Reads it into an object that has more than it. */
  readInto(result: Record<string, unknown>, bytes: Buffer, start: number): void {
    const fields = this.#fields;
    for (let index = 0; index < fields.length; index += 1) {
      const [name, codec, offset] = fields[index] as (typeof fields)[number];
      const at = start + offset;
      const value = codec.read(bytes, at, at + (codec.size as number));
      if (value !== undefined) result[name] = value;
    }
  }

  write(writer: Writer, value: StructInput<F>, name: string): void {
    if (typeof value !== 'object' || value === null)
      throw invalid(`${name}: expected an object, got ${describe(value)}`);
    for (const key of Object.keys(value)) {
      if (!this.names.has(key))
        throw invalid(
          `${name}: expected one of ${[...this.names].join(', ')}, got ${describe(key)}`,
        );
    }
    this.writeFrom(writer, value);
  }

  /** Writes it from an object that may have more than it. */
  writeFrom(writer: Writer, value: Readonly<Record<string, unknown>>): void {
    for (const [name, codec] of this.#fields) {
      const field = value[name];
      if (field === undefined) writer.reserve(codec.size as number);
      else codec.write(writer, field, name);
    }
  }
}

/**
 * Declares a struct by its fields in order.
 *
 * @param leastSize How many bytes of it older kernels have, where the fields behind were added later: those are then read as zero.
 *
 * @example
 * const timestamps = struct('ifa_cacheinfo', { preferred: u32, valid: u32, created: u32, updated: u32 });
 */
export function struct<const F extends Fields>(
  name: string,
  fields: F,
  leastSize?: number,
): StructCodec<F> {
  return new StructCodec(name, fields, leastSize);
}
