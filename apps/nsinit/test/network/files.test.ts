import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs } from '../rootfs.ts';
import { Host, needs, patience } from './host.ts';
import { linksOf } from './links.ts';

const can = process.getuid?.() === 0 && busybox !== undefined;

describe.skipIf(!can)(`routes and files of a network (${needs})`, patience, () => {
  it('--route adds routes', async () => {
    await using host = await Host.start();
    const before = host.look();
    const routes = await host.output([
      'run',
      '--network',
      'bridge',
      '--route',
      '10.1.0.0/16 via 10.89.0.1 dev eth0',
      '--route',
      '10.2.0.0/16 dev eth0',
      '--route',
      'fd01::/64 via fd00:7473:2d63::1',
      'sh',
      '-c',
      'busybox ip route; busybox ip -6 route | grep fd0',
    ]);
    expect(routes.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '))).toEqual([
      'default via 10.89.0.1 dev eth0',
      '10.1.0.0/16 via 10.89.0.1 dev eth0',
      '10.2.0.0/16 dev eth0 scope link',
      '10.89.0.0/24 dev eth0 scope link src 10.89.0.2',
      'fd00:7473:2d63::/64 dev eth0 metric 256',
      'fd01::/64 via fd00:7473:2d63::1 dev eth0 metric 1024',
      'default via fd00:7473:2d63::1 dev eth0 metric 1024',
      '',
    ]);
    expect(await host.settled(before)).toEqual(before);
  });

  it.each([[[]], [['--userns']], [['--read-only']]])(
    '--dns and --add-host give it files of its own: %j',
    async (more) => {
      await using host = await Host.start();
      const rootfs = makeRootfs();
      const own = ['resolv.conf', 'hosts'].map((name) => join(rootfs, 'etc', name));
      for (const file of own) writeFileSync(file, 'mine\n');
      const run = (...words: readonly string[]) =>
        host.output(['run', '--rootfs', rootfs, ...more, '--hostname', 'box', ...words]);
      expect(await run('cat', '/etc/resolv.conf', '/etc/hosts')).toBe('mine\nmine\n');
      const words = ['--dns', '192.0.2.53', '--dns', '2001:db8::53', '--dns-search', 'example.org'];
      const printed = await run(
        '--network',
        'bridge',
        ...words,
        '--add-host',
        'db:10.0.0.5',
        'cat',
        '/etc/resolv.conf',
        '/etc/hosts',
      );
      const lines = printed.split('\n');
      expect(lines.slice(0, 3)).toEqual([
        'nameserver 192.0.2.53',
        'nameserver 2001:db8::53',
        'search example.org',
      ]);
      expect(lines).toContain('127.0.0.1\tlocalhost');
      expect(lines).toContain('10.89.0.2\tbox');
      expect(lines).toContain('fd00:7473:2d63::2\tbox');
      expect(lines).toContain('10.0.0.5\tdb');
      for (const file of own) expect(readFileSync(file, 'utf8')).toBe('mine\n');
    },
  );

  it('the files are there although the root file system has no place for them', async () => {
    await using host = await Host.start();
    const printed = await host.output([
      'run',
      '--rootfs',
      makeRootfs(),
      '--add-host',
      'db:10.0.0.5',
      'cat',
      '/etc/hosts',
    ]);
    expect(printed).toContain('10.0.0.5\tdb\n');
    expect(linksOf(host)).toEqual(['lo']);
  });
});
