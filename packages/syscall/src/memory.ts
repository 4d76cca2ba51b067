import type { Arch } from './arch.ts';
import { checkInteger, checkString, range, type IntegerType } from './check.ts';
import { Slot, type Value } from './value.ts';

/** A number written into memory only once it is known: a Slot's. */
export interface Patch {
  readonly offset: number;
  readonly size: 4 | 8;
  readonly value: Slot;
}

/** A pointer inside memory, to other memory. */
export interface Pointer {
  readonly offset: number;
  readonly target: Memory;
}

/** A field whose bits differ between architectures. */
export interface Translation {
  readonly offset: number;
  readonly size: 4 | 8;
  readonly value: bigint;
  readonly translate: (value: bigint, arch: Arch) => bigint;
}

const width: Record<IntegerType, 1 | 2 | 4 | 8> = { u8: 1, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8 };

/**
 * Memory that a system call reads or writes: a struct, a buffer, an array of pointers. It may hold Slots and pointers to other
 * Memory, which become numbers and addresses when the call is made. All numbers are little-endian, as on both architectures.
 */
export class Memory {
  readonly patches: Patch[] = [];
  readonly pointers: Pointer[] = [];
  readonly translations: Translation[] = [];
  /** Writes it for the listing, which has `[N bytes]` where nobody said how. */
  describe: (() => string) | undefined;
  readonly #isOwn: boolean;
  #bytes: Uint8Array;
  #view: DataView;
  #frozen = false;

  /** @param content How many zero bytes; or the bytes themselves, which are not copied. */
  constructor(content: number | Uint8Array) {
    if (typeof content === 'number') checkInteger('size', content, 0, 2 ** 31);
    this.#isOwn = typeof content === 'number';
    this.#bytes = typeof content === 'number' ? new Uint8Array(content) : content;
    this.#view = viewOf(this.#bytes);
  }

  /** Strings as execve(2) takes them: an array of pointers, ended by a null pointer. */
  static strings(name: string, list: readonly string[]): Memory {
    const memory = new Memory(8 * (list.length + 1));
    list.forEach((text, index) =>
      memory.pointer(8 * index, Memory.text(`${name}[${index}]`, text)),
    );
    memory.describe = () => `[${list.map((text) => JSON.stringify(text)).join(', ')}]`;
    return memory;
  }

  /** A string with the NUL that C ends it with. */
  static text(name: string, text: string): Memory {
    checkString(name, text);
    const memory = new Memory(new Uint8Array(Buffer.from(`${text}\0`)));
    memory.describe = () => JSON.stringify(text);
    return memory;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get size(): number {
    return this.#bytes.byteLength;
  }

  /**
   * Writes a number, or the Slot that stands for one.
   *
   * @throws {TypeError} where the number does not fit the type.
   * @throws {RangeError} where the field lies outside the memory.
   */
  set(type: IntegerType, offset: number, value: Value): this {
    const size = width[type];
    this.#checkWritable(offset, size);
    if (value instanceof Slot) {
      if (size !== 4 && size !== 8)
        throw new RangeError(`a slot does not fit into a field of ${size} bytes`);
      this.patches.push({ offset, size, value });
      return this;
    }
    const [min, max] = range[type];
    checkInteger(`field at ${offset}`, value, min, max);
    if (size === 1) this.#view.setUint8(offset, Number(value));
    else if (size === 2) this.#view.setUint16(offset, Number(value), true);
    else if (size === 4) this.#view.setInt32(offset, Number(value), true);
    else setWord(this.#view, offset, value);
    return this;
  }

  /** Writes the address of other memory. */
  pointer(offset: number, target: Memory): this {
    this.#checkWritable(offset, 8);
    this.pointers.push({ offset, target });
    return this;
  }

  /** Writes a number whose bits depend on the architecture, such as the flags of open(2). */
  translated(
    size: 4 | 8,
    offset: number,
    value: bigint,
    translate: Translation['translate'],
  ): this {
    this.#checkWritable(offset, size);
    this.translations.push({ offset, size, value, translate });
    return this;
  }

  /** Copies bytes in. */
  write(offset: number, bytes: Uint8Array): this {
    this.#checkWritable(offset, bytes.byteLength);
    this.bytes.set(bytes, offset);
    return this;
  }

  /**
   * Reads a number that a call has left here. Only of use with `live`: a Program's memory fills elsewhere.
   *
   * @returns a bigint for the types of 8 bytes.
   * @throws {RangeError} where the field lies outside the memory.
   */
  get(type: IntegerType, offset: number): number | bigint {
    this.checkInside(offset, width[type]);
    if (type === 'u8') return this.#view.getUint8(offset);
    if (type === 'u16') return this.#view.getUint16(offset, true);
    if (type === 'i32') return this.#view.getInt32(offset, true);
    if (type === 'u32') return this.#view.getUint32(offset, true);
    return type === 'i64'
      ? this.#view.getBigInt64(offset, true)
      : this.#view.getBigUint64(offset, true);
  }

  /** From now on it can't be changed from JavaScript, not even by who gave it its bytes: a Program has taken it. */
  freeze(): void {
    if (!this.#frozen && !this.#isOwn) {
      this.#bytes = this.#bytes.slice();
      this.#view = viewOf(this.#bytes);
    }
    this.#frozen = true;
  }

  /** @throws {RangeError} where the field lies outside the memory. */
  checkInside(offset: number, size: number): void {
    if (Number.isInteger(offset) && offset >= 0 && offset + size <= this.size) return;
    throw Object.assign(
      new RangeError(`offset ${offset} with ${size} bytes lies outside of ${this.size} bytes`),
      { code: 'ERR_OUT_OF_RANGE' },
    );
  }

  #checkWritable(offset: number, size: number): void {
    if (this.#frozen)
      throw new TypeError('this memory belongs to a Program already and can no longer be changed');
    this.checkInside(offset, size);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Writes 64 bits: a number from -(2 ** 53) to 2 ** 53, or any bigint. */
export function setWord(view: DataView, offset: number, value: number | bigint): void {
  if (typeof value === 'bigint') {
    view.setBigUint64(offset, BigInt.asUintN(64, value), true);
  } else {
    view.setInt32(offset, value, true);
    view.setInt32(offset + 4, Math.floor(value / 2 ** 32), true);
  }
}

/** Memory and all that its pointers lead to, each once. */
export function everyMemory(memory: Memory): readonly Memory[] {
  if (memory.pointers.length === 0) return [memory];
  const found = new Set([memory]);
  // A set that grows while it is walked is walked to its end.
  for (const { pointers } of found) for (const { target } of pointers) found.add(target);
  return [...found];
}
