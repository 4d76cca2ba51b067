import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AT_FDCWD, OPEN, openat } from './calls.ts';
import { live } from './live/live.ts';
import { Program } from './program/program.ts';
import { withDescriptor } from './with-descriptor.ts';

const open = (): number =>
  Number(live.call(openat, AT_FDCWD, '/dev/null', OPEN.RDONLY | OPEN.CLOEXEC, 0));

describe('withDescriptor', () => {
  it('hands a descriptor on while it is open, and gives what came of that', () => {
    const descriptor = open();
    const isOpen = (): boolean => existsSync(`/proc/self/fd/${descriptor}`);
    expect(withDescriptor(live, descriptor, (same) => [same, isOpen()])).toEqual([
      descriptor,
      true,
    ]);
    expect(isOpen()).toBe(false);
  });

  it('closes it where the body fails', () => {
    const descriptor = open();
    const failing = (): never => {
      throw new Error(`not ${descriptor}`);
    };
    expect(() => withDescriptor(live, descriptor, failing)).toThrow(`not ${descriptor}`);
    expect(existsSync(`/proc/self/fd/${descriptor}`)).toBe(false);
  });

  it('writes the closing down behind the body', () => {
    const program = new Program();
    const file = program.call(openat, AT_FDCWD, '/dev/null', OPEN.RDONLY, 0);
    withDescriptor(program, file, () => {});
    expect(program.listing()[1]?.text).toBe('2  close(fd1)');
  });
});
