import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { interpreter } from '../src/program/interpreter/bytes.ts';

const native = process.arch === 'arm64' ? 'arm64' : 'x64';
const tools: Record<'x64' | 'arm64', [assembler: string, objcopy: string]> = {
  x64: native === 'x64' ? ['as', 'objcopy'] : ['x86_64-linux-gnu-as', 'x86_64-linux-gnu-objcopy'],
  arm64:
    native === 'arm64' ? ['as', 'objcopy'] : ['aarch64-linux-gnu-as', 'aarch64-linux-gnu-objcopy'],
};

describe.each(['x64', 'arm64'] as const)('the interpreter for %s', (arch) => {
  const [assembler, objcopy] = tools[arch];
  const found = [assembler, objcopy].every((tool) => spawnSync(tool, ['--version']).status === 0);

  it.skipIf(!found)(`is byte for byte what its source assembles to (needs ${assembler})`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-assemble-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const source = fileURLToPath(new URL(`../src/program/interpreter/${arch}.S`, import.meta.url));
    const [object, binary] = [join(directory, 'object'), join(directory, 'binary')];
    expect(spawnSync(assembler, [source, '-o', object], { encoding: 'utf8' }).stderr).toBe('');
    expect(
      spawnSync(objcopy, ['-O', 'binary', '-j', '.text', object, binary], { encoding: 'utf8' })
        .stderr,
    ).toBe('');
    expect(Buffer.from(interpreter(arch)).toString('hex')).toBe(
      readFileSync(binary).toString('hex'),
    );
  });
});
