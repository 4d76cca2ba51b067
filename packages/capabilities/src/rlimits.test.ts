import { Program } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { isRefusal, refusalOf, run } from '../test/run.ts';
import { parseResourceLimit, setResourceLimits, type ResourceLimits } from './rlimits.ts';

const wrong = expect.objectContaining({ code: 'ERR_RESOURCE_LIMIT' }) as Error;

describe('parseResourceLimit', () => {
  it.each([
    ['nofile=1024:2048', 'NOFILE', 1024n, 2048n],
    ['NOFILE=5', 'NOFILE', 5n, 5n],
    ['rlimit_core=0:unlimited', 'CORE', 0n, 'unlimited'],
    ['RLIMIT_AS=-1', 'AS', 'unlimited', 'unlimited'],
    ['stack=18446744073709551615', 'STACK', 18446744073709551615n, 18446744073709551615n],
  ])('reads %s', (text, name, soft, hard) => {
    expect(parseResourceLimit(text)).toEqual({ name, limit: { soft, hard } });
  });

  it.each([
    '',
    'nofile',
    'nofile=',
    '=5',
    'nofile=1:',
    'nofile=1:2:3',
    'nofile=two',
    'nofile=1.5',
    'nofile=-2',
    'nofile=0x10',
    'nofile=2:1',
    'nofile=unlimited:1',
    'files=1',
    'toString=1',
  ])('refuses %j', (text) => {
    expect(() => parseResourceLimit(text)).toThrow(wrong);
  });

  it('refuses more than 64 bits', () => {
    expect(() => parseResourceLimit('nofile=18446744073709551616')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});

describe('setResourceLimits', () => {
  it('sets them for the command', async () => {
    const limits: ResourceLimits = {
      NOFILE: { soft: 100, hard: 200n },
      CORE: { soft: 0, hard: 'unlimited' },
      CPU: { soft: 1000, hard: -1 },
    };
    const { stdout } = await run(
      (program) => setResourceLimits(program, limits),
      ['/bin/cat', '/proc/self/limits'],
    );
    expect(stdout).toMatch(/^Max open files +100 +200 +files/m);
    expect(stdout).toMatch(/^Max core file size +0 +unlimited +bytes/m);
    expect(stdout).toMatch(/^Max cpu time +1000 +unlimited +seconds/m);
  });

  it('reads well in a listing', () => {
    const program = new Program();
    setResourceLimits(program, { NOFILE: { soft: 1, hard: 'unlimited' } });
    expect(program.toString()).toContain(
      'prlimit64(0, RLIMIT_NOFILE, {rlim_cur=1, rlim_max=RLIM64_INFINITY}, NULL)',
    );
  });

  it('says which limit the kernel refuses', async () => {
    // The number of files can't be unlimited, not even for root.
    const limits: ResourceLimits = { NOFILE: { soft: 'unlimited', hard: 'unlimited' } };
    const error = await refusalOf((program) => setResourceLimits(program, limits));
    expect(isRefusal(error, 'EPERM', 'prlimit64')).toBe(true);
    expect(error?.message).toContain('@ts-c/capabilities: the limit of NOFILE');
  });

  it.each([
    [{ FILES: { soft: 1, hard: 1 } }, 'ERR_RESOURCE_LIMIT'],
    [{ NOFILE: { soft: 2, hard: 1 } }, 'ERR_RESOURCE_LIMIT'],
    [{ NOFILE: { soft: 1.5, hard: 2 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ NOFILE: { soft: -2, hard: 2 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ NOFILE: { soft: '1', hard: 2 } }, 'ERR_INVALID_ARG_VALUE'],
    [{ NOFILE: { soft: 1 } }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %j', (limits, code) => {
    expect(() => setResourceLimits(new Program(), limits as ResourceLimits)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
