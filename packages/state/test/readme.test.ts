import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryDirectory } from './temporary.ts';

it('has an example that works', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const directory = temporaryDirectory();
  // Imports are resolved from where the program lies, so it is given its package by URL.
  const source = new URL('../src/index.ts', import.meta.url).href;
  const program = `${directory}/example.ts`;
  writeFileSync(program, example.replace("'@ts-c/state'", JSON.stringify(source)));
  const flags = ['--conditions=@ts-c/source', '--experimental-strip-types', '--no-warnings'];
  const output = execFileSync(process.execPath, [...flags, program, directory], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  expect(output).toMatch(new RegExp(`^container of pid \\d+, in ${directory}\n$`));
});
