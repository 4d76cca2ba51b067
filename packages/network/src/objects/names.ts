import { describe, invalid } from '../netlink/invalid.ts';

/** Numbers that have names. */
export interface Names<N extends string> {
  /**
   * The number of a name; numbers stand for themselves.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for a name that there is not, with those that there are.
   */
  toNumber(field: string, value: N | number): number;
  /** The name of a number, or the number where it has none. */
  toName(number: number): N | number;
}

/** Declares numbers that have names. */
export function names<const N extends string>(table: Readonly<Record<N, number>>): Names<N> {
  const byNumber = new Map<number, N>(
    (Object.entries(table) as [N, number][]).map(([name, number]) => [number, name]),
  );
  return {
    toNumber(field, value) {
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
      if (typeof value === 'string' && Object.hasOwn(table, value)) return table[value];
      throw invalid(
        `${field}: expected a number or one of ${Object.keys(table).join(', ')}, got ${describe(value)}`,
      );
    },
    toName: (number) => byNumber.get(number) ?? number,
  };
}

/** The names of what {@link names} declares. */
export type NameOf<T> = T extends Names<infer N> ? N : never;

/** Bits that have names. */
export interface Bits<N extends string> {
  /** Those that are set, in the order of the declaration. The list is the same one each time. */
  toNames(bits: number): readonly N[];
}

/** Declares bits that have names. Bits without are left out. */
export function bits<const N extends string>(table: Readonly<Record<N, number>>): Bits<N> {
  const entries = Object.entries(table) as [N, number][];
  const known = new Map<number, readonly N[]>();
  return {
    toNames(value) {
      let found = known.get(value);
      if (!found) {
        found = Object.freeze(entries.flatMap(([name, bit]) => (value & bit ? [name] : [])));
        // There are few that occur, but whoever sends messages chooses.
        if (known.size < 256) known.set(value, found);
      }
      return found;
    },
  };
}

/** The names of what {@link bits} declares. */
export type BitOf<T> = T extends Bits<infer N> ? N : never;
