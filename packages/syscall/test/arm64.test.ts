import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exitGroup, Memory, Program, Slot, write, type Arch } from '@ts-c/syscall';
import { operations, type Operation } from './operations.ts';

const exec = promisify(execFile);
const vmrun = fileURLToPath(new URL('../../../tools/vm/vmrun.sh', import.meta.url));
const hasGuest =
  process.arch === 'x64' && spawnSync(vmrun, ['--arch', 'arm64', '--installed']).status === 0;

/** A Program that prints what comes of an operation: its numbers and memory, or its error, negative. */
function printing({ run }: Operation, directory: string): Program {
  const program = new Program();
  const print = (value: Parameters<Program['set']>[1]): void => {
    const word = new Memory(8);
    program.store(word, 0, value instanceof Slot ? value.size : 8, value);
    program.try(write, 1, word, 8);
  };
  program.guard(
    () => {
      const { values = [], memories = [] } = run(program, directory) ?? {};
      values.forEach(print);
      for (const memory of memories) program.call(write, 1, memory, memory.size);
      program.call(exitGroup, 0);
    },
    () => {
      print(program.failure().error);
      program.try(exitGroup, 1);
    },
  );
  return program;
}

describe.skipIf(!hasGuest)(
  'on arm64 (needs an x86-64 machine, qemu-system-aarch64 and the guest of tools/vm)',
  () => {
    it('Programs compiled here give what they give on x86-64, failures included', async () => {
      const base = mkdtempSync(join(tmpdir(), 'ts-c-arm64-'));
      onTestFinished(() => rmSync(base, { recursive: true }));
      const portable = operations.filter(({ portable: is }) => is);

      const script = (arch: Arch): string => {
        const bin = join(base, arch);
        const directory = join(base, `${arch}-files`);
        mkdirSync(bin);
        for (const name of [directory, join(directory, 'd')]) mkdirSync(name);
        writeFileSync(join(directory, 'a'), 'abcdefghij', { mode: 0o600 });
        symlinkSync('a', join(directory, 'l'));
        symlinkSync('loop', join(directory, 'loop'));
        symlinkSync('/d', join(directory, 'out'));
        portable.forEach((operation, index) =>
          writeFileSync(
            join(bin, String(index)),
            printing(operation, directory).compile(arch).bytes,
            { mode: 0o700 },
          ),
        );
        return `i=0; while [ $i -lt ${portable.length} ]; do ${bin}/$i | od -An -v -tx1 | tr -d ' \\n'; echo " $i"; i=$((i + 1)); done`;
      };

      const here = await exec('sh', ['-c', script('x64')]);
      const there = await exec(vmrun, [
        '--arch',
        'arm64',
        '--timeout',
        '120',
        '--',
        'sh',
        '-c',
        script('arm64'),
      ]);

      const named = (output: string): string[] =>
        output
          .trimEnd()
          .split('\n')
          .map((line, index) => `${portable[index]?.name}: ${line}`);
      expect(named(there.stdout)).toEqual(named(here.stdout));
      expect(named(here.stdout)).toHaveLength(portable.length);
    }, 150_000);
  },
);
