// pnpm bench [-- options]: builds what is stale, once, then measures with the pinned Node.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, exitStatus, install, pinnedNode, root } from './setup.mjs';

await install();
await build();
const { status, signal } = spawnSync(pinnedNode(), ['--expose-gc', join(root, 'bench/run.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(exitStatus(status, signal));
