import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** What was built, where tests of a slow machine ask for it (see tools/vm), or else the sources. */
const program = process.env['NSINIT_BIN']
  ? [process.env['NSINIT_BIN']]
  : [
      '--conditions=@ts-c/source',
      '--experimental-strip-types',
      fileURLToPath(new URL('../../src/bin.ts', import.meta.url)),
    ];

/** How to start nsinit. */
export const command: readonly string[] = [process.execPath, '--no-warnings', ...program];

export interface Result {
  /** Exit status, or the name of a signal. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Flags of Node's, in front of the program. */
  readonly node?: readonly string[];
}

/** Runs nsinit as a user would, to its end. */
export async function nsinit(args: readonly string[], options: Options = {}): Promise<Result> {
  const [node = '', ...flags] = command;
  const child = spawn(node, [...(options.node ?? []), ...flags, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: 'pipe',
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { status: code ?? signal ?? 'nothing', ...text };
}

/** What it prints, given that it succeeds and has no complaints. */
export async function output(args: readonly string[], options?: Options): Promise<string> {
  const { status, stdout, stderr } = await nsinit(args, options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** What is recorded below a root; that it was never made is nothing, too. */
export function recorded(root: string): string[] {
  return existsSync(root) ? readdirSync(root) : [];
}
