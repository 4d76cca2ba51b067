import { describe, expect, expectTypeOf, it } from 'vitest';
import { AT_FDCWD, openat, pipe2, read, statx } from './calls.ts';
import { Memory } from './memory.ts';
import { fd, flags, int, memory, mode, oneOf, path, text, type Arguments } from './parameter.ts';
import { checkArguments, formatCall, syscall } from './syscall.ts';
import { Slot, type Value } from './value.ts';

const slot = new Slot('fd1');

describe('a parameter', () => {
  it.each([
    [int('n'), -1, '-1'],
    [int('n'), slot, 'fd1'],
    [fd('fd'), AT_FDCWD, 'AT_FDCWD'],
    [mode('mode'), 0o1755, '01755'],
    [mode('mode'), slot, 'fd1'],
    [oneOf('op', { ONE: 1 }), 1, 'ONE'],
    [oneOf('op', { ONE: 1 }), 2, '2'],
    [flags('flags', { A: 1, B: 2 }), 7, 'A|B|0x4'],
    [path('p'), 'a "b"\n', '"a \\"b\\"\\n"'],
    [text('t'), null, 'NULL'],
    [memory('m'), new Memory(3), '[3 bytes]'],
    [memory('m'), Memory.text('t', 'hi'), '"hi"'],
    [memory('m'), null, 'NULL'],
  ])('of a listing reads well (%#)', (parameter, value, expected) => {
    parameter.check(value as never);
    expect(parameter.format(value as never)).toBe(expected);
  });
});

describe('checkArguments', () => {
  const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };

  it('wants as many arguments as the call has', () => {
    expect(() => checkArguments(openat, [AT_FDCWD, 'a', 0])).toThrow(
      expect.objectContaining({ ...refused, message: 'openat: expected 4 arguments, got 3' }),
    );
    expect(() => checkArguments(openat, [AT_FDCWD, 'a', 0, 0, 0])).toThrow(/4 arguments, got 5/);
  });

  it('lets no call read or write beyond its memory', () => {
    expect(() => checkArguments(read, [0, new Memory(4), 5])).toThrow(
      expect.objectContaining({
        ...refused,
        message: "count: expected at most the 4 bytes of 'buf', got 5",
      }),
    );
    expect(() => checkArguments(read, [0, new Memory(4), 5n])).toThrow(TypeError);
    for (const count of [0, 4, 4n, slot])
      expect(() => checkArguments(read, [0, new Memory(4), count])).not.toThrow();
    // The kernel itself answers EFAULT.
    expect(() => checkArguments(read, [0, null, 5])).not.toThrow();
    expect(() => checkArguments(pipe2, [new Memory(7), 0])).toThrow(
      'pipefd: expected Memory of 8 bytes or more',
    );
    expect(() => checkArguments(statx, [0, '', 0, 0, new Memory(255)])).toThrow(/256 bytes/);
  });

  it('takes nothing for memory that is none', () => {
    for (const wrong of [undefined, 0, 4096n, 'text', Buffer.alloc(8), {}])
      expect(() => checkArguments(read, [0, wrong, 0])).toThrow(expect.objectContaining(refused));
  });
});

describe('a system call', () => {
  it('has six arguments at most', () => {
    expect(() =>
      syscall(
        'ioctl',
        Array.from({ length: 7 }, () => int('n')),
      ),
    ).toThrow(TypeError);
  });

  it('is written as strace writes it', () => {
    expect(formatCall(openat, [AT_FDCWD, '/tmp', 0o2000000, 0])).toBe(
      'openat(AT_FDCWD, "/tmp", O_CLOEXEC, 00)',
    );
  });

  it('knows the types of its arguments', () => {
    expectTypeOf<Arguments<(typeof read)['parameters']>>().toEqualTypeOf<
      readonly [Value, Memory | null, Value]
    >();
    expectTypeOf<Arguments<(typeof openat)['parameters']>>().toEqualTypeOf<
      readonly [Value, string | null, Value, Value]
    >();
  });
});
