import type { Image } from '@ts-c/syscall';
import { anotherOf, encodingsOf, type Blank } from './blanks.ts';

/** Where in an executable something has to be filled in. */
interface Gap {
  readonly offset: number;
  readonly length: number;
  /** Which blank, and which of its encodings. */
  readonly blank: number;
  readonly encoding: number;
}

/** How often other values are tried: one at random may stand for something else, too. */
const most = 3;

/**
 * An executable with gaps, for containers that differ in names and addresses only: filling those in takes microseconds, where writing
 * down and compiling a container takes a millisecond and more.
 *
 * Where the gaps are is found by compiling the same container with other names and addresses. It is a template only if that, filled in
 * again, is what had been compiled, byte for byte: with anything derived from a name or an address it would not be.
 */
export class Template {
  readonly #bytes: Uint8Array;
  readonly #gaps: readonly Gap[];

  /**
   * @param compiled A container, compiled.
   * @param compileWith Compiles the same container with other values for its blanks.
   * @returns nothing where there can't be one.
   */
  static of(
    compiled: Uint8Array,
    blanks: readonly Blank[],
    compileWith: (values: readonly string[]) => Image,
  ): Template | undefined {
    for (let attempt = 0; attempt < most; attempt += 1) {
      const others = blanks.map((blank) => ({ ...blank, value: anotherOf(blank) }));
      const { bytes } = compileWith(others.map(({ value }) => value));
      const template = new Template(bytes, others);
      if (template.#isClear && Buffer.compare(template.fill(blanks), compiled) === 0)
        return template;
    }
    return undefined;
  }

  private constructor(bytes: Uint8Array, blanks: readonly Blank[]) {
    this.#bytes = bytes;
    this.#gaps = blanks.flatMap((each, blank) =>
      encodingsOf(each).flatMap((encoded, encoding) =>
        placesOf(encoded, bytes).map((offset) => ({
          offset,
          length: encoded.length,
          blank,
          encoding,
        })),
      ),
    );
  }

  /** Is it clear what goes where? By chance 10.0.0.2 is found in 10.0.0.25, and both are addresses of the container. */
  get #isClear(): boolean {
    const gaps = this.#gaps.toSorted((a, b) => a.offset - b.offset);
    return gaps.every(({ offset }, index) => {
      const previous = gaps[index - 1];
      return !previous || previous.offset + previous.length <= offset;
    });
  }

  /** The executable of the container with these blanks: as many as it was made of, in the same order and of the same shapes. */
  fill(blanks: readonly Blank[]): Uint8Array {
    const bytes = this.#bytes.slice();
    const encodings = blanks.map(encodingsOf);
    for (const { offset, blank, encoding } of this.#gaps) {
      const encoded = encodings[blank]?.[encoding];
      if (encoded) bytes.set(encoded, offset);
    }
    return bytes;
  }
}

function placesOf(wanted: Uint8Array, bytes: Uint8Array): readonly number[] {
  const found: number[] = [];
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = all.indexOf(wanted); at !== -1; at = all.indexOf(wanted, at + 1)) found.push(at);
  return found;
}
