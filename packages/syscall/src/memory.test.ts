import { describe, expect, it } from 'vitest';
import { everyMemory, Memory, setWord } from './memory.ts';
import { Slot } from './value.ts';

describe('Memory', () => {
  it.each([
    ['u8', 255, 'ff00000000000000'],
    ['u16', 0x1234, '3412000000000000'],
    ['u32', 2 ** 32 - 1, 'ffffffff00000000'],
    ['i32', -2, 'feffffff00000000'],
    ['i64', -2, 'feffffffffffffff'],
    ['u64', 2 ** 53 - 1, 'ffffffffffff1f00'],
    ['u64', 2n ** 64n - 1n, 'ffffffffffffffff'],
    ['i64', -(2 ** 53 - 1), '010000000000e0ff'],
  ] as const)('writes and reads a %s: %s', (type, value, hex) => {
    const memory = new Memory(8).set(type, 0, value);
    expect(Buffer.from(memory.bytes).toString('hex')).toBe(hex);
    expect(BigInt(memory.get(type, 0))).toBe(BigInt(value));
  });

  it('writes into a part of other bytes, and does not copy them', () => {
    const bytes = new Uint8Array(8);
    new Memory(bytes.subarray(4)).set('u8', 0, 7).write(1, Uint8Array.of(8, 9));
    expect([...bytes]).toEqual([0, 0, 0, 0, 7, 8, 9, 0]);
  });

  it('refuses what lies outside, and what does not fit', () => {
    const memory = new Memory(8);
    for (const outside of [-1, 1, 8, 0.5, Number.NaN]) {
      expect(() => memory.set('u64', outside, 0)).toThrow(RangeError);
      expect(() => memory.get('u64', outside)).toThrow(RangeError);
      expect(() => memory.pointer(outside, memory)).toThrow(RangeError);
    }
    expect(() => memory.write(7, Uint8Array.of(1, 2))).toThrow(RangeError);
    expect(() => memory.set('u8', 0, 256)).toThrow('field at 0: expected a number from 0 to 255');
    expect(() => memory.set('u8', 0, new Slot('fd1'))).toThrow(RangeError);
    expect(() => new Memory(-1)).toThrow(TypeError);
    expect(() => new Memory(1.5)).toThrow(TypeError);
  });

  it('can no longer be changed once it is frozen, but read', () => {
    const memory = new Memory(8);
    memory.freeze();
    expect(() => memory.set('u8', 0, 1)).toThrow(/belongs to a Program/);
    expect(() => memory.write(0, Uint8Array.of(1))).toThrow(/belongs to a Program/);
    expect(() => memory.pointer(0, memory)).toThrow(/belongs to a Program/);
    expect(memory.get('u64', 0)).toBe(0n);
    const bytes = Uint8Array.of(1);
    const taken = new Memory(bytes);
    taken.freeze();
    bytes[0] = 2;
    expect([taken.bytes[0], taken.get('u8', 0)]).toEqual([1, 1]);
  });

  it('holds strings as execve(2) takes them', () => {
    const argv = Memory.strings('argv', ['a', 'ü']);
    expect(argv.size).toBe(24);
    expect(argv.pointers.map(({ offset, target }) => [offset, [...target.bytes]])).toEqual([
      [0, [0x61, 0]],
      [8, [0xc3, 0xbc, 0]],
    ]);
    expect(argv.describe?.()).toBe('["a", "ü"]');
    expect(() => Memory.strings('argv', ['ok', 'a\0b'])).toThrow(/^argv\[1\]: expected/);
  });
});

describe('everyMemory', () => {
  it('follows pointers, also in circles', () => {
    const [first, second] = [new Memory(8), new Memory(16)];
    first.pointer(0, second);
    second.pointer(0, first).pointer(8, second);
    expect(everyMemory(first)).toEqual([first, second]);
  });
});

describe('setWord', () => {
  it.each([0, -0, -1, 1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53 - 1), 4294967295])(
    'writes %s as a bigint would be written',
    (value) => {
      const view = new DataView(new ArrayBuffer(8));
      setWord(view, 0, value);
      expect(view.getBigInt64(0, true)).toBe(BigInt(value));
    },
  );
});
