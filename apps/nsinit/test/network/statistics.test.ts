import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasCgroups, removeParents, uniqueParent } from '../cgroups.ts';
import { busybox, makeRootfs } from '../rootfs.ts';
import { Host, needs, patience } from './host.ts';

/** The counters of a device as the process sees them, by the names that `nsinit stats` has. */
function countersOf(pid: number, device: string): Record<string, number> {
  const text = readFileSync(`/proc/${pid}/net/dev`, 'utf8');
  const line = text.split('\n').find((each) => each.trim().startsWith(`${device}:`)) ?? '';
  const numbers = line.replace(/^.*:/, '').trim().split(/\s+/).map(Number);
  const names = ['bytes', 'packets', 'errors', 'dropped'];
  const entries = [0, 8].flatMap((start, at) =>
    names.map((name, index) => [`${at === 0 ? 'rx' : 'tx'}_${name}`, numbers[start + index] ?? 0]),
  );
  return Object.fromEntries(entries.filter(([, count]) => count !== 0));
}

describe.skipIf(process.getuid?.() !== 0 || !busybox || !hasCgroups)(
  `nsinit stats (${needs} and cgroups)`,
  patience,
  () => {
    it('counts what the container has sent and received, as it sees that itself', async () => {
      await using host = await Host.start();
      const parent = uniqueParent();
      const running = host.nsinit([
        'run',
        '--id',
        'box',
        '--rootfs',
        makeRootfs(),
        '--cgroup-parent',
        parent,
        '--network',
        'bridge',
        'sh',
        '-c',
        'busybox ping -q -s 1000 -c 3 10.89.0.1 >/dev/null; echo done; read line',
      ]);
      expect(await running.line()).toBe('done');
      const { pid } = JSON.parse(await host.output(['state', 'box'])) as { pid: number };
      let shown: Record<string, number> = {};
      let seen: Record<string, number>[] = [];
      // A packet of the bridge's own may come in between.
      for (let tries = 0; tries < 30; tries += 1) {
        const earlier = countersOf(pid, 'eth0');
        const text = await host.output(['stats', '--json', 'box']);
        shown = (JSON.parse(text) as { network_stats: Record<string, number> }).network_stats;
        seen = [earlier, countersOf(pid, 'eth0')];
        if (JSON.stringify(seen[0]) === JSON.stringify(seen[1])) break;
      }
      expect(shown).toEqual(seen[0]);
      expect(shown['tx_bytes']).toBeGreaterThan(3000);
      expect(shown['rx_packets']).toBeGreaterThanOrEqual(3);
      running.child.stdin?.end('\n');
      expect(await running.ended()).toMatchObject({ status: 0, stderr: '' });
      removeParents(parent);
    });
  },
);
