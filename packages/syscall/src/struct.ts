import { checkInteger, invalid, range, type IntegerType } from './check.ts';
import { formatConstant, formatFlags, type FlagTable } from './flags.ts';
import { Memory, type Translation } from './memory.ts';
import { Slot, type Value } from './value.ts';

/** One field of a struct: where it is, what it holds, and how it reads. */
export interface Field {
  readonly type: IntegerType | 'pointer';
  readonly flags?: FlagTable;
  readonly constants?: FlagTable;
  /** Where bits differ between architectures; for the types without sign of 4 and 8 bytes. */
  readonly translate?: Translation['translate'];
  /** Bytes to skip in front of it. */
  readonly padding?: number;
}

type FieldValue<F extends Field> = F['type'] extends 'pointer' ? Memory | null : Value;

/** What {@link Struct.make} takes: any of the fields; those left out are zero. */
export type FieldValues<L extends Record<string, Field>> = {
  readonly [K in keyof L]?: FieldValue<L[K]> | undefined;
};

/** The layout of a struct of the kernel, and the maker of its bytes. */
export interface Struct<L extends Record<string, Field>> {
  readonly name: string;
  readonly size: number;
  readonly offsets: { readonly [K in keyof L]: number };
  /** @throws {TypeError} where a value does not fit its field. */
  make(values: FieldValues<L>): Memory;
}

const sizes: Record<Field['type'], number> = {
  u8: 1,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  pointer: 8,
};

/**
 * Declares a struct by its fields in order. Offsets follow C's alignment; `size` may be larger than what the fields need.
 */
export function defineStruct<const L extends Record<string, Field>>(
  name: string,
  layout: L,
  size?: number,
): Struct<L> {
  const offsets: Record<string, number> = {};
  let end = 0;
  let alignment = 1;
  for (const [key, field] of Object.entries(layout)) {
    const bytes = sizes[field.type];
    end = align(end + (field.padding ?? 0), bytes);
    alignment = Math.max(alignment, bytes);
    offsets[key] = end;
    end += bytes;
  }
  const total = size ?? align(end, alignment);
  return {
    name,
    size: total,
    offsets: offsets as { [K in keyof L]: number },
    make(values) {
      const memory = new Memory(total);
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined || value === null) continue;
        const field = layout[key];
        const offset = offsets[key];
        if (!field || offset === undefined)
          throw invalid(
            `struct ${name}`,
            `one of the fields ${Object.keys(layout).join(', ')}`,
            key,
          );
        writeField(memory, `${name}.${key}`, field, offset, value as Value | Memory);
      }
      memory.describe = () => formatStruct(layout, values);
      return memory;
    },
  };
}

function align(offset: number, bytes: number): number {
  return Math.ceil(offset / bytes) * bytes;
}

function writeField(
  memory: Memory,
  name: string,
  field: Field,
  offset: number,
  value: Value | Memory,
): void {
  const { type, translate } = field;
  if (type === 'pointer') {
    if (!(value instanceof Memory)) throw invalid(name, 'Memory or null', value);
    memory.pointer(offset, value);
    return;
  }
  if (value instanceof Memory) throw invalid(name, 'a number', value);
  if (value instanceof Slot) {
    memory.set(type, offset, value);
    return;
  }
  const [min, max] = range[type];
  checkInteger(name, value, min, max);
  if (translate && (type === 'u32' || type === 'u64'))
    memory.translated(type === 'u32' ? 4 : 8, offset, BigInt(value), translate);
  else memory.set(type, offset, value);
}

function formatStruct(layout: Record<string, Field>, values: Record<string, unknown>): string {
  const fields = Object.entries(layout)
    .filter(([key]) => values[key] !== undefined && values[key] !== null)
    .map(([key, field]) => `${key}=${formatField(field, values[key] as Value | Memory)}`);
  return `{${fields.join(', ')}}`;
}

function formatField(field: Field, value: Value | Memory): string {
  if (value instanceof Memory) return value.describe?.() ?? `[${value.size} bytes]`;
  if (value instanceof Slot) return value.name;
  if (field.flags) return formatFlags(field.flags, value);
  if (field.constants) return formatConstant(field.constants, value);
  return String(value);
}
