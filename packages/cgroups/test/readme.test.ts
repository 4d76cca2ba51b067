import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { isPossible, planCgroup } from '../src/index.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const blocks = [...readFileSync(`${folder}/README.md`, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code = ''], index) => [index + 1, code] as const,
);

/** What each example prints. */
const printed = [
  'ended by SIGKILL, with 1 OOM kill\n',
  'cpu.max <- 50000 100000  (cpus: 50000 µs of CPU time every 100000 µs)\nmemory.max <- 67108864  (memory: 64 MiB)\n',
  'killed: 1\n',
];

function canMake(): boolean {
  try {
    return isPossible(planCgroup({ name: 'ts-c-test-readme' }, { memory: '32M', pids: 1 }));
  } catch {
    return false;
  }
}

it.skipIf(!canMake()).each(blocks)(
  'example %i of the README does what it says (needs cgroups to make others in)',
  async (number, code) => {
    const flags = ['--no-warnings', '--conditions=@ts-c/source', '--input-type=module-typescript'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, '-e', code], {
      cwd: folder,
    });
    expect({ stdout, stderr }).toEqual({ stdout: printed[number - 1], stderr: '' });
  },
);
