import type { Arch } from '../arch.ts';
import { layout } from './layout.ts';

const machine: Record<Arch, number> = { x64: 62, arm64: 183 };
const segment = { load: 1, stack: 0x6474e551 } as const;
const flag = { execute: 1, write: 2, read: 4 } as const;
// The largest page size of either architecture: addresses and file offsets agree modulo this.
const pageSize = 0x10000n;

/**
 * Writes a static ELF executable of two segments: text (read and execute), and data (read and write) followed by `zeroes` bytes
 * that the file does not hold. Follows elf(5).
 */
export function writeElf(
  arch: Arch,
  text: Uint8Array,
  data: Uint8Array,
  zeroes: number,
): Uint8Array {
  const { textOffset, dataOffset, textBase, dataBase } = layout;
  if (textOffset + text.length > dataOffset)
    throw new RangeError('the interpreter does not fit in front of the data');
  const file = new Uint8Array(dataOffset + data.length);
  file.set(text, textOffset);
  file.set(data, dataOffset);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, machine[arch], true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(textBase + textOffset), true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 3, true);
  view.setUint16(58, 64, true);

  const headers: SegmentHeader[] = [
    {
      type: segment.load,
      flags: flag.read | flag.execute,
      offset: 0,
      base: textBase,
      size: textOffset + text.length,
    },
    {
      type: segment.load,
      flags: flag.read | flag.write,
      offset: dataOffset,
      base: dataBase,
      size: data.length,
      memory: data.length + zeroes,
    },
    { type: segment.stack, flags: flag.read | flag.write, offset: 0, base: 0, size: 0 },
  ];
  headers.forEach((header, index) => writeSegment(view, 64 + 56 * index, header));
  return file;
}

interface SegmentHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly base: number;
  readonly size: number;
  readonly memory?: number;
}

function writeSegment(view: DataView, at: number, header: SegmentHeader): void {
  const address = BigInt(header.base === 0 ? 0 : header.base + header.offset);
  view.setUint32(at, header.type, true);
  view.setUint32(at + 4, header.flags, true);
  view.setBigUint64(at + 8, BigInt(header.offset), true);
  view.setBigUint64(at + 16, address, true);
  view.setBigUint64(at + 24, address, true);
  view.setBigUint64(at + 32, BigInt(header.size), true);
  view.setBigUint64(at + 40, BigInt(header.memory ?? header.size), true);
  view.setBigUint64(at + 48, header.type === segment.load ? pageSize : 16n, true);
}
