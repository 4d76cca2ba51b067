import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/index.ts';
import { busybox, makeRootfs, temporaryDirectory } from '../rootfs.ts';
import { cgroupsLeft, leftovers, mounts, pauseAt, remaining, stepsOf } from './walk.ts';

const together = 60;

/** Steps in batches, so that not too many containers stand still at once. */
function batches(count: number): number[][] {
  const steps = Array.from({ length: count }, (_, index) => index + 1);
  return Array.from({ length: Math.ceil(count / together) }, (_, index) =>
    steps.slice(index * together, (index + 1) * together),
  );
}

describe.skipIf(!busybox)('SIGKILL at any step leaves nothing (needs busybox-static)', () => {
  it.each(['the supervisor', 'pid 1 of the container'] as const)(
    'of %s',
    async (victim) => {
      const rootfs = makeRootfs();
      const root = temporaryDirectory('walk');
      const before = mounts();
      let killed = 0;
      for (const steps of batches(stepsOf(rootfs))) {
        const paused = await pauseAt(steps, rootfs, root);
        for (const { container, pids } of paused) {
          const pid = victim === 'the supervisor' ? pids[0] : pids[1];
          if (pid === undefined || container.process.exitCode !== null) continue;
          try {
            process.kill(pid, 'SIGKILL');
            killed += 1;
          } catch {
            // It came to its end by itself meanwhile.
          }
        }
        // Where the victim is not there yet, the other goes, so that all come to an end.
        for (const { container, pids } of paused)
          if (victim !== 'the supervisor' && pids[1] === undefined) container.kill('SIGKILL');
        for (const { container, pids } of paused)
          if (pids[1] === undefined) container.process.kill('SIGKILL');
        for (const { container } of paused) await container.wait().catch(() => {});
        expect(await remaining(paused.flatMap(({ pids }) => pids))).toEqual([]);
      }
      expect(killed).toBeGreaterThan(150);
      expect(await leftovers(root)).toEqual([]);
      expect(await cgroupsLeft(rootfs)).toEqual([]);
      expect(mounts()).toBe(before);
      expect((await run({ rootfs, command: ['/bin/true'] })).exitCode).toBe(0);
    },
    120_000,
  );

  it('of nsinit', async () => {
    const rootfs = makeRootfs();
    const root = temporaryDirectory('walk');
    const before = mounts();
    const host = fileURLToPath(new URL('host.ts', import.meta.url));
    for (const steps of batches(stepsOf(rootfs))) {
      const range = [steps[0], steps.at(-1)].map(String);
      const child = spawn(
        process.execPath,
        ['--conditions=@ts-c/source', '--no-warnings', host, rootfs, root, ...range],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const early = once(child, 'exit').then(() =>
        Promise.reject(new Error('the host of the containers ended early')),
      );
      const [line] = (await Promise.race([once(child.stdout, 'data'), early])) as [Buffer];
      early.catch(() => {});
      child.kill('SIGKILL');
      await once(child, 'exit');
      const pids = JSON.parse(line.toString()) as number[];
      expect(pids.length).toBeGreaterThanOrEqual(steps.length);
      expect(await remaining(pids)).toEqual([]);
    }
    expect(await leftovers(root)).toEqual([]);
    expect(await cgroupsLeft(rootfs)).toEqual([]);
    expect(mounts()).toBe(before);
    expect((await run({ rootfs, command: ['/bin/true'] })).exitCode).toBe(0);
  }, 180_000);
});
