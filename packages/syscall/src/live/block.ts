import type { Arch } from '../arch.ts';
import type { Memory } from '../memory.ts';
import { koffi } from './koffi.ts';

/**
 * Memory with pointers in it, laid out for one call in memory of C. (The address of a JavaScript buffer is known to koffi only
 * during a call, so a pointer to one can't be written into another.)
 */
export class Block {
  readonly address: bigint;
  readonly #parts: { memory: Memory; view: Uint8Array }[] = [];

  constructor(root: Memory, arch: Arch) {
    const offsets = new Map<Memory, number>();
    const size = place(root, offsets, 0);
    const start = koffi().alloc('uint8_t', Math.max(size, 8));
    const all = new Uint8Array(koffi().view(start, Math.max(size, 8)));
    const numbers = new DataView(all.buffer);
    for (const [memory, offset] of offsets) {
      const view = all.subarray(offset, offset + memory.size);
      view.set(memory.bytes);
      for (const { offset: at, target } of memory.pointers) {
        numbers.setBigUint64(offset + at, start + BigInt(offsets.get(target) ?? 0), true);
      }
      for (const { offset: at, size: width, value, translate } of memory.translations) {
        const bits = translate(value, arch);
        if (width === 8) numbers.setBigUint64(offset + at, bits, true);
        else numbers.setUint32(offset + at, Number(bits), true);
      }
      this.#parts.push({ memory, view });
    }
    this.address = start;
  }

  /** Copies back what the call has written, and gives the memory back. */
  free(): void {
    for (const { memory, view } of this.#parts) {
      // Pointers and translated fields stay as they were; the numbers beside them come back.
      const fixed = [
        ...memory.pointers.map(({ offset }) => ({ offset, size: 8 })),
        ...memory.translations,
      ];
      for (const { offset, size } of fixed)
        view.set(memory.bytes.subarray(offset, offset + size), offset);
      memory.bytes.set(view);
    }
    koffi().free(this.address);
  }
}

function place(memory: Memory, offsets: Map<Memory, number>, from: number): number {
  if (offsets.has(memory)) return from;
  offsets.set(memory, from);
  let end = Math.ceil((from + memory.size) / 16) * 16;
  for (const { target } of memory.pointers) end = place(target, offsets, end);
  return end;
}
