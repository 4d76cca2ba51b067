import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const flags = ['--conditions=@ts-c/source', '--experimental-strip-types', '--no-warnings'];
const run = (file: string, argument: string): { stdout: string; stderr: string } =>
  spawnSync(process.execPath, [...flags, file, argument], { encoding: 'utf8' });

it('the example of the README prints what the README says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const [, listing = ''] = /```\n(   # example.*?)```/s.exec(readme) ?? [];
  const [, refusal = ''] = /^ {4}(ENOENT: .*)$/m.exec(readme) ?? [];
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-readme-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const parent = mkdtempSync(join(directory, 'parent-'));
  // Imports are resolved from where the program lies, so it is given its package by URL.
  const source = new URL('../src/index.ts', import.meta.url).href;
  const write = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text.replace("'@ts-c/syscall'", JSON.stringify(source)));
    return file;
  };
  expect(run(write('example.ts', example), parent)).toMatchObject({
    stdout: `${listing.replaceAll('/tmp', parent)}now\nthen\n`,
    stderr: '',
  });
  const onlyWritten = example.replace(/^makeDirectory\(live.*\n/m, '');
  expect(run(write('refused.ts', onlyWritten), '/nope').stderr).toBe(`${refusal}\n`);
});
