// Assembles the interpreters of Programs and writes the bytes into bytes.ts. Needs `as`, and `aarch64-linux-gnu-as` for arm64.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

const folder = join(root, 'packages/syscall/src/program/interpreter');
const scratch = mkdtempSync(join(tmpdir(), 'ts-c-assemble-'));
const prefixes = { x64: '', arm64: 'aarch64-linux-gnu-' };

try {
  let text = readFileSync(join(folder, 'bytes.ts'), 'utf8');
  for (const [arch, prefix] of Object.entries(prefixes)) {
    const [object, binary] = [join(scratch, 'object'), join(scratch, 'binary')];
    must(`${prefix}as`, [join(folder, `${arch}.S`), '-o', object]);
    must(`${prefix}objcopy`, ['-O', 'binary', '-j', '.text', object, binary]);
    const lines =
      readFileSync(binary)
        .toString('hex')
        .match(/.{1,96}/g) ?? [];
    const code = lines.map((line) => `  '${line}'`).join(' +\n');
    text = text.replace(new RegExp(`const ${arch} =\\n[^;]*;`), `const ${arch} =\n${code};`);
  }
  writeFileSync(join(folder, 'bytes.ts'), text);
} finally {
  rmSync(scratch, { recursive: true });
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function must(command, args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
}
