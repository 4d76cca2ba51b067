import { SystemError } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { CgroupError } from './error.ts';
import { explainFailure, withCleanup } from './failure.ts';
import type { Step } from './step.ts';

const owner = '@ts-c/cgroups';
const steps: readonly Step[] = [
  { kind: 'make', path: '/cg/c', exclusive: true },
  { kind: 'write', path: '/cg/c/f', controller: 'x', file: 'f', value: '1', key: 'one' },
  { kind: 'write', path: '/cg/c/f', controller: 'x', file: 'f', value: '2', key: 'two' },
  { kind: 'devices', path: '/cg/c', rules: [] },
];
const step = { number: 3, of: 9, call: 'write(fd, "2", 1)' };

describe('explainFailure', () => {
  it('says of a Program which step of how many it was', () => {
    const error = new SystemError({ errno: 22, syscall: 'write', path: '/cg/c/f', owner, step });
    expect(explainFailure(error, steps)).toMatchObject({
      code: 'EINVAL',
      errno: -22,
      syscall: 'write',
      key: 'two',
      value: '2',
      cause: error,
      message: expect.stringMatching(
        /^two: "2" can’t be written to \/cg\/c\/f: EINVAL: .* \(step 3 of 9, @ts-c\/cgroups\)$/,
      ) as string,
    });
  });

  it('knows a refusal of bpf(2), which tells of no path', () => {
    const error = new SystemError({ errno: 1, syscall: 'bpf', owner, step });
    expect(explainFailure(error, steps)).toMatchObject({
      code: 'EPERM',
      key: 'devices',
      path: '/cg/c',
      message: expect.stringContaining('CAP_BPF') as string,
    });
  });

  it.each([
    [30, 'mounted read-only'],
    [13, 'not delegated to this user'],
    [1, 'not delegated to this user'],
    [17, 'of that name already'],
    [2, 'somebody has removed it meanwhile'],
    [16, 'it is in use'],
    [11, 'cgroup.max.descendants'],
    [5, 'the kernel refuses'],
  ])('gives the reason for errno %d', (errno, reason) => {
    const error = new SystemError({ errno, syscall: 'mkdirat', path: '/cg/c', owner });
    const { message } = explainFailure(error, steps) as Error;
    expect(message).toContain('the cgroup /cg/c can’t be made: E');
    expect(message).toContain(reason);
  });

  it('leaves what is none of its own', () => {
    for (const error of [
      new TypeError('x'),
      'text',
      new CgroupError('EPERM', 'said already'),
      new SystemError({ errno: 1, syscall: 'bpf', owner: '@ts-c/other' }),
      new SystemError({ errno: 1, syscall: 'mkdirat', path: '/elsewhere', owner }),
    ])
      expect(explainFailure(error, steps)).toBe(error);
  });
});

it('an error and the one of cleaning up after it are told together', () => {
  const first = new CgroupError('EINVAL', 'pids: no');
  const second = new Error('it is busy');
  const both = withCleanup(first, second);
  expect(both).toBeInstanceOf(AggregateError);
  expect(both).toMatchObject({
    errors: [first, second],
    cause: first,
    code: 'EINVAL',
    message: 'pids: no; and what had been made could not all be undone: it is busy',
  });
  expect(withCleanup(new Error('plain'), second)).not.toHaveProperty('code');
});
