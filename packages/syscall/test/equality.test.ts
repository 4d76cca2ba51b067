import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitGroup, live, Memory, Program, Slot, spawn, write, type Value } from '@ts-c/syscall';
import { operations, type Operation, type Outcome } from './operations.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ts-c-equality-'));
  writeFileSync(join(directory, 'a'), 'abcdefghij', { mode: 0o600 });
  mkdirSync(join(directory, 'd'));
  symlinkSync('a', join(directory, 'l'));
  symlinkSync('loop', join(directory, 'loop'));
  symlinkSync('/d', join(directory, 'out'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Numbers and bytes, or the error: in a form that can be compared. */
interface Result {
  readonly output: string;
  readonly error:
    | {
        readonly code: unknown;
        readonly syscall: unknown;
        readonly path: unknown;
        readonly dest: unknown;
      }
    | undefined;
}

function resultOf(outcome: Outcome | void, number: (value: Value) => bigint): string {
  const { values = [], memories = [] } = outcome ?? {};
  const numbers = new Memory(8 * Math.max(1, values.length));
  values.forEach((value, index) =>
    numbers.set('u64', 8 * index, BigInt.asUintN(64, number(value))),
  );
  return Buffer.concat([
    numbers.bytes.subarray(0, 8 * values.length),
    ...memories.map((memory) => memory.bytes),
  ]).toString('hex');
}

const shape = (error: unknown): Result['error'] => {
  const { code, syscall, path, dest } = error as Record<string, unknown>;
  return { code, syscall, path, dest };
};

function runLive({ run }: Operation): Result {
  try {
    return {
      output: resultOf(run(live, directory), (value) => BigInt(value as number)),
      error: undefined,
    };
  } catch (error) {
    return { output: '', error: shape(error) };
  }
}

/** Writes the operation down, has the Program print what came of it, and runs that. */
async function runProgram({ run }: Operation): Promise<Result> {
  const program = new Program();
  const { values = [], memories = [] } = run(program, directory) ?? {};
  values.forEach((value) => {
    const word = new Memory(8);
    program.store(word, 0, value instanceof Slot ? value.size : 8, value);
    program.call(write, 1, word, 8);
  });
  for (const memory of memories) program.call(write, 1, memory, memory.size);
  program.call(exitGroup, 0);
  const { process } = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  let error: Result['error'];
  process.on('error', (reason) => (error = shape(reason)));
  process.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => process.once('close', resolve));
  return { output: error ? '' : Buffer.concat(chunks).toString('hex'), error };
}

describe('done live and as a Program, the result is the same', () => {
  it('of at least forty operations', () => {
    expect(operations.length).toBeGreaterThanOrEqual(40);
    expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length);
  });

  it.each(operations.map((operation) => [operation.name, operation] as const))(
    '%s',
    async (_, operation) => {
      const here = runLive(operation);
      expect(await runProgram(operation)).toEqual(here);
      // Either something came of it or it failed: an operation that does neither would prove nothing.
      expect(here.error?.code ?? 'done').toMatch(/^(done|E[A-Z0-9_]+)$/);
    },
  );
});
