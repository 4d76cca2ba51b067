// Builds the package in the current directory: declarations by tsc, JavaScript in as few files as possible by esbuild. Reading and
// resolving many small files is most of what the start of a command costs.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { readJson, run } from './setup.mjs';

const { name, exports } = readJson('package.json');
rmSync('dist', { recursive: true, force: true });
const { code, output } = await run('tsc', ['-p', 'tsconfig.build.json'], { cwd: process.cwd() });
if (code !== 0) {
  process.stdout.write(output);
  process.exit(1);
}

const entries = Object.values(exports).map((entry) => entry['@ts-c/source']);
/** @type {import('esbuild').BuildOptions} */
const options = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outdir: 'dist',
  outbase: 'src',
  logLevel: 'warning',
};
await build({ ...options, entryPoints: entries, packages: 'external' });
// The command is one program, with the packages in it. koffi brings a native file, and the client of D-Bus is somebody else's and
// rarely needed, so they stay outside.
if (name === 'nsinit') {
  await build({
    ...options,
    entryPoints: ['src/bin.ts'],
    conditions: ['@ts-c/source'],
    external: ['koffi', '@jellybrick/dbus-next'],
    chunkNames: 'bin/[name]-[hash]',
    minifySyntax: true,
    minifyWhitespace: true,
  });
}
