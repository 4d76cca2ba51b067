import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs } from '../rootfs.ts';
import { writeSample } from '../samples.ts';
import { Host, needs, patience } from './host.ts';

/** The words that run commands in the container of a directory. */
function inside(...commands: readonly string[]): string[] {
  return ['exec', '--', '/bin/sh', '-c', commands.join('; echo --; ')];
}

describe.skipIf(process.getuid?.() !== 0 || !busybox)(
  `attach_to_bridge.json of libcontainer (${needs})`,
  patience,
  () => {
    it('is on the bridge with the address, gateway and size that it says', async () => {
      await using host = await Host.start();
      host.addBridge('docker0', '172.17.42.1/16');
      const before = host.look();
      const cwd = makeRootfs();
      writeSample('attach_to_bridge', cwd);
      const printed = await host.output(
        inside(
          'busybox ping -c 1 -W 5 172.17.42.1 | grep received',
          'busybox ip -o -4 addr | sed "s/ *brd [^ ]*//; s/  */ /g"',
          'busybox ip -4 route',
          'busybox ip -o link | grep -o "eth0.*\\|lo:.*"',
          'cat /state.json',
        ),
        { cwd },
      );
      const [ping, addresses, routes, links, text] = printed.replaceAll('\r', '').split('--\n');
      expect(ping).toContain('1 packets received');
      expect(addresses).toMatch(
        /^1: lo inet 127\.0\.0\.1\/8 scope host lo\b.*\n\d+: eth0 inet 172\.17\.0\.101\/16 scope global eth0\b.*\n$/,
      );
      expect(routes).toMatch(
        /^default via 172\.17\.42\.1 dev eth0 *\n172\.17\.0\.0\/16 dev eth0 scope link +src 172\.17\.0\.101 *\n$/,
      );
      const [lo, eth0] = (links as string).split('\n');
      expect(lo).toMatch(/^lo: <LOOPBACK,UP,LOWER_UP> /);
      expect(eth0).toMatch(/^eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP.*> mtu 1500 /);
      const state = JSON.parse(text as string) as { network_state: Record<string, string> };
      expect(state.network_state).toEqual({
        veth_host: expect.stringMatching(/^veth[a-z0-9]{7}$/),
        veth_child: 'eth0',
      });
      expect(existsSync(join(cwd, 'state.json'))).toBe(false);
      expect(await host.settled(before)).toEqual(before);
    });

    it('names the end of its veth outside, which is a port of the bridge while it runs', async () => {
      await using host = await Host.start();
      host.addBridge('docker0', '172.17.42.1/16');
      const before = host.look();
      const cwd = makeRootfs();
      writeSample('attach_to_bridge', cwd);
      const running = host.nsinit(inside('cat /state.json; read line'), { cwd });
      const state = JSON.parse(await running.line()) as { network_state: { veth_host: string } };
      const { links } = host.look();
      expect(links).toEqual(['docker0', 'lo', state.network_state.veth_host]);
      running.child.stdin?.end('\n');
      expect(await running.ended()).toMatchObject({ status: 0, stderr: '' });
      expect(await host.settled(before)).toEqual(before);
    });

    it('says what to do where there is no such bridge, and makes nothing', async () => {
      await using host = await Host.start();
      const before = host.look();
      const cwd = makeRootfs();
      writeSample('attach_to_bridge', cwd);
      expect(await host.nsinit(inside('true'), { cwd }).ended()).toEqual({
        status: 125,
        stdout: '',
        stderr:
          "nsinit: networks[1].bridge: there is no bridge 'docker0': make it (ip link add docker0 type bridge), give a subnet to have it made, or leave bridge out to have ts-c0 made\n",
      });
      expect(existsSync(join(cwd, 'state.json'))).toBe(false);
      expect(host.look()).toEqual(before);
    });
  },
);
