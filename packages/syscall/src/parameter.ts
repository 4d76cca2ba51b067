import type { Arch } from './arch.ts';
import { checkInteger, checkString, invalid, range } from './check.ts';
import { formatConstant, formatFlags, type FlagTable } from './flags.ts';
import { Memory } from './memory.ts';
import { formatValue, Slot, type Value } from './value.ts';

/** What one argument of a system call may be. `T` is its TypeScript type. */
export interface Parameter<T = unknown> {
  readonly name: string;
  /** `path` and `dest` appear under these names in a SystemError; the rest has no role there. */
  readonly role?: 'path' | 'dest' | 'fd';
  /** For a size: the name of the parameter whose memory has to be at least so large. */
  readonly sizeOf?: string;
  /** @throws {TypeError} where the value may not cross into the kernel. */
  check(value: T): void;
  /** Writes the value for a listing. */
  format(value: T): string;
  /** Where bits differ between architectures. */
  translate?(value: bigint, arch: Arch): bigint;
}

/** The TypeScript types of the arguments that a list of parameters takes. */
export type Arguments<P extends readonly Parameter[]> = {
  readonly [K in keyof P]: P[K] extends { check(value: infer T): void } ? T : never;
};

function number(
  name: string,
  [min, max]: readonly [bigint, bigint],
  format = formatValue,
): Parameter<Value> {
  return {
    name,
    check: (value) => {
      if (!(value instanceof Slot)) checkInteger(name, value, min, max);
    },
    format,
  };
}

/** A C `int`. */
export const int = (name: string): Parameter<Value> => number(name, range.i32);
/** A C `unsigned int`, also for user and group ids. */
export const uint = (name: string): Parameter<Value> => number(name, range.u32);
/** A C `long`. */
export const long = (name: string): Parameter<Value> => number(name, range.i64);
/** A 64-bit number without sign, such as a `size_t` that is no size of the call's own memory. */
export const ulong = (name: string): Parameter<Value> => number(name, range.u64);
/** The size of memory that the call is given under the name `of`: never more than that memory has. */
export const sizeOf = (name: string, of: string): Parameter<Value> => ({
  ...number(name, range.u64),
  sizeOf: of,
});
/** File modes: octal in a listing. */
export const mode = (name: string): Parameter<Value> =>
  number(name, range.u32, (value) =>
    value instanceof Slot ? value.name : `0${Number(value).toString(8)}`,
  );
/** Signals and the like: one of several constants. */
export const oneOf = (name: string, table: FlagTable): Parameter<Value> =>
  number(name, [range.i64[0], range.u64[1]], (value) =>
    value instanceof Slot ? value.name : formatConstant(table, value),
  );

/** `AT_FDCWD`: the place of a directory's file descriptor, to mean the current directory. */
export const AT_FDCWD = -100;

/** A file descriptor. */
export const fd = (name: string): Parameter<Value> => ({
  ...number(name, range.i32, (value) => (value === AT_FDCWD ? 'AT_FDCWD' : formatValue(value))),
  role: 'fd',
});

/** A bit mask of named flags. */
export const flags = (
  name: string,
  table: FlagTable,
  translate?: Parameter['translate'],
): Parameter<Value> => ({
  ...number(name, range.u64, (value) =>
    value instanceof Slot ? value.name : formatFlags(table, value),
  ),
  ...(translate ? { translate } : {}),
});

/** A path, without NUL bytes; or a null pointer where the call takes one. */
export const path = (name: string, role: 'path' | 'dest' = 'path'): Parameter<string | null> => ({
  ...text(name),
  role,
});

/** A string that is no path. */
export const text = (name: string): Parameter<string | null> => ({
  name,
  check: (value) => {
    if (value !== null) checkString(name, value);
  },
  format: (value) => (value === null ? 'NULL' : JSON.stringify(value)),
});

/**
 * Memory that the call reads or fills; or a null pointer.
 *
 * @param atLeast How many bytes the kernel takes for granted, where no other argument tells it.
 */
export const memory = (name: string, atLeast = 0): Parameter<Memory | null> => ({
  name,
  check: (value) => {
    if (value === null) return;
    if (!(value instanceof Memory)) throw invalid(name, 'Memory or null', value);
    if (value.size < atLeast)
      throw invalid(name, `Memory of ${atLeast} bytes or more`, `${value.size} bytes`);
  },
  format: (value) => (value === null ? 'NULL' : (value.describe?.() ?? `[${value.size} bytes]`)),
});
