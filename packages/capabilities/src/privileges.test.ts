import { AT_FDCWD, int, memory, Memory, OPEN, openat, SIGNAL, syscall } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { refusalOf, run, statusAfter } from '../test/run.ts';
import {
  closeOnExec,
  setDumpable,
  setNoNewPrivileges,
  setParentDeathSignal,
} from './privileges.ts';

/** PR_GET_PDEATHSIG and PR_GET_DUMPABLE of prctl(2). */
const getSignal = syscall('prctl', [int('op'), memory('sig')]);
const getDumpable = syscall('prctl', [int('op')], 'n');
const unexpected = { code: 'ERR_UNEXPECTED', message: 'not as it was set' };

describe('setNoNewPrivileges', () => {
  it('holds for the command', async () => {
    expect((await statusAfter(() => {}))['NoNewPrivs']).toBe('0');
    expect((await statusAfter(setNoNewPrivileges))['NoNewPrivs']).toBe('1');
  });
});

describe('setParentDeathSignal', () => {
  it.each([SIGNAL.SIGKILL, SIGNAL.SIGTERM, 0] as const)('sets signal %s', async (signal) => {
    const error = await refusalOf((program) => {
      setParentDeathSignal(program, SIGNAL.SIGHUP);
      setParentDeathSignal(program, signal, process.pid);
      const found = new Memory(8);
      program.call(getSignal, 2, found);
      program.expect(program.load(found, 0, 4), { equals: signal }, unexpected);
    });
    expect(error).toBeUndefined();
  });

  it('notices that the parent is another one by now', async () => {
    const error = await refusalOf((program) =>
      setParentDeathSignal(program, SIGNAL.SIGKILL, 2 ** 22 + 1),
    );
    expect(error).toMatchObject({ code: 'ERR_PARENT_ENDED' });
  });
});

describe('setDumpable', () => {
  it.each([
    [true, 1],
    [false, 0],
  ])('%s', async (dumpable, expected) => {
    const error = await refusalOf((program) => {
      setDumpable(program, dumpable);
      program.expect(program.call(getDumpable, 3), { equals: expected }, unexpected);
    });
    expect(error).toBeUndefined();
  });
});

describe('closeOnExec', () => {
  it('leaves the command the standard descriptors', async () => {
    const { stdout } = await run(
      (program) => {
        program.call(openat, AT_FDCWD, '/dev/null', OPEN.RDONLY, 0);
        closeOnExec(program);
      },
      ['/bin/ls', '/proc/self/fd'],
    );
    // The last one is what ls(1) lists.
    expect(stdout).toBe('0\n1\n2\n3\n');
  });

  it('leaves it more if told so', async () => {
    const { stdout } = await run(
      (program) => {
        const fd = program.call(openat, AT_FDCWD, '/dev/null', OPEN.RDONLY, 0);
        program.expect(fd, { equals: 4 }, unexpected);
        closeOnExec(program, 5);
      },
      ['/bin/ls', '/proc/self/fd'],
    );
    expect(stdout).toBe('0\n1\n2\n3\n4\n5\n');
  });
});
