import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import {
  AT_FDCWD,
  close,
  dup3,
  execve,
  exitGroup,
  Memory,
  mkdirat,
  mknodat,
  OPEN,
  openat,
  Program,
  setsid,
  spawn,
  type Value,
} from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { isRoot, link, makedev, ownDev, temporaryDirectory } from '../test/container.ts';
import { bindConsole, takeTerminal } from './console.ts';
import { openTerminal } from './open.ts';

const S_IFIFO = 0o010000;
const S_IFCHR = 0o020000;

interface Result {
  readonly stdout: string;
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Runs steps that are given a /dev of their own and the slave of a new terminal of it, and then a shell script. */
async function run(
  steps: (program: Program, dev: Value, slave: Value) => void,
  script?: string,
): Promise<Result> {
  const program = new Program();
  const { dev, devpts } = ownDev(program);
  const { master, slave } = openTerminal(program, devpts);
  // For as long as the script has it, the terminal is there.
  program.call(dup3, master, 10, 0);
  steps(program, dev, slave);
  if (script === undefined) {
    program.call(exitGroup, 0);
  } else {
    const argv = Memory.strings('argv', ['sh', '-c', script]);
    program.call(execve, '/bin/sh', argv, Memory.strings('envp', ['PATH=/usr/bin:/bin']));
  }
  const { process: child } = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
  let stdout = '';
  let error: NodeJS.ErrnoException | undefined;
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.on('error', (reported) => (error = reported));
  await new Promise((resolve) => {
    child.once('close', resolve);
  });
  return { stdout, error };
}

describe.skipIf(!isRoot)('bindConsole (needs root)', () => {
  const look = 'stat -c "%F %t:%T" /dev/console /dev/pts/0';
  const terminal = 'character special file 88:0\n';

  it('makes a file to mount the terminal onto', async () => {
    expect(await run(bindConsole, look)).toEqual({ stdout: terminal + terminal, error: undefined });
  });

  it.each([
    ['an empty file', 0o100000, 0],
    ['a FIFO, which nobody has opened', S_IFIFO, 0],
    ['a device', S_IFCHR, makedev(5, 1)],
    ['a device that does not exist', S_IFCHR, makedev(250, 250)],
  ])('mounts over %s', async (_what, type, device) => {
    const result = await run((program, dev, slave) => {
      program.call(mknodat, dev, 'console', type | 0o600, device);
      bindConsole(program, dev, slave);
    }, look);
    expect(result).toEqual({ stdout: terminal + terminal, error: undefined });
  });

  it.each(['there', 'not-there'])('follows no link to what is %s', async (name) => {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/there`, 'as it was');
    const { error } = await run((program, dev, slave) => {
      link(program, `${directory}/${name}`, dev, 'console');
      bindConsole(program, dev, slave);
    });
    expect(error).toMatchObject({ code: 'ELOOP', syscall: 'openat2', path: '/dev/console' });
    expect(readdirSync(directory)).toEqual(['there']);
    expect(readFileSync(`${directory}/there`, 'utf8')).toBe('as it was');
  });

  it('follows no link within /dev either', async () => {
    const { error } = await run((program, dev, slave) => {
      link(program, 'null', dev, 'console');
      bindConsole(program, dev, slave);
    });
    expect(error).toMatchObject({ code: 'ELOOP' });
  });

  it('mounts onto no directory', async () => {
    const { error } = await run((program, dev, slave) => {
      program.call(mkdirat, dev, 'console', 0o755);
      bindConsole(program, dev, slave);
    });
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'move_mount' });
    expect(error?.message).toContain('@ts-c/terminal');
  });

  it('leaves nothing open', async () => {
    const { error } = await run((program, dev, slave) => {
      const opened = (): Value => program.call(openat, AT_FDCWD, '/dev/null', OPEN.RDONLY, 0);
      // Behind the reports, /dev, its devpts, and both sides of the terminal.
      const lowest = { equals: 8 };
      const problem = { code: 'ERR_LEAK', message: 'a descriptor is open' };
      const before = opened();
      program.expect(before, lowest, problem);
      program.call(close, before);
      bindConsole(program, dev, slave);
      program.expect(opened(), lowest, problem);
    });
    expect(error).toBeUndefined();
  });
});

describe.skipIf(!isRoot)('takeTerminal (needs root)', () => {
  it('takes a session that is led by the process', async () => {
    const { error } = await run((program, _dev, slave) => takeTerminal(program, slave));
    expect(error).toMatchObject({ code: 'EPERM', syscall: 'ioctl' });
  });

  it('makes it the controlling terminal and the standard streams', async () => {
    const { stdout, error } = await run((program, _dev, slave) => {
      // Where standard output went before, for the script to tell us.
      program.call(dup3, 1, 9, 0);
      program.call(setsid);
      takeTerminal(program, slave);
    }, '{ tty; echo > /dev/tty && readlink /proc/self/fd/0 /proc/self/fd/2; } >&9');
    expect(error).toBeUndefined();
    expect(stdout).toBe('/dev/pts/0\n/dev/pts/0\n/dev/pts/0\n');
  });
});
