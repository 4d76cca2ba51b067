import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { execve, exitGroup, Memory, Program, spawn, SystemError } from '@ts-c/syscall';
import { onTestFinished } from 'vitest';

/** What came of a Program. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  /** What it reported, if anything. */
  readonly error: (Error & { code?: string; syscall?: string; path?: string }) | undefined;
}

/** Runs steps, and then a command, as a process of its own. Without a command it ends with status 0. */
export async function run(
  steps: (program: Program) => void,
  command: readonly string[] = [],
): Promise<Result> {
  const program = new Program();
  steps(program);
  if (command[0]) {
    const argv = Memory.strings('argv', command);
    program.call(execve, command[0], argv, Memory.strings('envp', ['LC_ALL=C']));
  } else {
    program.call(exitGroup, 0);
  }
  const { process: child } = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
  let stdout = '';
  let error: Result['error'];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.on('error', (reported) => (error = reported));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, error };
}

/** Lines of /proc/self/status, as a command sees them that runs behind the steps. */
export async function statusAfter(
  steps: (program: Program) => void,
): Promise<Readonly<Record<string, string>>> {
  const { code, stdout, error } = await run(steps, ['/bin/cat', '/proc/self/status']);
  if (error) throw error;
  if (code !== 0) throw new Error(`cat has ended with status ${code}`);
  return parseStatus(stdout);
}

/** Keys and values of /proc/PID/status. */
export function parseStatus(text: string): Readonly<Record<string, string>> {
  const pairs = text.trimEnd().split('\n');
  return Object.fromEntries(
    pairs.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}

/** What a Program reports that fails; undefined if it comes to its end. */
export async function refusalOf(steps: (program: Program) => void): Promise<Result['error']> {
  const { code, error } = await run(steps);
  if (code !== (error ? 125 : 0)) throw new Error(`ended with status ${code}`, { cause: error });
  return error;
}

/** Is this what the kernel refused? */
export function isRefusal(error: unknown, code: string, syscall: string): boolean {
  return error instanceof SystemError && error.code === code && error.syscall === syscall;
}

const execute = promisify(execFile);

/** Runs one of the programs next door in a process of Node of its own, and reads its output as JSON. */
export async function runScript<T>(name: string, ...args: readonly string[]): Promise<T> {
  const script = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  const flags = ['--conditions=@ts-c/source', '--experimental-strip-types', '--no-warnings'];
  const { stdout } = await execute(process.execPath, [...flags, script, ...args]);
  return JSON.parse(stdout) as T;
}

/** A directory that is gone behind the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'capabilities-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
