import { constants } from 'node:os';

/** Name of an error number, as in errno(3): `ENOENT`, `EPERM`. */
export type ErrnoCode = `E${string}`;

// Linux's numbers, which differ from the host's where ts-c is merely imported (macOS): a Program is always for Linux.
const beyondNode = {
  ENOTSUP: 95,
  ENOTBLK: 15,
  EUCLEAN: 117,
  ENOKEY: 126,
  ESHUTDOWN: 108,
  EHWPOISON: 133,
};
const numbers = new Map<string, number>([
  ...Object.entries(beyondNode),
  ...Object.entries(constants.errno as Record<string, number>),
]);
const names = new Map<number, ErrnoCode>();
for (const [name, number] of numbers) {
  const isAlias = name === 'EWOULDBLOCK' || name === 'ENOTSUP';
  if (!isAlias) names.set(number, name as ErrnoCode);
}

/**
 * The number behind an error name, positive as in errno(3).
 *
 * @throws {RangeError} for a name that Linux does not have.
 */
export function errnoNumber(code: ErrnoCode): number {
  const number = numbers.get(code);
  if (number === undefined) throw new RangeError(`no such error name: ${code}`);
  return number;
}

/** The name of an error number (positive), or `E` and the number where nobody named it. */
export function errnoCode(number: number): ErrnoCode {
  return names.get(number) ?? `E${number}`;
}
