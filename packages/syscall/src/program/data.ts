import type { Arch } from '../arch.ts';
import type { Memory } from '../memory.ts';
import { Slot } from '../value.ts';
import { layout } from './layout.ts';
import type { Word } from './node.ts';

/** The record that failed last. */
export const failedSlot: Slot = new Slot('failed');
/** The error of the call that failed last, negative. */
export const errorSlot: Slot = new Slot('error');
/** Where the answer lies that was an error last, see `Kernel.check`; 0 if there was none. */
export const answerSlot: Slot = new Slot('answer');
/** Its size. */
export const answerSizeSlot: Slot = new Slot('answer size');

/**
 * The data behind the records of a Program: strings, structs and constants, which the file holds; then slots and empty buffers,
 * which only take room in memory.
 */
export class Data {
  readonly #start: number;
  readonly #room: number;
  readonly #arch: Arch;
  readonly #parts: Uint8Array[] = [];
  readonly #known = new Map<string | bigint | Memory, number>();
  readonly #slots = new Map<Slot, number>();
  readonly #empty = new Map<Memory, number>();
  #size = 0;
  #zeroes = 0;
  // Slots and empty buffers come behind what is still growing: their addresses are known once the size of the former is fixed.
  readonly #zeroBase: number;

  /** @param room How many bytes of content may come before the slots. */
  constructor(start: number, arch: Arch, room: number) {
    this.#start = start;
    this.#arch = arch;
    this.#room = room;
    this.#zeroBase = start + room;
  }

  /** Did the content outgrow its room? Then nothing here is of use. */
  get overflowed(): boolean {
    return this.#size > this.#room;
  }

  /** Bytes that follow the content and are zero. */
  get zeroes(): number {
    return this.#room - this.#size + this.#zeroes;
  }

  /** Address of a number. */
  word(word: Word): number {
    if (word.kind === 'constant') return this.constant(word.value);
    if (word.kind === 'memory') return this.memory(word.memory) + word.offset;
    if (word.kind === 'address') return this.constant(this.memory(word.memory));
    if (word.slot === failedSlot) return layout.dataBase + layout.dataOffset;
    if (word.slot === errorSlot) return layout.dataBase + layout.dataOffset + 8;
    let offset = this.#slots.get(word.slot);
    if (offset === undefined) {
      offset = this.#reserve(8);
      this.#slots.set(word.slot, offset);
    }
    return this.#zeroBase + offset;
  }

  /** Address of a constant. */
  constant(value: number | bigint): number {
    const bits = BigInt.asUintN(64, BigInt(value));
    return this.#once(bits, () => new Uint8Array(BigUint64Array.of(bits).buffer));
  }

  /** Address of a string. */
  text(value: string): number {
    return this.#once(value, () => Buffer.from(`${value}\0`));
  }

  /** Address of memory. The same Memory has one address, so that what one call writes the next can read. */
  memory(memory: Memory): number {
    const known = this.#known.get(memory);
    if (known !== undefined) return known;
    const empty = this.#empty.get(memory);
    if (empty !== undefined) return this.#zeroBase + empty;
    const content =
      memory.pointers.length > 0 ||
      memory.translations.length > 0 ||
      memory.bytes.some((byte) => byte !== 0);
    if (!content) {
      const offset = this.#reserve(memory.size);
      this.#empty.set(memory, offset);
      return this.#zeroBase + offset;
    }
    if (memory.pointers.length === 0 && memory.translations.length === 0)
      return this.#append(memory, memory.bytes);
    const bytes = memory.bytes.slice();
    const view = new DataView(bytes.buffer);
    // First a place, then the pointers: memory may point to itself.
    const address = this.#append(memory, bytes);
    for (const { offset, target } of memory.pointers)
      view.setBigUint64(offset, BigInt(this.memory(target)), true);
    for (const { offset, size, value, translate } of memory.translations) {
      const bits = translate(value, this.#arch);
      if (size === 8) view.setBigUint64(offset, bits, true);
      else view.setUint32(offset, Number(bits), true);
    }
    return address;
  }

  /** All that the file holds. */
  content(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #once(key: string | bigint, make: () => Uint8Array): number {
    return this.#known.get(key) ?? this.#append(key, make());
  }

  #append(key: string | bigint | Memory, bytes: Uint8Array): number {
    const address = this.#start + this.#size;
    const padding = -bytes.length & 7;
    this.#parts.push(bytes);
    if (padding > 0) this.#parts.push(new Uint8Array(padding));
    this.#size += bytes.length + padding;
    this.#known.set(key, address);
    return address;
  }

  #reserve(size: number): number {
    const offset = this.#zeroes;
    this.#zeroes += Math.max(8, Math.ceil(size / 8) * 8);
    return offset;
  }
}
