import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from '@ts-c/namespaces';
import type { Program } from '@ts-c/syscall';
import { parseTrace, type TracedCall } from './parse.ts';

/** What came of a Program that ran under strace(1). */
export interface Traced {
  readonly processes: Map<number, TracedCall[]>;
  /** The process that it began as. */
  readonly first: number;
  readonly status: number | null;
  readonly output: string;
}

/**
 * Runs a Program under strace(1), with nobody listening to its reports.
 *
 * @param host The process whose network it starts in, if not this one's.
 */
export async function trace(program: Program, host = { pid: process.pid }): Promise<Traced> {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-strace-'));
  try {
    const file = join(directory, 'program');
    const log = join(directory, 'log');
    writeFileSync(file, program.compile().bytes, { mode: 0o700 });
    const child = within('net', host, () =>
      spawn('strace', ['-f', '-qq', '-s', '4096', '-o', log, file], {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      }),
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number | null];
    const text = readFileSync(log, 'utf8');
    return { processes: parseTrace(text), first: Number(/^\d+/.exec(text)?.[0]), status, output };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
