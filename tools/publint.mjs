// Packs each package as a release would, and looks at what a user would get.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { readJson, root, run, workspaces } from './setup.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'ts-c-pack-'));
try {
  for (const folder of workspaces()) {
    if (readJson(join(folder, 'package.json')).private) continue;
    for (const problem of await problems(folder)) {
      console.log(`${relative(root, folder)}: ${problem}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function problems(folder) {
  const packed = await run('pnpm', ['pack', '--json', '--pack-destination', scratch], {
    cwd: folder,
  });
  if (packed.code !== 0) return [packed.output];
  const tarball = readFileSync(JSON.parse(packed.output).filename);
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(tarball).buffer },
    strict: true,
  });
  const manifest = JSON.stringify(pkg);
  const leftovers = ['@ts-c/source', 'workspace:', 'catalog:'].filter((text) =>
    manifest.includes(text),
  );
  return [
    ...messages.map((message) => formatMessage(message, pkg) ?? message.code),
    ...leftovers.map((text) => `the packed package.json still says ${text}`),
  ];
}
