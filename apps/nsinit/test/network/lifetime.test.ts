import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs } from '../rootfs.ts';
import { Host, needs, patience, type Running } from './host.ts';
import { client, server } from './talk.ts';

const common = ['run', '--cgroup', 'none', '--network', 'bridge'];
const run = [...common, '--id', 'box', '--publish', '8080:80'];

interface Shown {
  readonly pid: number;
  readonly supervisorPid: number;
}

async function shown(host: Host, id = 'box', ...options: readonly string[]): Promise<Shown> {
  return JSON.parse(await host.output(['state', ...options, id])) as Shown;
}

/** The same can be had again. */
async function checkAgain(host: Host): Promise<void> {
  const again = host.nsinit([...run, ...server]);
  expect(await again.line()).toBe('ready');
  const asked = await host.run(...client(['10.89.0.2', 80]));
  expect(asked.stdout).toBe('10.89.0.1\n');
  await host.output(['kill', 'box']);
  expect(await again.ended()).toMatchObject({ status: 0, stderr: '' });
}

describe.skipIf(process.getuid?.() !== 0 || !busybox)(
  `SIGKILL while a network is up (${needs})`,
  patience,
  () => {
    it.each<[string, (running: Running, pids: Shown) => number | Promise<number>]>([
      ['the supervisor', (_, { supervisorPid }) => supervisorPid],
      ['nsinit', ({ pid }) => pid],
      ['pid 1 of the container', (_, { pid }) => pid],
    ])('of %s leaves nothing', async (_, victim) => {
      await using host = await Host.start();
      const before = host.look();
      const running = host.nsinit([...run, ...server]);
      expect(await running.line()).toBe('ready');
      expect(host.look().tables).toEqual(['ts-c-box']);
      const pids = await shown(host);
      process.kill(await victim(running, pids), 'SIGKILL');
      const { status } = await running.ended();
      expect(status).not.toBe(0);
      expect(await host.output(['list', '-q'])).toBe('');
      expect(await host.settled(before)).toEqual(before);
      await checkAgain(host);
      expect(await host.settled(before)).toEqual(before);
    });

    it('of the supervisor of a detached container, which lives on, and is tidied up after when it ends', async () => {
      await using host = await Host.start();
      const before = host.look();
      await host.output([...run, '--detach', ...server]);
      const between = host.look();
      process.kill((await shown(host)).supervisorPid, 'SIGKILL');
      // Whoever sweeps leaves it alone, also by another store that knows nothing of it.
      for (const root of [[], ['--root', '/run/another']]) {
        const other = host.nsinit([...common, ...root, '--id', 'other', ...server]);
        expect(await other.line()).toBe('ready');
        process.kill((await shown(host, 'other', ...root)).supervisorPid, 'SIGKILL');
        await other.ended();
      }
      expect(await host.output(['list', '-q'])).toBe('box\n');
      expect(await host.settled(between)).toEqual(between);
      const asked = await host.run(...client(['10.89.0.2', 80]));
      expect(asked.stdout).toBe('10.89.0.1\n');

      await host.output(['kill', 'box']);
      for (let tries = 0; tries < 100; tries += 1)
        if ((await host.output(['list', '-q'])) === '') break;
      expect(await host.settled(before)).toEqual(before);
    });

    it('of one supervisor leaves other containers what is theirs', async () => {
      await using host = await Host.start();
      const before = host.look();
      const other = host.nsinit([...common, '--id', 'other', ...server]);
      expect(await other.line()).toBe('ready');
      const between = host.look();
      const running = host.nsinit([...run, ...server]);
      expect(await running.line()).toBe('ready');
      process.kill((await shown(host)).supervisorPid, 'SIGKILL');
      await running.ended();
      expect(await host.output(['list', '-q'])).toBe('other\n');
      expect(await host.settled(between)).toEqual(between);
      const asked = await host.run(...client(['10.89.0.2', 80]));
      expect(asked.stdout).toBe('10.89.0.1\n');
      await host.output(['kill', 'other']);
      expect(await other.ended()).toMatchObject({ status: 0, stderr: '' });
      expect(await host.settled(before)).toEqual(before);
    });

    it('of the supervisor at any step of the network leaves nothing', async () => {
      await using host = await Host.start();
      const before = host.look();
      const script = fileURLToPath(new URL('walk.ts', import.meta.url));
      const node = [process.execPath, '--conditions=@ts-c/source', '--experimental-strip-types'];
      const walk = host.start([...node, '--no-warnings', script, makeRootfs()]);
      const next = async (): Promise<string> => {
        walk.child.stdin?.write('\n');
        return walk.line();
      };
      let count = 0;
      for (let line = await next(); line !== 'done'; line = await next()) {
        expect([line, await host.settled(before)]).toEqual([line, before]);
        count += 1;
      }
      walk.child.stdin?.end();
      expect(count).toBeGreaterThan(20);
      expect(await walk.ended()).toMatchObject({ status: 0, stderr: '' });
    });
  },
);
