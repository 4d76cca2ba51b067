import { readFileSync } from 'node:fs';
import { UsageError } from '../usage-error.ts';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads a variable for the container: `KEY=VALUE`, or `KEY` to pass the caller's on.
 *
 * @returns nothing where the caller has no variable of that name.
 * @throws {UsageError} where there is no name.
 */
export function parseVariable(name: string, text: string, caller: Variables): string | undefined {
  if (text === '' || text.startsWith('='))
    throw new UsageError(`${name}: expected KEY=VALUE or KEY, got ${JSON.stringify(text)}`);
  if (text.includes('=')) return text;
  const value = caller[text];
  return value === undefined ? undefined : `${text}=${value}`;
}

/**
 * Reads a file of variables: one to a line, as for {@link parseVariable}; empty lines and those that begin with `#` mean nothing.
 *
 * @throws {UsageError} where it can't be read, or one of them has no name.
 */
export function readVariables(name: string, path: string, caller: Variables): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`, undefined, { cause: error });
  }
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (/^\s*(#|$)/.test(line)) return [];
    return parseVariable(`${path}:${index + 1}`, line.trimStart(), caller) ?? [];
  });
}

/** Joins lists of `KEY=VALUE`: of several with the same name the last one counts, in the place of the first. */
export function joinVariables(...lists: readonly (readonly string[])[]): string[] {
  const byName = new Map(lists.flat().map((entry) => [entry.slice(0, entry.indexOf('=')), entry]));
  return [...byName.values()];
}
