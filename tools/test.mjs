// npm test: every check, then every test, then those of the virtual machine; ends with one line of counts.
// npm test -- path/filter: only the tests whose path holds the filter.
// npm run check: only the checks.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countsIn, lineOf, nothing, sumOf } from './counts.mjs';
import { build, built, environment, install, root, run } from './setup.mjs';
import { testInGuests } from './vm/test.mjs';

/**
 * @typedef {import('./counts.mjs').Counts} Counts
 * @typedef {() => Promise<{ code: number, output: string }>} Check
 */

/** @type {Readonly<Record<string, Check>>} */
const checks = {
  format: () => run('oxfmt', ['--check']),
  lint: () => run('oxlint', ['--type-aware', '--deny-warnings']),
  typecheck: () => run('turbo', ['run', 'typecheck']),
  boundaries: () => run('node', ['tools/boundaries.mjs']),
  lockfile,
  knip: () => run('knip', ['--no-config-hints']),
  build: buildAll,
  publint: () => run('node', ['tools/publint.mjs']),
  import: importAll,
};

/** The checks that look at what was built. */
const needBuild = new Set(['publint', 'import']);

async function lockfile() {
  const text = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  const urls = text.match(/.*https?:\/\/.*/g) ?? [];
  return { code: urls.length, output: urls.map((line) => `names a host: ${line}\n`).join('') };
}

async function buildAll() {
  try {
    await build();
    return { code: 0, output: '' };
  } catch (error) {
    return { code: 1, output: messageOf(error) };
  }
}

/** The tests run on the pinned Node; what is built must also load on the one that runs npm. */
async function importAll() {
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  const entries = built().map((folder) => join(folder, 'dist', 'index.js'));
  const script = entries.map((entry) => `await import(${JSON.stringify(entry)});`).join('\n');
  return run(node, ['--input-type=module', '--eval', script]);
}

/** @returns {Promise<Counts>} */
async function runChecks() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let isBuilt = true;
  for (const [name, check] of Object.entries(checks)) {
    if (!isBuilt && needBuild.has(name)) {
      counts.skipped += 1;
      console.log(`- ${name} (nothing built)`);
      continue;
    }
    const began = performance.now();
    const { code, output } = await check();
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    if (code === 0) {
      counts.passed += 1;
      console.log(`✓ ${name} (${took})`);
    } else {
      counts.failed += 1;
      if (name === 'build') isBuilt = false;
      console.log(`✗ ${name} (${took})\n${output.trimEnd()}\n`);
    }
  }
  return counts;
}

/**
 * @param {readonly string[]} filters
 * @returns {Promise<Counts>}
 */
async function runTests(filters) {
  const scratch = mkdtempSync(join(tmpdir(), 'ts-c-test-'));
  const file = join(scratch, 'results.json');
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  try {
    const code = await new Promise((resolve) => {
      const child = spawn('vitest', [...args, ...filters], {
        cwd: root,
        env: environment(),
        stdio: 'inherit',
      });
      child.on('error', () => resolve(127));
      child.on('close', (status) => resolve(status ?? 1));
    });
    return countsIn(file, code);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

const args = process.argv.slice(2);
const checksOnly = args[0] === '--checks-only';
/** @type {Counts[]} */
const all = [];
try {
  await install();
  if (checksOnly || args.length === 0) all.push(await runChecks());
  else process.stdout.write((await buildAll()).output);
  if (!checksOnly) all.push(await runTests(args));
  // Last: nothing may write to this machine's files meanwhile.
  if (!checksOnly && args.length === 0) all.push(await testInGuests());
} catch (error) {
  console.log(messageOf(error));
  all.push({ ...nothing, failed: 1 });
}
const counts = sumOf(all);
process.exitCode = counts.failed > 0 ? 1 : 0;
console.log(lineOf(counts));
