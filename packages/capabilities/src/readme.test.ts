import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../test/run.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? '');

/** Runs an example where its imports are found: in the directory of the package. */
function run(example: string | undefined, ...args: readonly string[]): string {
  const flags = ['--conditions=@ts-c/source', '--experimental-strip-types', '--no-warnings'];
  return execFileSync(process.execPath, [...flags, '--input-type=module', '-', ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
    input: example ?? '',
  });
}

describe('README', () => {
  it('drops all capabilities but two', () => {
    const lines = ['Inh\t00', 'Prm\t21', 'Eff\t21', 'Bnd\t21', 'Amb\t00'];
    const expected = lines.map((line) => `Cap${line.replace('\t', `:\t${'0'.repeat(14)}`)}\n`);
    expect(run(examples[0])).toBe(expected.join(''));
  });

  it('becomes a user of a container', () => {
    const rootfs = temporaryDirectory();
    mkdirSync(`${rootfs}/etc`);
    writeFileSync(`${rootfs}/etc/passwd`, 'daemon:x:101:102::/:\n');
    writeFileSync(`${rootfs}/etc/group`, 'disk:x:103:daemon\n');
    expect(run(examples[1], rootfs)).toBe('102 103\n');
  });

  it('has no other examples', () => {
    expect(examples).toHaveLength(2);
  });
});
