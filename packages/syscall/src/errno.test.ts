import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errnoCode, errnoNumber, type ErrnoCode } from './errno.ts';
import { getSystemErrorMessage } from './message.ts';

const headers = ['errno-base.h', 'errno.h'].map((name) => `/usr/include/asm-generic/${name}`);

describe('error numbers', () => {
  it.runIf(process.platform === 'linux')('are those of Node', () => {
    for (const [name, number] of Object.entries(constants.errno as Record<string, number>))
      expect([name, errnoNumber(name as ErrnoCode)]).toEqual([name, number]);
  });

  it.skipIf(!headers.every((file) => existsSync(file)))(
    'are those of the kernel’s headers (needs linux-libc-dev)',
    () => {
      const text = headers.map((file) => readFileSync(file, 'utf8')).join('');
      const found = [...text.matchAll(/^#define\s+(E\w+)\s+(\d+)/gm)];
      expect(found.length).toBeGreaterThan(130);
      for (const [, name, number] of found) {
        expect([name, errnoNumber(name as ErrnoCode)]).toEqual([name, Number(number)]);
        expect([number, errnoCode(Number(number))]).toEqual([number, name]);
      }
    },
  );

  it('have their other names too', () => {
    expect(errnoNumber('EWOULDBLOCK')).toBe(errnoNumber('EAGAIN'));
    expect(errnoNumber('ENOTSUP')).toBe(95);
  });

  it('without a name are called by their number', () => {
    expect([0, 41, 58, 134, 4095].map(errnoCode)).toEqual(['E0', 'E41', 'E58', 'E134', 'E4095']);
    expect(() => errnoNumber('ENOSUCH')).toThrow('no such error name: ENOSUCH');
    expect(() => errnoNumber('E41')).toThrow(RangeError);
  });
});

describe('their messages', () => {
  it('are those of Node, where it has one', () => {
    expect(getSystemErrorMessage(2)).toBe(getSystemErrorMap().get(-2)?.[1]);
    expect(getSystemErrorMessage(38)).toBe('function not implemented');
    expect(getSystemErrorMessage(4000)).toBe('unknown error');
  });
});
