/**
 * Each package as a user gets it: packed, installed into a project of its own outside of the workspace, with nothing beside it but
 * what it depends on; type-checked, run, and imported on a platform that is not Linux.
 */
import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson, root, workspaces } from './setup.mjs';

const exec = promisify(execFile);
const bin = join(root, 'node_modules/.bin');
const folders = workspaces().filter((folder) => !readJson(join(folder, 'package.json')).private);
const isBuilt = folders.every((folder) => existsSync(join(folder, 'dist/index.js')));
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env['PATH']}`,
  npm_config_update_notifier: 'false',
};

interface Packed {
  readonly name: string;
  readonly tarball: string;
  readonly siblings: readonly string[];
}

/** What the example of each package prints, somewhere. */
const expected: Readonly<Record<string, RegExp>> = {
  nsinit: /^I am process 1 on box$/m,
  '@ts-c/namespaces': /^alone\n1$/m,
  '@ts-c/mount': /^\/proc\/self is on proc, mounted at \/proc$/m,
  '@ts-c/cgroups': /^ended by SIGKILL, with 1 OOM kill$/m,
  '@ts-c/network': /^\{ address: '10\.0\.0\.2', milliseconds: [\d.]+, ttl: 64 \}$/m,
  '@ts-c/capabilities': /^may (not )?mount$/m,
  '@ts-c/state': /^still the same process$/m,
  '@ts-c/syscall': /^it ended with status 7$/m,
  '@ts-c/terminal': /^30 100\r?$/m,
};

/** Are there cgroups, of either version, that this process may make others in? */
const hasCgroups = ['memory/cgroup.procs', 'cgroup.procs'].some((file) => {
  try {
    accessSync(`/sys/fs/cgroup/${file}`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
});

describe.skipIf(!isBuilt)('a packed package, alone (needs the build)', () => {
  let base: string;
  const packed = new Map<string, Packed>();

  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'ts-c-packages-'));
    for (const folder of folders) {
      const { name, dependencies = {} } = readJson(join(folder, 'package.json'));
      const { stdout } = await exec('pnpm', ['pack', '--json', '--pack-destination', base], {
        cwd: folder,
        env,
      });
      const siblings = Object.keys(dependencies).filter((dependency) =>
        dependency.startsWith('@ts-c/'),
      );
      packed.set(name, { name, tarball: JSON.parse(stdout).filename, siblings });
    }
  }, 120_000);
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it.for(Object.keys(expected))('%s', { timeout: 120_000 }, async (name, { skip }) => {
    skip(name === '@ts-c/cgroups' && !hasCgroups, 'needs cgroups to make others in');
    const example = name.replace('@ts-c/', '');
    const project = join(base, example);
    mkdirSync(project);
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ name: `use-${example}`, private: true, type: 'module' }),
    );
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2022',
          strict: true,
          noEmit: true,
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
          lib: ['es2023', 'esnext.disposable'],
        },
        include: ['example.ts'],
      }),
    );
    copyFileSync(join(root, 'examples', `${example}.ts`), join(project, 'example.ts'));
    await exec(
      'npm',
      ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs(name)],
      { cwd: project, env },
    );

    await exec(join(bin, 'tsc'), ['-p', project], { env });

    const { stdout } = await exec(process.execPath, ['example.ts'], { cwd: project });
    expect(stdout).toMatch(expected[name] as RegExp);

    const elsewhere = `Object.defineProperty(process, 'platform', { value: 'darwin' }); await import('${name}'); console.log('imported');`;
    const imported = await exec(process.execPath, ['--input-type=module', '-e', elsewhere], {
      cwd: project,
    });
    expect(imported.stdout).toBe('imported\n');
  });

  /** The tarballs of a package and of all that it needs of ours. */
  function tarballs(name: string): string[] {
    const found = new Set<string>();
    const add = (each: string): void => {
      const entry = packed.get(each);
      if (!entry || found.has(entry.tarball)) return;
      found.add(entry.tarball);
      entry.siblings.forEach(add);
    };
    add(name);
    return [...found];
  }
});
