import { describe, expect, it } from 'vitest';
import { checkInteger, checkString, range } from './check.ts';

describe('checkInteger', () => {
  it.each([
    ['i32', -(2 ** 31)],
    ['i32', 2 ** 31 - 1],
    ['u32', 2 ** 32 - 1],
    ['u64', 2n ** 64n - 1n],
    ['i64', -(2n ** 63n)],
    ['u8', 255n],
    ['u16', -0],
  ] as const)('lets what fits pass: %s %s', (type, value) => {
    const [min, max] = range[type];
    expect(() => checkInteger('n', value, min, max)).not.toThrow();
  });

  it.each([
    ['i32', 2 ** 31],
    ['i32', -(2 ** 31) - 1],
    ['u32', -1],
    ['u32', 2 ** 32],
    ['u64', 2n ** 64n],
    ['u64', -1n],
    ['i64', 2n ** 63n],
    ['u8', 256],
    ['i32', 1.5],
    ['i32', Number.NaN],
    ['u64', Number.POSITIVE_INFINITY],
    ['u64', 2 ** 53],
    ['i32', '1'],
    ['i32', undefined],
    ['i32', null],
    ['i32', true],
    ['i32', {}],
  ] as const)('refuses what does not: %s %s', (type, value) => {
    const [min, max] = range[type];
    expect(() => checkInteger('count', value, min, max)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringMatching(/^count: expected .*, got /),
      }),
    );
  });
});

describe('checkString', () => {
  it('refuses a NUL, which would end the string for C', () => {
    expect(() => checkString('pathname', 'a\0b')).toThrow(
      'pathname: expected a string without NUL bytes, got "a\\u0000b"',
    );
    expect(() => checkString('pathname', Buffer.from('a'))).toThrow(
      'pathname: expected a string, got Buffer',
    );
    expect(() => checkString('pathname', '')).not.toThrow();
  });
});
