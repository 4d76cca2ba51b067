/**
 * Stands for a number that a system call of a Program will return when the Program runs. Later calls take it as an argument;
 * it can't be looked at from JavaScript.
 */
export class Slot {
  /** How the listing calls it: `fd3`. */
  readonly name: string;
  /** What it is to a reader of an error: the path behind a file descriptor, if it is one. */
  readonly origin: string | undefined;
  /** How many bytes of it count, in a comparison. */
  readonly size: 4 | 8;
  /** The Program that it belongs to. */
  readonly program: object | undefined;

  constructor(name: string, origin?: string, size: 4 | 8 = 8, program?: object) {
    this.name = name;
    this.origin = origin;
    this.size = size;
    this.program = program;
  }

  toString(): string {
    return this.name;
  }
}

/** A number, or the {@link Slot} that stands for one. A file descriptor, for instance. */
export type Value = number | bigint | Slot;

/** Writes a value for people: slots by name, numbers in decimal. */
export function formatValue(value: Value): string {
  return value instanceof Slot ? value.name : String(value);
}
