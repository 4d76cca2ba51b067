// Which package may import which. Every rule is checked on every TypeScript file of a package;
// tests may import whatever the package declares, but no internals of another package either.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { readJson, root, sources, workspaces } from './setup.mjs';

/**
 * The siblings that a package may import; `nsinit` may import them all, and nobody imports it.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const allowed = {
  '@ts-c/syscall': [],
  '@ts-c/namespaces': ['@ts-c/syscall'],
  '@ts-c/mount': ['@ts-c/syscall'],
  '@ts-c/cgroups': ['@ts-c/syscall', '@ts-c/mount', '@ts-c/namespaces'],
  '@ts-c/capabilities': ['@ts-c/syscall'],
  '@ts-c/terminal': ['@ts-c/syscall'],
  '@ts-c/network': ['@ts-c/syscall', '@ts-c/namespaces'],
  '@ts-c/state': ['@ts-c/syscall'],
};

/** Where a native call may come from. */
const foreign = { name: 'koffi', owner: '@ts-c/syscall' };

const app = 'nsinit';

/** What the root declares for the tests of all. */
const toolchain = readJson(join(root, 'package.json')).devDependencies;

/**
 * @typedef {object} Package
 * @property {string} folder
 * @property {string} name
 * @property {Readonly<Record<string, unknown>>} [exports]
 * @property {Readonly<Record<string, string>>} [dependencies]
 * @property {Readonly<Record<string, string>>} [peerDependencies]
 * @property {Readonly<Record<string, string>>} [optionalDependencies]
 * @property {Readonly<Record<string, string>>} [devDependencies]
 */

/**
 * The specifiers that a module names: import, export … from, import(), import type, require.
 * @param {string} file
 * @param {string} text
 * @returns {{ specifier: string, line: number }[]}
 */
export function importsOf(file, text) {
  const { program, errors } = parseSync(file, text);
  if (errors[0]) throw new SyntaxError(`${file}: ${errors[0].message}`);
  /** @type {{ specifier: string, line: number }[]} */
  const found = [];
  /** @param {{ type: string, value?: unknown, start: number } | null | undefined} node */
  const add = (node) => {
    if (node?.type !== 'Literal' || typeof node.value !== 'string') return;
    found.push({ specifier: node.value, line: text.slice(0, node.start).split('\n').length });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
    CallExpression(node) {
      // require(…) and createRequire(…)(…)
      const callee = node.callee.type === 'CallExpression' ? node.callee.callee : node.callee;
      if (callee.type !== 'Identifier') return;
      const direct = callee === node.callee;
      if (callee.name === (direct ? 'require' : 'createRequire')) add(node.arguments[0]);
    },
  }).visit(program);
  return found;
}

/**
 * Why a package's file may not import something.
 * @param {Package} from
 * @param {string} file
 * @param {string} specifier
 * @param {ReadonlyMap<string, Package>} packages
 * @returns {string | undefined}
 */
export function refusal(from, file, specifier, packages) {
  if (specifier.startsWith('.')) {
    const target = resolve(dirname(file), specifier);
    return target.startsWith(from.folder + sep) ? undefined : 'reaches out of its package';
  }
  if (specifier.startsWith('node:')) return undefined;
  if (builtinModules.includes(specifier)) return `is a part of Node: write node:${specifier}`;

  const name = packageName(specifier);
  const test = isTest(from, file);
  const sibling = packages.get(name);
  if (name === foreign.name && from.name !== foreign.owner) {
    return `only ${foreign.owner} may import ${foreign.name}`;
  }
  if (sibling && name !== from.name) {
    if (name === app) return `nobody imports ${app}`;
    if (!test && from.name !== app && !(allowed[from.name] ?? []).includes(name)) {
      return `${from.name} may not import ${name}`;
    }
  }
  if (sibling && !Object.hasOwn(sibling.exports ?? {}, `.${specifier.slice(name.length)}`)) {
    return `${name} does not export it`;
  }
  if (name === from.name) return undefined;
  const declared = {
    ...from.dependencies,
    ...from.peerDependencies,
    ...from.optionalDependencies,
    ...(test ? { ...from.devDependencies, ...toolchain } : {}),
  };
  return Object.hasOwn(declared, name) ? undefined : `${name} is not a declared dependency`;
}

/**
 * Checks packages as they are on disk.
 * @param {readonly string[]} folders
 * @param {string} [base] what the printed paths are relative to
 * @returns {string[]} one line for each import that is refused
 */
export function check(folders, base = root) {
  const packages = new Map(
    folders.map((folder) => {
      /** @type {Package} */
      const entry = { ...readJson(join(folder, 'package.json')), folder };
      return [entry.name, entry];
    }),
  );
  return [...packages.values()].flatMap((entry) => {
    const unknown =
      entry.name === app || Object.hasOwn(allowed, entry.name)
        ? []
        : [`${entry.name}: has no row in the table of tools/boundaries.mjs`];
    const files = [...sources(join(entry.folder, 'src')), ...sources(join(entry.folder, 'test'))];
    const refused = files.flatMap((file) =>
      importsOf(file, readFileSync(file, 'utf8')).flatMap(({ specifier, line }) => {
        const why = refusal(entry, file, specifier, packages);
        return why ? [`${relative(base, file)}:${line}: '${specifier}': ${why}`] : [];
      }),
    );
    return [...unknown, ...refused];
  });
}

/** @param {string} specifier */
function packageName(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * @param {Package} from
 * @param {string} file
 */
function isTest(from, file) {
  return file.endsWith('.test.ts') || file.startsWith(join(from.folder, 'test') + sep);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const lines = check(workspaces());
  for (const line of lines) console.log(line);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
