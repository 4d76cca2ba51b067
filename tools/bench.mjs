// pnpm bench [-- options]: builds what is stale, once, then measures with the pinned Node.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, exitStatus, install, pinnedNode, root } from './setup.mjs';

await install();
await build();
// pnpm passes the separator on, npm does not.
const options = process.argv.slice(2).filter((argument, index) => index > 0 || argument !== '--');
const { status, signal } = spawnSync(
  pinnedNode(),
  ['--expose-gc', join(root, 'bench/run.ts'), ...options],
  {
    stdio: 'inherit',
  },
);
process.exit(exitStatus(status, signal));
