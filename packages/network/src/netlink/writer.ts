import type { Slot } from '@ts-c/syscall';

/** Bytes that grow as a message is written. Numbers are little-endian, as on both architectures, unless their name says otherwise. */
export class Writer {
  #bytes: Buffer;
  #end = 0;
  readonly #slots: { readonly offset: number; readonly slot: Slot }[] = [];

  constructor(room = 256) {
    this.#bytes = Buffer.alloc(room);
  }

  /** How many bytes there are so far. */
  get length(): number {
    return this.#end;
  }

  /** Makes room for so many bytes, which are zero, and tells where they begin. */
  reserve(size: number): number {
    const start = this.#end;
    this.#end += size;
    if (this.#end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#end, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    return start;
  }

  /** Adds zeros up to the next multiple of four, to which netlink aligns everything. */
  align(): void {
    this.reserve(-this.#end & 3);
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.#bytes.writeUInt16LE(value, at);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.#bytes.writeUInt32LE(value, at);
  }

  i32(value: number): void {
    const at = this.reserve(4);
    this.#bytes.writeInt32LE(value, at);
  }

  /** Leaves the place of a number of 32 bits that is known only when a Program runs. */
  slot(slot: Slot): void {
    this.#slots.push({ offset: this.reserve(4), slot });
  }

  /** The places of such numbers. */
  get slots(): readonly { readonly offset: number; readonly slot: Slot }[] {
    return this.#slots;
  }

  u64(value: bigint): void {
    const at = this.reserve(8);
    this.#bytes.writeBigUInt64LE(value, at);
  }

  be16(value: number): void {
    const at = this.reserve(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  be32(value: number): void {
    const at = this.reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  be64(value: bigint): void {
    const at = this.reserve(8);
    this.#bytes.writeBigUInt64BE(value, at);
  }

  write(bytes: Uint8Array): void {
    const at = this.reserve(bytes.byteLength);
    this.#bytes.set(bytes, at);
  }

  text(value: string): void {
    const at = this.reserve(Buffer.byteLength(value));
    this.#bytes.write(value, at);
  }

  /** Writes a length into bytes that have been reserved before. */
  putU16(at: number, value: number): void {
    this.#bytes.writeUInt16LE(value, at);
  }

  /** Writes a length into bytes that have been reserved before. */
  putU32(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }

  /** What has been written. It is not copied. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }
}
