import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ended } from './run.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const blocks = [...readFileSync(`${folder}/README.md`, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code = ''], index) => [index + 1, code] as const,
);

it.each(blocks)('example %i of the README does what it says', async (_, code) => {
  const flags = ['--no-warnings', '--conditions=@ts-c/source', '--input-type=module-typescript'];
  const child = spawn(process.execPath, [...flags, '-e', code], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const prints = [...code.matchAll(/^\/\/ prints: (.*\n)/gm)].map(([, line]) => line).join('');
  expect(await ended(child)).toMatchObject({
    code: 0,
    stdout: prints || 'alone\n1\n',
    stderr: '',
  });
});
