import type { Arch } from '../arch.ts';
import type { Memory } from '../memory.ts';
import { koffi } from './koffi.ts';

/**
 * The memory of one call, laid out in memory of C, for a call whose memory has pointers in it. (The address of a JavaScript
 * buffer is known to koffi only during a call, so a pointer to one can't be written into another.)
 */
export class Block {
  readonly #start: bigint;
  readonly #offsets = new Map<Memory, number>();
  readonly #bytes: Uint8Array;

  constructor(roots: readonly Memory[], arch: Arch) {
    let size = 0;
    for (const root of roots) size = this.#place(root, size);
    this.#start = koffi().alloc('uint8_t', Math.max(size, 8));
    this.#bytes = new Uint8Array(koffi().view(this.#start, Math.max(size, 8)));
    const numbers = new DataView(this.#bytes.buffer);
    for (const [memory, offset] of this.#offsets) {
      this.#bytes.set(memory.bytes, offset);
      for (const { offset: at, target } of memory.pointers)
        numbers.setBigUint64(offset + at, this.address(target), true);
      for (const { offset: at, size: width, value, translate } of memory.translations) {
        const bits = translate(value, arch);
        if (width === 8) numbers.setBigUint64(offset + at, bits, true);
        else numbers.setUint32(offset + at, Number(bits), true);
      }
    }
  }

  /** Where memory lies that one of the roots is, or leads to. */
  address(memory: Memory): bigint {
    return this.#start + BigInt(this.#offsets.get(memory) ?? 0);
  }

  /** Copies back what the call has written, and gives the memory of C back. */
  free(): void {
    for (const [memory, offset] of this.#offsets) {
      const view = this.#bytes.subarray(offset, offset + memory.size);
      // Pointers and translated fields stay as they were; the numbers beside them come back.
      for (const { offset: at } of memory.pointers) view.set(memory.bytes.subarray(at, at + 8), at);
      for (const { offset: at, size } of memory.translations)
        view.set(memory.bytes.subarray(at, at + size), at);
      memory.bytes.set(view);
    }
    koffi().free(this.#start);
  }

  #place(memory: Memory, from: number): number {
    if (this.#offsets.has(memory)) return from;
    this.#offsets.set(memory, from);
    let end = Math.ceil((from + Math.max(memory.size, 1)) / 16) * 16;
    for (const { target } of memory.pointers) end = this.#place(target, end);
    return end;
  }
}
