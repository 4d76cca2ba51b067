import { spawnSync, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { execve, exitGroup, OPEN, openat, read, AT_FDCWD } from './calls.ts';
import { Executable } from './executable.ts';
import { Memory } from './memory.ts';
import { Program } from './program/program.ts';
import { reportSize, sendReport } from './program/report.ts';
import { spawn } from './spawn.ts';

const isRoot = process.getuid?.() === 0;

function shell(script: string, options?: { reportFd: number }): Program {
  const program = new Program(options);
  const argv = Memory.strings('argv', ['sh', '-c', script]);
  program.call(execve, '/bin/sh', argv, Memory.strings('envp', ['PATH=/bin:/usr/bin']));
  return program;
}

const fds = (): number => readdirSync('/proc/self/fd').length;

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly errors: readonly unknown[];
}

/** How a process ended, and what it said. */
async function end(child: ChildProcess): Promise<End> {
  let output = '';
  const errors: unknown[] = [];
  for (const stream of child.stdio)
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.on('error', (error) => errors.push(error));
  return new Promise((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, output, errors })),
  );
}

describe('the streams of a Program', () => {
  it('are pipes unless told otherwise, and what child_process takes', async () => {
    expect(await end(spawn(shell('echo out; echo err >&2')).process)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^(out\nerr|err\nout)\n$/),
    });
    const ignored = spawn(shell('echo out'), { stdio: 'ignore' }).process;
    expect(ignored.stdout).toBeNull();
    expect((await end(ignored)).code).toBe(0);
    const mixed = spawn(shell('echo out; echo err >&2'), { stdio: ['ignore', 'ignore', 'pipe'] });
    expect((await end(mixed.process)).output).toBe('err\n');
  });

  it('may be files', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-spawn-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'out');
    const out = openSync(file, 'w');
    const ended = end(spawn(shell('echo out'), { stdio: ['ignore', out, 'inherit'] }).process);
    closeSync(out);
    expect((await ended).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('out\n');
  });

  it('make room for the reports, or leave the third descriptor to the command', async () => {
    const extra = ['ignore', 'ignore', 'ignore', 'pipe'] as const;
    const moved = spawn(shell('echo four >&4'), { stdio: [...extra] }).process;
    expect((await end(moved)).output).toBe('four\n');
    const kept = spawn(shell('echo three >&3', { reportFd: 9 }), { stdio: [...extra] }).process;
    expect((await end(kept)).output).toBe('three\n');
    // What nobody has asked for is not open: 3 is the folder that ls reads.
    const closed = spawn(shell('ls /proc/self/fd', { reportFd: 9 }), { stdio: 'pipe' }).process;
    const open = (await end(closed)).output.trim().split('\n').map(Number);
    expect(open.filter((fd) => fd < 10)).toEqual([0, 1, 2, 3, 9]);
  });

  it('are at most 63, so that none is laid over the executable', () => {
    const stdio = Array.from({ length: 64 }, () => 'ignore' as const);
    const before = fds();
    expect(() => spawn(shell('true'), { stdio })).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(fds()).toBe(before);
  });

  it('leave as much room as a high descriptor for reports takes', async () => {
    const { process: child } = spawn(shell('echo here', { reportFd: 200 }));
    expect(await end(child)).toMatchObject({ code: 0, output: 'here\n' });
  });

  it('carry messages to the Program beside its reports', async () => {
    const program = new Program();
    const message = new Memory(reportSize);
    const count = program.call(read, program.reportFd, message, reportSize);
    program.expect(count, { equals: reportSize }, { code: 'ERR_SHORT', message: 'short' });
    sendReport(program, message);
    program.call(exitGroup, 0);
    const reports: unknown[] = [];
    const { process: child, control } = spawn(program, { stdio: 'ignore' }, (report) =>
      reports.push([report.kind, report.payload.readInt32LE(0)]),
    );
    const sent = Buffer.alloc(reportSize);
    sent.writeInt32LE(77, 0);
    sent.writeInt32LE(-5, 8);
    control.write(sent);
    expect(await end(child)).toMatchObject({ code: 0, errors: [] });
    expect(reports).toEqual([[77, -5]]);
  });
});

describe('a Program that is stopped', () => {
  it('gets the signal that was chosen', async () => {
    const options = { killSignal: 'SIGKILL', timeout: 30 } as const;
    expect(await end(spawn(shell('exec sleep 60'), options).process)).toMatchObject({
      code: null,
      signal: 'SIGKILL',
    });
  });

  it('by a signal that was aborted before it began is stopped all the same', async () => {
    const { process: child } = spawn(shell('exec sleep 60'), { signal: AbortSignal.abort() });
    const { errors, code } = await end(child);
    expect(code).toBeNull();
    expect(errors).toMatchObject([{ name: 'AbortError' }]);
  });
});

describe('what can’t be started', () => {
  it('names the step: a command that does not exist, that is a directory, that is no program', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-spawn-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    for (const [file, code] of [
      ['/no/such/command', 'ENOENT'],
      [directory, 'EACCES'],
      ['/etc/passwd/x', 'ENOTDIR'],
    ] as const) {
      const program = new Program();
      program.call(execve, file, Memory.strings('argv', ['x']), Memory.strings('envp', []));
      const { errors, code: status } = await end(spawn(program).process);
      expect(status).toBe(125);
      expect(errors).toMatchObject([
        { code, syscall: 'execve', path: file, step: { number: 1, of: 3 } },
      ]);
    }
  });

  it('is told as child_process tells it: a directory that does not exist', async () => {
    const { process: child } = spawn(shell('true'), { cwd: '/no/such/place' });
    const error = await new Promise((resolve) => child.once('error', resolve));
    expect(error).toMatchObject({ code: 'ENOENT' });
    expect(child.pid).toBeUndefined();
  });

  it('leaves no descriptor behind', async () => {
    const program = new Program();
    program.call(openat, AT_FDCWD, '/no/such/file', OPEN.RDONLY, 0);
    const round = (options: { cwd?: string }): Promise<unknown> => {
      const { process: child } = spawn(program, { ...options, stdio: 'ignore' });
      return new Promise((resolve) => {
        child.once('error', () => setImmediate(resolve));
      });
    };
    await round({});
    await round({ cwd: '/no/such/place' });
    const before = fds();
    for (let count = 0; count < 20; count += 1)
      await round(count % 2 === 0 ? {} : { cwd: '/no/such/place' });
    expect(fds()).toBeLessThanOrEqual(before);
  });

  it('where there are no descriptors left is an error, and no crash', () => {
    const script = `
      import { openSync } from 'node:fs';
      import { Executable, exitGroup, Program, spawn } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      const program = new Program();
      program.call(exitGroup, 0);
      const executable = new Executable(program.compile());
      const open = [];
      for (const spare of [0, 1, 2, 3, 4, 5]) {
        try { for (;;) open.push(openSync('/', 'r')); } catch {}
        for (let count = 0; count < spare; count += 1) process.getBuiltinModule('fs').closeSync(open.pop());
        let said;
        try {
          const { process: child } = spawn(executable, { stdio: 'pipe' });
          said = await new Promise((resolve) => {
            child.once('error', ({ code }) => resolve(code));
            child.once('exit', resolve);
          });
        } catch ({ code }) {
          said = code;
        }
        console.log(said);
      }`;
    const node = [
      process.execPath,
      '--conditions=@ts-c/source',
      '--no-warnings',
      '--input-type=module',
    ];
    const words = [...node, '-e', script].map(
      (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`,
    );
    const { stdout, stderr, status } = spawnSync(
      'sh',
      ['-c', `ulimit -n 120; exec ${words.join(' ')}`],
      { encoding: 'utf8', timeout: 15_000 },
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout.trim().split('\n')).toHaveLength(6);
    expect(stdout).toMatch(/^(EMFILE\n|0\n)+$/);
    expect(stdout).toMatch(/^EMFILE/);
  });
});

describe('an Executable', () => {
  it.skipIf(!isRoot)('runs as another user (needs root)', async () => {
    using executable = new Executable(shell('id -u; id -g').compile());
    const { process: child } = spawn(executable, { uid: 1234, gid: 4321 });
    expect(await end(child)).toMatchObject({ code: 0, output: '1234\n4321\n', errors: [] });
  });

  it('can’t be changed, not even by who may open it for writing', () => {
    using executable = new Executable(shell('true').compile());
    const file = openSync(executable.path, 'r+');
    try {
      const refused = expect.objectContaining({ code: 'EPERM' });
      expect(() => writeSync(file, 'x')).toThrow(refused);
      expect(() => ftruncateSync(file, 0)).toThrow(refused);
      expect(() => ftruncateSync(file, 2 ** 20)).toThrow(refused);
    } finally {
      closeSync(file);
    }
  });

  it('runs many times at once', async () => {
    using executable = new Executable(shell('exit 4').compile());
    const ends = await Promise.all(
      Array.from({ length: 20 }, () => end(spawn(executable, { stdio: 'ignore' }).process)),
    );
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([4]));
  });
});
