/** What READMEs show is what is in examples/, which packages.test.ts runs; and what they link to is there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, workspaces } from './setup.mjs';

const readmes = [root, ...workspaces()]
  .map((folder) => join(folder, 'README.md'))
  .filter((file) => existsSync(file));

describe.each(readmes.map((file) => relative(root, file)))('%s', (name) => {
  const text = readFileSync(join(root, name), 'utf8');

  it('shows its examples as they are run', () => {
    for (const [, file = '', code] of text.matchAll(
      /<!-- example: (\S+) -->\n+```ts\n(.*?)```/gs,
    )) {
      expect([file, code]).toEqual([file, readFileSync(join(root, file), 'utf8')]);
    }
  });

  it('links to what is there', () => {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect([target, existsSync(join(root, dirname(name), target))]).toEqual([target, true]);
    }
  });
});

it('the first commands of the README are the two that do everything', () => {
  const [, first] = /```sh\n(.*?)```/s.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  expect(first).toBe('npm start\nnpm test\n');
});
