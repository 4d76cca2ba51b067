import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { check, importsOf } from './boundaries.mjs';

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'boundaries-'));
});
afterEach(() => {
  rmSync(base, { recursive: true });
});

/** Lays down a package and returns its folder. */
function lay(
  name: string,
  files: Record<string, string>,
  dependencies: readonly string[] = [],
): string {
  const folder = join(base, name.replace('@ts-c/', ''));
  const manifest = {
    name,
    exports: { '.': './dist/index.js' },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '*'])),
  };
  for (const [path, text] of Object.entries({
    'package.json': JSON.stringify(manifest),
    ...files,
  })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** What is refused in `@ts-c/mount` (or another package) when its index.ts is `text`. */
function refused(text: string, name = '@ts-c/mount', file = 'src/index.ts'): string[] {
  const siblings = ['@ts-c/syscall', '@ts-c/mount', '@ts-c/state', 'nsinit'];
  const declared = [...siblings, 'koffi'];
  const folders = siblings.map((sibling) =>
    lay(sibling, sibling === name ? { [file]: text } : {}, declared),
  );
  return check(folders, base);
}

describe('importsOf', () => {
  test.each([
    [`import 'a';`],
    [`import type { A } from 'a';`],
    [`export * from 'a';`],
    [`export { a } from 'a';`],
    [`const a = await import('a');`],
    [`type A = import('a').A;`],
    [`type A = typeof import('a');`],
    [`import a = require('a');`],
    [`const a = require('a');`],
    [`const a = createRequire(import.meta.url)('a');`],
  ])('sees %s', (text) => {
    expect(importsOf('x.ts', `\n${text}`)).toEqual([{ specifier: 'a', line: 2 }]);
  });

  test('sees nothing in strings and comments', () => {
    expect(importsOf('x.ts', `const a = "import 'a'"; // import 'a'`)).toEqual([]);
  });

  test('refuses what does not parse', () => {
    expect(() => importsOf('x.ts', 'import {')).toThrow(SyntaxError);
  });
});

describe('check', () => {
  test.each([
    ['the engine', `import { live } from '@ts-c/syscall';`, '@ts-c/mount'],
    ['Node', `import fs from 'node:fs';`, '@ts-c/mount'],
    ['its own files', `import './other.ts';`, '@ts-c/mount'],
    ['koffi, from the engine', `import koffi from 'koffi';`, '@ts-c/syscall'],
    ['anything, from the app', `import '@ts-c/mount';`, 'nsinit'],
  ])('allows %s', (_, text, name) => {
    expect(refused(text, name)).toEqual([]);
  });

  test.each([
    ['a sibling', `import '@ts-c/state';`, '@ts-c/mount', '@ts-c/mount may not import @ts-c/state'],
    ['a sibling, from the engine', `import '@ts-c/mount';`, '@ts-c/syscall', 'may not import'],
    ['koffi', `import 'koffi';`, '@ts-c/mount', 'only @ts-c/syscall may import koffi'],
    ['the app', `import 'nsinit';`, '@ts-c/mount', 'nobody imports nsinit'],
    ['internals', `import '@ts-c/syscall/src/x.ts';`, '@ts-c/mount', 'does not export it'],
    ['a way around', `import '../../syscall/src/x.ts';`, '@ts-c/mount', 'reaches out'],
    ['the undeclared', `import 'left-pad';`, '@ts-c/mount', 'not a declared dependency'],
    ['Node without its prefix', `import 'fs';`, '@ts-c/mount', 'write node:fs'],
  ])('refuses %s', (_, text, name, why) => {
    expect(refused(text, name)).toEqual([expect.stringContaining(why)]);
  });

  test('names the file, the line and the import', () => {
    expect(refused(`\n\nimport 'koffi';`)[0]).toMatch(/^mount\/src\/index\.ts:3: 'koffi': /);
  });

  test('lets a test import a sibling that is declared, and the test runner', () => {
    const text = `import '@ts-c/state'; import { test } from 'vitest';`;
    expect(refused(text, '@ts-c/mount', 'src/mount.test.ts')).toEqual([]);
    expect(refused(text, '@ts-c/mount', 'test/mount.test.ts')).toEqual([]);
  });

  test('does not let a test import koffi or internals', () => {
    expect(refused(`import 'koffi';`, '@ts-c/mount', 'test/a.test.ts')).toHaveLength(1);
    expect(refused(`import '@ts-c/state/x';`, '@ts-c/mount', 'test/a.test.ts')).toHaveLength(1);
  });

  test('refuses a package without a row', () => {
    expect(check([lay('@ts-c/new', {})], base)).toEqual([expect.stringContaining('has no row')]);
  });
});
