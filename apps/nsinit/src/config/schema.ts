import { isArray, JsonNumber, JsonObject, type Json } from '@ts-c/state';
import { suggest } from '../suggest.ts';
import type { Issues } from './issues.ts';

/**
 * How a kind of value is read from JSON and written to it, by the rules of Go's encoding/json: keys in any case, the last of
 * several, `null` for "not set", integers only where they are written as such; zero values are not written.
 */
export interface Schema<T> {
  /** @returns undefined where there is nothing to be had; if that is a mistake, it is among the issues. */
  read(value: Json, path: string, issues: Issues): T | undefined;
  /** @returns undefined for a zero value. */
  write(value: T): unknown;
}

/** The schemas of the members of an object, in the order in which they are written. */
export type Shape<T> = { readonly [K in keyof T]-?: Schema<NonNullable<T[K]>> };

/** Text without NUL bytes, which no system call could be given. */
export const string: Schema<string> = {
  read(value, path, issues) {
    if (typeof value !== 'string') return refuse('a string', value, path, issues);
    if (value.includes('\0')) issues.error(path, 'has a NUL byte in it');
    return value;
  },
  write: (value) => value || undefined,
};

export const boolean: Schema<boolean> = {
  read: (value, path, issues) =>
    typeof value === 'boolean' ? value : refuse('true or false', value, path, issues),
  write: (value) => value || undefined,
};

/** Whole numbers that a number holds exactly. */
export function integer(min: number, max: number): Schema<number> {
  const wide = bigInteger(BigInt(min), BigInt(max));
  return {
    read(value, path, issues) {
      const found = wide.read(value, path, issues);
      return found === undefined ? undefined : Number(found);
    },
    write: wide.write,
  };
}

/** Whole numbers of any size; those that a number does not hold exactly are bigints. */
export function bigInteger(min: bigint, max: bigint): Schema<number | bigint> {
  return {
    read(value, path, issues) {
      const found = value instanceof JsonNumber ? value.integer : undefined;
      if (found === undefined || found < min || found > max) {
        return refuse(`a whole number from ${min} to ${max}`, value, path, issues);
      }
      const number = Number(found);
      return Number.isSafeInteger(number) ? number : found;
    },
    write: (value) => (BigInt(value) === 0n ? undefined : value),
  };
}

/** As another, but written even where it is zero. */
export function always<T>(schema: Schema<T>): Schema<T> {
  return { ...schema, write: (value) => value };
}

/** An array. A `null` in it is refused, or the zero value that is given. */
export function list<T>(item: Schema<T>, zero?: T): Schema<readonly T[]> {
  return {
    read(value, path, issues) {
      if (!isArray(value)) return refuse('an array', value, path, issues);
      return value.flatMap((entry, index) => {
        const read = entry === null ? zero : undefined;
        const found = read ?? item.read(entry, `${path}[${index}]`, issues);
        return found === undefined ? [] : [found];
      });
    },
    write: (value) =>
      value.length === 0 ? undefined : value.map((entry) => item.write(entry) ?? entry),
  };
}

/** An object with keys of its own choice. They are written in order, and are as they are, upper case or lower. */
export function map<T>(item: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return {
    read(value, path, issues) {
      if (!(value instanceof JsonObject)) return refuse('an object', value, path, issues);
      const entries = value.members.flatMap((member): [string, T][] => {
        if (member.key.includes('\0')) issues.error(path, 'has a key with a NUL byte in it');
        if (member.value === null) return [];
        const found = item.read(member.value, join(path, member.key), issues);
        return found === undefined ? [] : [[member.key, found]];
      });
      return Object.fromEntries(entries);
    },
    write(value) {
      const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
      if (entries.length === 0) return undefined;
      return Object.fromEntries(entries.map(([key, entry]) => [key, item.write(entry) ?? entry]));
    },
  };
}

/** An object whose members are known. It is written even if it is empty: its being there means something. */
export function object<T extends object>(shape: Shape<T>): Schema<T> {
  const keys = Object.keys(shape) as (keyof T & string)[];
  return {
    read(value, path, issues) {
      if (!(value instanceof JsonObject)) return refuse('an object', value, path, issues);
      const result: Partial<T> = {};
      const seen = new Set<string>();
      for (const member of value.members) {
        const key = keys.find((known) => known === member.key) ?? findFolded(keys, member.key);
        if (key === undefined) {
          issues.ignore(
            join(path, member.key),
            'is no key that is known',
            suggest(member.key, keys),
          );
          continue;
        }
        if (seen.has(key)) issues.ignore(join(path, key), 'is given twice: the last one counts');
        seen.add(key);
        const read =
          member.value === null
            ? undefined
            : shape[key].read(member.value, join(path, key), issues);
        if (read !== undefined) result[key] = read;
      }
      return result as T;
    },
    write: (value) =>
      Object.fromEntries(
        keys.flatMap((key): [string, unknown][] => {
          const member = value[key];
          const written =
            member === undefined
              ? undefined
              : shape[key].write(member as NonNullable<T[typeof key]>);
          return written === undefined ? [] : [[key, written]];
        }),
      ),
  };
}

function findFolded<K extends string>(keys: readonly K[], key: string): K | undefined {
  const folded = key.toLowerCase();
  return keys.find((known) => known.toLowerCase() === folded);
}

/** The path of a member: `a.b`, or `a["odd key"]`. */
export function join(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function refuse(expected: string, value: Json, path: string, issues: Issues): undefined {
  issues.error(path, `expected ${expected}, got ${describe(value)}`);
}

function describe(value: Json): string {
  if (value instanceof JsonObject) return 'an object';
  if (isArray(value)) return 'an array';
  const text = value instanceof JsonNumber ? value.text : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
