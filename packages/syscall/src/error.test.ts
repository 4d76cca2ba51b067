import { describe, expect, it } from 'vitest';
import { isErrno, problemError, SystemError } from './error.ts';

const base = { errno: 1, syscall: 'mount' };

describe('SystemError', () => {
  it('has the shape of Node’s own errors', () => {
    const error = new SystemError({ ...base, path: 'tmpfs', dest: '/dev' });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'SystemError',
      code: 'EPERM',
      errno: -1,
      syscall: 'mount',
      path: 'tmpfs',
      dest: '/dev',
    });
    expect(error.message).toBe("EPERM: operation not permitted, mount 'tmpfs' -> '/dev'");
  });

  it('says where in a Program it came from', () => {
    const step = { number: 23, of: 61, call: 'mount(…)' };
    expect(new SystemError({ ...base, owner: '@ts-c/mount', title: '/dev', step }).message).toBe(
      'EPERM: operation not permitted, mount (step 23 of 61, @ts-c/mount: /dev)',
    );
  });

  it('has no property for what it does not know', () => {
    const error = new SystemError(base);
    expect(Object.keys(error)).not.toContain('path');
    expect(new SystemError({ ...base, dest: 'x' }).message).toMatch(/mount -> 'x'$/);
  });
});

describe('isErrno', () => {
  it('knows an error by its names', () => {
    const error = new SystemError({ errno: 11, syscall: 'read' });
    expect(isErrno(error, 'EAGAIN')).toBe(true);
    expect(isErrno(error, 'ENOENT', 'EWOULDBLOCK')).toBe(true);
    expect(isErrno(error, 'ENOENT')).toBe(false);
    expect(isErrno(Object.assign(new Error('other'), { code: 'EAGAIN' }), 'EAGAIN')).toBe(false);
  });
});

describe('problemError', () => {
  it('carries the code, and a number where the code is one of the kernel’s', () => {
    expect(problemError({ code: 'ERR_NOT_PROCFS', message: 'no' })).toMatchObject({
      code: 'ERR_NOT_PROCFS',
      message: 'no',
    });
    const section = { owner: '@ts-c/mount', title: 'x' };
    expect(problemError({ code: 'ENOTDIR', message: 'no' }, section)).toMatchObject({
      code: 'ENOTDIR',
      errno: -20,
      ...section,
    });
  });
});
