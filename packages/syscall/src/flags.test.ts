import { describe, expect, it } from 'vitest';
import { formatConstant, formatFlags } from './flags.ts';
import { OPEN, openFlags } from './open-flags.ts';

const table = { A: 1, B: 2, HIGH: 2n ** 63n };

describe('formatFlags', () => {
  it.each([
    [0, '0'],
    [3, 'A|B'],
    [4, '0x4'],
    [7, 'A|B|0x4'],
    [2n ** 63n, 'HIGH'],
    [2n ** 64n - 1n, 'A|B|HIGH|0x7ffffffffffffffc'],
  ])('writes %s as %s', (value, text) => {
    expect(formatFlags(table, value)).toBe(text);
  });

  it('has a name for none where the table has', () => {
    expect(formatFlags(openFlags.table, 0)).toBe('O_RDONLY');
  });
});

describe('formatConstant', () => {
  it('writes the name, or the number where there is none', () => {
    expect(formatConstant({ NONE: 0, ONE: 1 }, 0)).toBe('NONE');
    expect(formatConstant({ NONE: 0, ONE: 1 }, 1n)).toBe('ONE');
    expect(formatConstant({ ONE: 1 }, 5)).toBe('5');
  });
});

describe('flags of open(2)', () => {
  it('have other bits on arm64, and the same on x86-64', () => {
    const all = BigInt(Object.values(OPEN).reduce<number>((mask, bit) => mask | bit, 0));
    expect(openFlags.translate(all, 'x64')).toBe(all);
    expect(openFlags.translate(BigInt(OPEN.DIRECTORY), 'arm64')).toBe(0o40000n);
    expect(openFlags.translate(BigInt(OPEN.NOFOLLOW), 'arm64')).toBe(0o100000n);
    expect(openFlags.translate(BigInt(OPEN.DIRECT), 'arm64')).toBe(0o200000n);
    // O_LARGEFILE, which x86-64 has where arm64 has O_NOFOLLOW.
    expect(openFlags.translate(0o100000n, 'arm64')).toBe(0o400000n);
    const kept = BigInt(OPEN.CLOEXEC | OPEN.PATH | OPEN.RDWR | OPEN.CREAT);
    expect(openFlags.translate(kept, 'arm64')).toBe(kept);
  });
});
