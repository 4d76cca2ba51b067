// What the tools share: where things are, and install and build only when something changed.
// Runs before anything is installed, so it imports nothing but Node.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const stamps = join(modules, '.ts-c');

/** @param {string} file */
export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/**
 * The folders of all packages and apps.
 * @returns {string[]}
 */
export function workspaces() {
  return ['packages', 'apps']
    .filter((group) => existsSync(join(root, group)))
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .toSorted();
}

/**
 * @param {string} folder
 * @returns {string[]} the TypeScript files under it, sorted
 */
export function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sources(path);
      return entry.name.endsWith('.ts') ? [path] : [];
    })
    .toSorted();
}

/** The Node that package.json pins, or else the one that runs this. */
export function pinnedNode() {
  const node = join(modules, '.bin', 'node');
  return existsSync(node) ? node : process.execPath;
}

/** The environment of every tool: the pinned programs first, nothing sent anywhere. */
export function environment() {
  return {
    ...process.env,
    PATH: [join(modules, '.bin'), process.env['PATH']].join(delimiter),
    DO_NOT_TRACK: '1',
    TURBO_TELEMETRY_DISABLED: '1',
  };
}

/**
 * Runs a program to its end and keeps what it prints.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, {
      cwd: root,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
    }
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code, signal) => resolve({ code: exitStatus(code, signal), output }));
  });
}

/**
 * A shell's number for how a process ended.
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
export function exitStatus(code, signal) {
  return signal ? 128 + constants.signals[signal] : (code ?? 1);
}

/** Installs the dependencies unless this very lockfile is installed already. */
export async function install() {
  const hash = hashOf(['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(root, name)));
  if (stamped('install', hash)) return;
  progress('installing dependencies');
  const pnpm = readJson(join(root, 'package.json')).packageManager;
  await must('npx', ['-y', pnpm, 'install', '--frozen-lockfile']);
  stamp('install', hash);
}

/** Builds every package unless these very sources are built already. */
export async function build() {
  const hash = sourceHash();
  if (stamped('build', hash) && built().every((folder) => existsSync(join(folder, 'dist')))) {
    return;
  }
  progress('building');
  await must(join(modules, '.bin', 'turbo'), ['run', 'build']);
  stamp('build', hash);
}

/** The folders of what is built. */
export function built() {
  return workspaces().filter((folder) => readJson(join(folder, 'package.json')).scripts?.build);
}

function sourceHash() {
  const files = built().flatMap((folder) => [
    join(folder, 'package.json'),
    join(folder, 'tsconfig.build.json'),
    ...sources(join(folder, 'src')).filter((file) => !file.endsWith('.test.ts')),
  ]);
  return hashOf([join(root, 'tsconfig.base.json'), join(root, 'tools/bundle.mjs'), ...files]);
}

/** @param {readonly string[]} files */
function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(file);
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * @param {string} name
 * @param {string} hash
 */
function stamped(name, hash) {
  const file = join(stamps, name);
  return existsSync(file) && readFileSync(file, 'utf8') === hash;
}

/**
 * @param {string} name
 * @param {string} hash
 */
function stamp(name, hash) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), hash);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function must(command, args) {
  const { code, output } = await run(command, args);
  if (code === 0) return;
  throw new Error(`${output.trimEnd()}\n${command} ${args.join(' ')} failed (${code})`);
}

/** @param {string} text */
function progress(text) {
  process.stderr.write(`ts-c: ${text}\n`);
}
