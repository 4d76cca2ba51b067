import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../test/run.ts';
import { execute } from './execute.ts';
import { Program } from '@ts-c/syscall';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ts-c-execute-'));
  mkdirSync(join(directory, 'denied'));
  mkdirSync(join(directory, 'fine'));
  writeFileSync(join(directory, 'denied', 'tool'), '#!/bin/sh\necho denied\n', { mode: 0o644 });
  writeFileSync(join(directory, 'fine', 'tool'), '#!/bin/sh\necho fine\n', { mode: 0o755 });
  writeFileSync(join(directory, 'lost'), '#!/no/such/interpreter\n', { mode: 0o755 });
  writeFileSync(join(directory, 'text'), 'no program\n', { mode: 0o755 });
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('a command that can not be executed', () => {
  it.each([
    [
      'was not found',
      '/no/such/command',
      127,
      'ENOENT',
      "no such file or directory, execve '/no/such/command'",
    ],
    [
      'was not found in PATH',
      'no-such-command',
      127,
      'ENOENT',
      "no such file or directory, execve 'no-such-command'",
    ],
    [
      'lies under a file',
      '/etc/passwd/x',
      127,
      'ENOENT',
      "no such file or directory, execve '/etc/passwd/x'",
    ],
    ['is not executable', '/etc/passwd', 126, 'EACCES', "permission denied, execve '/etc/passwd'"],
    ['is a directory', '/etc', 126, 'EACCES', "permission denied, execve '/etc'"],
  ])('ends with its status where it %s', async (_, command, status, code, message) => {
    const { errors, ...result } = await run(command, [], { namespaces: { uts: true, pid: true } });
    expect(result).toMatchObject({ code: status, signal: null });
    expect(errors).toMatchObject([
      { code, syscall: 'execve', path: command, message: expect.stringContaining(message) },
    ]);
    expect(errors[0]?.errno).toBe(code === 'ENOENT' ? -2 : -13);
  });

  it('is no program', async () => {
    expect(await run(join(directory, 'text'))).toMatchObject({
      code: 126,
      errors: [{ code: 'ENOEXEC' }],
    });
  });

  it('lacks its interpreter, and the error says so', async () => {
    const { code, errors } = await run(join(directory, 'lost'));
    expect(code).toBe(126);
    expect(errors).toMatchObject([
      { code: 'ENOENT', message: expect.stringContaining('interpreter') },
    ]);
  });
});

const PATH = (...names: string[]): string => names.map((name) => join(directory, name)).join(':');

describe('the search in PATH', () => {
  it('goes on behind what is not there, no directory, or not executable', async () => {
    const env = { PATH: `/no/such:/etc/passwd:${PATH('denied', 'fine')}` };
    expect(await run('tool', [], { env })).toMatchObject({ code: 0, stdout: 'fine\n' });
  });

  it('tells if all that it found is not executable', async () => {
    const { code, errors } = await run('tool', [], { env: { PATH: PATH('denied') } });
    expect(code).toBe(126);
    expect(errors).toMatchObject([{ code: 'EACCES', errno: -13, path: 'tool' }]);
  });

  it('takes an empty entry for the current directory, and has a default', async () => {
    expect(
      await run('tool', [], { env: { PATH: '' }, cwd: join(directory, 'fine') }),
    ).toMatchObject({ stdout: 'fine\n' });
    expect(await run('true', [], { env: {} })).toMatchObject({ code: 0, errors: [] });
  });
});

it('shows no values of the environment in listings', () => {
  const program = new Program();
  execute(program, { file: '/bin/x', argv: ['x', 'y'], environment: ['TOKEN=secret'] });
  expect(program.toString()).toContain('execve("/bin/x", ["x", "y"], ["TOKEN=..."])');
  expect(program.toString()).not.toContain('secret');
});
