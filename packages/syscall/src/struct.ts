import { range, type IntegerType } from './check.ts';
import { formatConstant, formatFlags, type FlagTable } from './flags.ts';
import { Memory, type Translation } from './memory.ts';
import { formatValue, Slot, type Value } from './value.ts';

/** One field of a struct: where it is, what it holds, and how it reads. */
export interface Field {
  readonly type: IntegerType | 'pointer';
  readonly flags?: FlagTable;
  readonly constants?: FlagTable;
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
          throw new TypeError(`struct ${name} has no field ${key}`);
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
  if (field.type === 'pointer') {
    if (!(value instanceof Memory)) throw new TypeError(`${name}: expected Memory`);
    memory.pointer(offset, value);
  } else if (value instanceof Memory) {
    throw new TypeError(`${name}: expected a number`);
  } else if (field.translate && !(value instanceof Slot)) {
    memory.translated(sizes[field.type] as 4 | 8, offset, BigInt(value), field.translate);
  } else {
    try {
      memory.set(field.type, offset, value);
    } catch (error) {
      const [min, max] = range[field.type];
      throw Object.assign(
        new TypeError(
          `${name}: expected a number from ${min} to ${max}, got ${formatValue(value)}`,
        ),
        {
          code: 'ERR_INVALID_ARG_VALUE',
          cause: error,
        },
      );
    }
  }
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
