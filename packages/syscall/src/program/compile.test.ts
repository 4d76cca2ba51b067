import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Arch } from '../arch.ts';
import { chdir, exitGroup, write } from '../calls.ts';
import { Memory } from '../memory.ts';
import { spawn } from '../spawn.ts';
import { layout } from './layout.ts';
import { interpreter } from './interpreter/bytes.ts';
import { Program } from './program.ts';

const arches: readonly Arch[] = ['x64', 'arm64'];
const hasReadelf = spawnSync('readelf', ['--version']).status === 0;

function exit(): Program {
  const program = new Program();
  program.call(exitGroup, 0);
  return program;
}

/** Prints `size` bytes of content, the last of them others than the first. */
function printing(size: number): Program {
  const program = new Program();
  const content = new Memory(Buffer.alloc(size, 'a').fill('z', size - 1));
  program.call(write, 1, content, size);
  program.call(exitGroup, 0);
  return program;
}

/** How large a Program is that goes to some places. */
function sized(...paths: readonly string[]): number {
  const program = new Program();
  for (const path of paths) program.call(chdir, path);
  return program.compile('x64').bytes.length;
}

async function outputOf(program: Program): Promise<Buffer> {
  const { process: child } = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => child.once('close', resolve));
  return Buffer.concat(chunks);
}

describe('the executable', () => {
  it.each(arches)('of one recording is the same bytes each time (%s)', (arch) => {
    const program = exit();
    expect(program.compile(arch)).toBe(program.compile(arch));
    expect(Buffer.from(exit().compile(arch).bytes)).toEqual(
      Buffer.from(program.compile(arch).bytes),
    );
  });

  it.each(arches)('has room for the interpreter in front of its data (%s)', (arch) => {
    expect(layout.textOffset + interpreter(arch).length).toBeLessThanOrEqual(layout.dataOffset);
  });

  it.skipIf(!hasReadelf).each([
    ['x64', 'Advanced Micro Devices X86-64'],
    ['arm64', 'AArch64'],
  ] as const)('is what readelf takes for one, for %s (needs readelf)', (arch, machine) => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-elf-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'program');
    writeFileSync(file, exit().compile(arch).bytes);
    const { stdout, stderr } = spawnSync('readelf', ['-hlW', file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain(machine);
    expect(stdout).toMatch(/Type:\s+EXEC/);
    const segments = [...stdout.matchAll(/^\s+(LOAD|GNU_STACK)\s+.*?\s([R ][W ][E ]) 0x(\w+)$/gm)];
    expect(segments.map(([, type, flags, alignment]) => [type, flags, alignment])).toEqual([
      ['LOAD', 'R E', '10000'],
      ['LOAD', 'RW ', '10000'],
      ['GNU_STACK', 'RW ', '10'],
    ]);
  });
});

describe('strings and structs', () => {
  it.each([2 ** 16 - 8, 2 ** 16, 2 ** 16 + 8, 2 ** 20 + 1])(
    'have the room that they need: %i bytes',
    async (size) => {
      const output = await outputOf(printing(size));
      expect(output.length).toBe(size);
      expect(output.at(-1)).toBe('z'.charCodeAt(0));
    },
  );

  it('that are too much are refused', () => {
    expect(() => printing(2 ** 24 + 8).compile()).toThrow(/more than 16 MiB/);
  });

  it('that are empty take no room in the file', () => {
    const program = new Program();
    for (let count = 0; count < 100; count += 1) program.try(write, 1, new Memory(4096), 0);
    expect(program.compile('x64').bytes.length).toBeLessThan(8192);
  });

  it('that are alike are held once', () => {
    const long = '/x'.repeat(1000);
    expect(sized(long, long)).toBeLessThan(sized(long, `${long}/y`) - 1900);
  });
});

describe('a Program of two hundred calls', () => {
  it('is small', () => {
    const program = new Program();
    for (let count = 0; count < 200; count += 1)
      program.attempt(['ENOENT'], () => program.call(chdir, `/some/where/${count}`));
    expect(program.compile('x64').bytes.length).toBeLessThan(24 * 1024);
  });
});
