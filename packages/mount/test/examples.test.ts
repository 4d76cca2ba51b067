import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** What an example of the README prints. */
function run(name: string): string {
  const file = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  const flags = ['--conditions=@ts-c/source', '--no-warnings'];
  return execFileSync(process.execPath, [...flags, file], { encoding: 'utf8' });
}

it('the first example prints the system calls of a mount namespace', () => {
  const listing = run('plan.ts');
  expect(listing).toMatch(/move_mount\(.*\n(.*\n)*.*pivot_root\("\.", "\."\)/);
  expect(listing).toMatch(/# @ts-c\/mount: \/etc on \/host\/etc/);
});

it.skipIf(process.getuid?.() !== 0)('the second one shows a read-only copy (needs root)', () => {
  expect(run('live.ts')).toMatch(/^Error: EROFS: read-only file system/);
});
