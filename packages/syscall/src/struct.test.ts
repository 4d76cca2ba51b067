import { describe, expect, expectTypeOf, it } from 'vitest';
import { Memory } from './memory.ts';
import { defineStruct } from './struct.ts';
import { Slot, type Value } from './value.ts';

const pair = defineStruct('pair', {
  small: { type: 'u8' },
  number: { type: 'i32', constants: { ONE: 1 } },
  buffer: { type: 'pointer' },
  flags: { type: 'u16', flags: { A: 1, B: 2 } },
});

const translate = (value: bigint, arch: string): bigint => (arch === 'arm64' ? value << 1n : value);

describe('a struct', () => {
  it('is laid out as C does', () => {
    expect(pair.offsets).toEqual({ small: 0, number: 4, buffer: 8, flags: 16 });
    expect(pair.size).toBe(24);
    const padded = defineStruct('padded', { a: { type: 'u32' }, b: { type: 'u32', padding: 4 } });
    expect(padded).toMatchObject({ offsets: { a: 0, b: 8 }, size: 12 });
    expect(defineStruct('larger', { a: { type: 'u64' } }, 128).size).toBe(128);
  });

  it('makes bytes, and names what is in them', () => {
    const target = new Memory(4);
    const memory = pair.make({ number: -1, buffer: target, flags: 3 });
    expect(memory.get('i32', 4)).toBe(-1);
    expect(memory.get('u16', 16)).toBe(3);
    expect(memory.pointers).toEqual([{ offset: 8, target }]);
    expect(memory.describe?.()).toBe('{number=-1, buffer=[4 bytes], flags=A|B}');
    expect(pair.make({ number: 1, buffer: null }).describe?.()).toBe('{number=ONE}');
  });

  it('takes a slot where a number of 4 or 8 bytes is', () => {
    const slot = new Slot('fd1');
    const memory = pair.make({ number: slot });
    expect(memory.patches).toEqual([{ offset: 4, size: 4, value: slot }]);
    expect(memory.describe?.()).toBe('{number=fd1}');
    expect(() => pair.make({ small: slot })).toThrow(RangeError);
  });

  it('refuses what does not fit, by the name of the field', () => {
    expect(() => pair.make({ small: 256 })).toThrow('pair.small: expected a number from 0 to 255');
    expect(() => pair.make({ number: 1.5 })).toThrow('pair.number: expected a whole number');
    expect(() => pair.make({ buffer: 1 as unknown as Memory })).toThrow(/^pair.buffer: expected/);
    expect(() => pair.make({ number: new Memory(1) as unknown as Value })).toThrow(
      /^pair.number: expected a number/,
    );
    expect(() => pair.make({ nunber: 1 } as object)).toThrow(/one of the fields small, number/);
  });

  it('translates a field by architecture only when the call is made', () => {
    const { make } = defineStruct('t', { flags: { type: 'u64', translate } });
    const memory = make({ flags: 5 });
    expect(memory.get('u64', 0)).toBe(0n);
    expect(memory.translations[0]).toMatchObject({ offset: 0, size: 8, value: 5n });
    expect(() => make({ flags: -1 })).toThrow(/^t.flags: expected a number from 0/);
  });

  it('knows the types of its fields', () => {
    expectTypeOf(pair.make)
      .parameter(0)
      .toHaveProperty('number')
      .toEqualTypeOf<Value | undefined>();
    expectTypeOf(pair.make)
      .parameter(0)
      .toHaveProperty('buffer')
      .toEqualTypeOf<Memory | null | undefined>();
    // @ts-expect-error: there is no such field
    expect(() => pair.make({ nothing: 1 })).toThrow(TypeError);
  });
});
