// The tests that run in the guest: whatever asks a kernel for something that depends on the kernel. The guest is emulated and takes
// five to fifteen times as long, hence the list of slow ones.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const systemd = 'packages/cgroups/src/systemd/**/*.test.ts';

const include = [
  'tools/vm/*.test.ts',
  '{packages,apps}/*/test/**/*.test.ts',
  'packages/cgroups/src/**/*.test.ts',
  'packages/namespaces/src/{execute,join,spawn,supervisor,time,within}.test.ts',
  'packages/capabilities/src/{finalize,privileges,rlimits,root-file,user}.test.ts',
  'packages/syscall/src/live/*.test.ts',
];

/** They boot a guest themselves, or run under a systemd of their own. */
const never = ['**/arm64.test.ts', systemd];

/** Left out unless a filter asks for them. */
const slow = [
  // A process is killed at each of its steps; every call is written down by strace.
  '**/kill/**',
  '**/walk.test.ts',
  '**/strace.test.ts',
  // Many starts of Node, at two seconds each, and little that depends on the kernel.
  '**/{readme,examples}.test.ts',
  '**/bad-input.test.ts',
  'apps/nsinit/test/plan.test.ts',
  'apps/nsinit/test/cli/{containers,exec,help,plan,run}.test.ts',
  'packages/terminal/test/attached.test.ts',
  // What nsinit makes of networks is the same on every kernel; what remains shows that they work on this one, too.
  'apps/nsinit/test/network/{bridge,files,kinds,lifetime,statistics}.test.ts',
];

const exclude = process.env['VM_SLOW'] ? never : [...never, ...slow];

const shared: TestProjectInlineConfiguration['test'] = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  pool: 'forks',
  maxWorkers: 1,
  // One process for all files, and Node's own loader: a start of either costs seconds here.
  isolate: false,
  experimental: { viteModuleRunner: false, nodeLoader: false },
  execArgv: ['--conditions=@ts-c/source'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/**
 * Shares the files out among the guests: the long ones first, each to the one that has least to do. How long one takes is guessed by its
 * size; the tests of nsinit, which start it over and over, take several times that.
 */
class Dealer extends BaseSequencer {
  override async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index, count } = this.ctx.config.shard ?? { index: 1, count: 1 };
    const loads = Array.from({ length: count }, () => 0);
    return files
      .map((file) => ({ file, weight: weightOf(file.moduleId) }))
      .toSorted((a, b) => b.weight - a.weight || (a.file.moduleId < b.file.moduleId ? -1 : 1))
      .filter(({ weight }) => {
        const least = loads.indexOf(Math.min(...loads));
        loads[least] = (loads[least] ?? 0) + weight;
        return least === index - 1;
      })
      .map(({ file }) => file);
  }
}

function weightOf(path: string): number {
  return statSync(path).size * (path.includes('/apps/nsinit/') ? 5 : 1);
}

export default defineConfig({
  test: {
    sequence: { sequencer: Dealer },
    slowTestThreshold: 15_000,
    projects: [
      { test: { ...shared, name: 'v2', include, exclude } },
      { test: { ...shared, name: 'systemd', include: [systemd] } },
    ],
  },
});
