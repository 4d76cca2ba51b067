import { readdirSync } from 'node:fs';
import { spawnSync, type ChildProcess } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  chdir,
  Executable,
  execve,
  exitGroup,
  fd,
  live,
  Memory,
  oneOf,
  Program,
  sendReport,
  spawn,
  syscall,
  SystemError,
  uint,
} from '@ts-c/syscall';

function exit(status: number): Program {
  const program = new Program();
  program.call(exitGroup, status);
  return program;
}

/** How a process ended, and the errors that it emitted. */
async function end(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; errors: unknown[] }> {
  const errors: unknown[] = [];
  child.on('error', (error) => errors.push(error));
  return new Promise((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, errors })),
  );
}

function command(...words: string[]): Program {
  const program = new Program();
  const [file = ''] = words;
  program.call(execve, file, Memory.strings('argv', words), Memory.strings('envp', []));
  return program;
}

describe('spawn', () => {
  it.each([0, 1, 7, 255])('passes status %i on', async (status) => {
    expect(await end(spawn(exit(status)).process)).toEqual({
      code: status,
      signal: null,
      errors: [],
    });
  });

  it('tells which step failed, in the shape of Node’s errors, once', async () => {
    const program = new Program();
    program.section('@ts-c/test', 'going there', () => program.call(chdir, '/no/such/place'));
    const { code, errors } = await end(spawn(program).process);
    expect(code).toBe(125);
    expect(errors).toHaveLength(1);
    const [error] = errors as [SystemError];
    expect(error).toBeInstanceOf(SystemError);
    expect(error).toMatchObject({
      code: 'ENOENT',
      errno: -2,
      syscall: 'chdir',
      path: '/no/such/place',
      owner: '@ts-c/test',
    });
    expect(error.step).toMatchObject({ number: 1, call: 'chdir("/no/such/place")' });
    expect(error.message).toMatch(
      /^ENOENT: no such file or directory, chdir '\/no\/such\/place' \(step 1 of \d+, @ts-c\/test: going there\)$/,
    );
  });

  it('gives the streams of a ChildProcess', async () => {
    const { process: child } = spawn(command('/bin/cat'));
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdin?.end('through');
    expect((await end(child)).code).toBe(0);
    expect(output).toBe('through');
  });

  it('ends by a signal, when aborted, and after a while', async () => {
    const killed = spawn(command('/bin/sleep', '60')).process;
    killed.kill('SIGTERM');
    expect(await end(killed)).toMatchObject({ code: null, signal: 'SIGTERM' });
    const controller = new AbortController();
    const aborted = spawn(command('/bin/sleep', '60'), { signal: controller.signal }).process;
    const result = end(aborted);
    controller.abort();
    expect(await result).toMatchObject({ signal: 'SIGTERM', errors: [{ name: 'AbortError' }] });
    expect(await end(spawn(command('/bin/sleep', '60'), { timeout: 50 }).process)).toMatchObject({
      signal: 'SIGTERM',
    });
  });

  it('passes reports on before the end', async () => {
    const program = new Program();
    for (const kind of [7, 8, 9])
      sendReport(program, new Memory(40).set('u64', 0, kind).set('u64', 8, kind * 100));
    program.call(exitGroup, 0);
    const kinds: number[][] = [];
    const { process: child } = spawn(program, {}, ({ kind, payload }) =>
      kinds.push([kind, payload.readInt32LE(0)]),
    );
    const before = new Promise<number>((resolve) =>
      child.once('exit', () => resolve(kinds.length)),
    );
    await end(child);
    expect(kinds).toEqual([
      [7, 700],
      [8, 800],
      [9, 900],
    ]);
    expect(await before).toBe(3);
  });

  it('leaves no descriptor behind', async () => {
    await end(spawn(exit(0)).process);
    const count = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 50; round += 1)
      await end(spawn(exit(0), { stdio: 'ignore' }).process);
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(count);
  });
});

describe('an Executable', () => {
  const getSeals = syscall(
    'fcntl',
    [fd('fd'), oneOf('op', { F_GET_SEALS: 1034 }), uint('arg')],
    'n',
  );

  it('is a sealed memfd that can be started again and again', async () => {
    using executable = new Executable(exit(3).compile(), 'test');
    const descriptor = Number(/\d+$/.exec(executable.path)?.[0]);
    // F_SEAL_SEAL, SHRINK, GROW, WRITE; and EXEC where the kernel has it.
    expect(Number(live.call(getSeals, descriptor, 1034, 0)) & 0xf).toBe(0xf);
    for (let round = 0; round < 3; round += 1)
      expect((await end(spawn(executable).process)).code).toBe(3);
  });

  it('is of no use once it is disposed of', () => {
    const executable = new Executable(exit(0).compile());
    executable[Symbol.dispose]();
    executable[Symbol.dispose]();
    expect(() => executable.path).toThrow(/disposed/);
  });
});

describe('where the kernel refuses a memfd', () => {
  const hasStrace = spawnSync('strace', ['--version']).status === 0;
  const script = `
    import { readlinkSync } from 'node:fs';
    import { Executable, exitGroup, Program, spawn } from '@ts-c/syscall';
    const program = new Program();
    program.call(exitGroup, 5);
    const executable = new Executable(program.compile());
    console.log(readlinkSync(executable.path));
    spawn(executable).process.on('close', (code) => console.log(code));`;

  /** Runs the script with some calls of memfd_create(2) made to fail. */
  function runRefusing(inject: string): string {
    const node = [
      process.execPath,
      '--conditions=@ts-c/source',
      '--no-warnings',
      '--input-type=module',
      '-e',
      script,
    ];
    const args = [
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=memfd_create',
      '-e',
      `inject=memfd_create:${inject}`,
      ...node,
    ];
    const { stdout, stderr } = spawnSync('strace', args, {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    expect(stderr).toBe('');
    return stdout;
  }

  it.skipIf(!hasStrace)('an unlinked file serves as well (needs strace)', () => {
    expect(runRefusing('error=EACCES')).toMatch(/^\/\S+ \(deleted\)\n5\n$/);
    expect(runRefusing('error=ENOSYS')).toMatch(/^\/\S+ \(deleted\)\n5\n$/);
  });

  it.skipIf(!hasStrace)('MFD_EXEC is left out where it is not known (needs strace)', () => {
    expect(runRefusing('error=EINVAL:when=1')).toMatch(/^\/memfd:ts-c \(deleted\)\n5\n$/);
  });
});
