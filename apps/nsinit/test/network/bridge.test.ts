import { describe, expect, it } from 'vitest';
import { busybox } from '../rootfs.ts';
import { Host, needs, patience } from './host.ts';
import { client, server } from './talk.ts';

/** A host with a way to an outside that knows no way back to the containers of the host. */
async function hostAndOutside() {
  const [host, outside] = await Promise.all([Host.start(), Host.start()]);
  host.connect('wan0', ['192.0.2.1/24', '2001:db8::1/64'], outside, [
    '192.0.2.2/24',
    '2001:db8::2/64',
  ]);
  return {
    host,
    outside,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await outside[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(process.getuid?.() !== 0 || !busybox)(
  `containers on a bridge (${needs})`,
  patience,
  () => {
    it('reach each other and the outside, which reaches their published ports', async () => {
      await using world = await hostAndOutside();
      const { host, outside } = world;
      const before = host.look();
      const onBridge = ['run', '--network', 'bridge'];
      const web = host.nsinit([...onBridge, '--id', 'web', '--publish', '8080:80', ...server]);
      expect(await web.line()).toBe('ready');
      const away = outside.start(server);
      expect(await away.line()).toBe('ready');

      const asking = await host.output([
        ...onBridge,
        '--ip=10.89.0.77',
        ...client(['10.89.0.2', 80], ['192.0.2.2', 80]),
      ]);
      // The outside sees the host’s address.
      expect(asking).toBe('10.89.0.77\n192.0.2.1\n');
      const again = await host.output([
        ...onBridge,
        ...client(['10.89.0.2', 80], ['fd00:7473:2d63::2', 80], ['2001:db8::2', 80]),
      ]);
      expect(again).toBe('10.89.0.3\nfd00:7473:2d63::3\n2001:db8::1\n');

      // From outside, and from the host itself.
      const asked = await outside.run(...client(['192.0.2.1', 8080], ['2001:db8::1', 8080]));
      expect(asked.stdout).toBe('192.0.2.2\n2001:db8::2\n');
      const own = await host.run(...client(['192.0.2.1', 8080], ['127.0.0.1', 8080]));
      expect(own.stdout.split('\n')[0]).toMatch(/^(10\.89\.0\.1|192\.0\.2\.1)$/);
      expect(own.stdout.split('\n')[1]).toMatch(/^(10\.89\.0\.1|127\.0\.0\.1)$/);

      expect(host.look().leases).toEqual(['ts-c0', 'ts-c0/10.89.0.2', 'ts-c0/fd00:7473:2d63::2']);
      expect(host.look().tables).toEqual(['ts-c-web']);
      expect(await host.output(['kill', 'web'])).toBe('');
      expect(await web.ended()).toEqual({ status: 0, stdout: 'ready\n', stderr: '' });
      expect(await host.settled(before)).toEqual(before);
    });

    it('have different addresses though they start at the same moment', async () => {
      await using host = await Host.start();
      const before = host.look();
      const script = 'busybox ip -4 addr show dev eth0 | grep -o "10[.].*/24"; read line';
      const running = Array.from({ length: 6 }, () =>
        host.nsinit(['run', '--network', 'bridge', 'sh', '-c', script]),
      );
      const addresses = await Promise.all(running.map((each) => each.line()));
      // One that somebody is about to take is left out by others, so they need not be the first six.
      expect(new Set(addresses).size).toBe(6);
      for (const address of addresses) expect(address).toMatch(/^10\.89\.0\.\d+\/24$/);
      for (const { child } of running) child.stdin?.end('\n');
      for (const each of running)
        expect(await each.ended()).toMatchObject({ status: 0, stderr: '' });
      expect(await host.settled(before)).toEqual(before);
    });

    it('say who has an address that is asked for', async () => {
      await using host = await Host.start();
      const fixed = ['--network', 'bridge', '--ip', '10.89.0.9'];
      const first = host.nsinit(['run', '--id', 'first', ...fixed, 'sh', '-c', 'echo up; read x']);
      await first.line();
      const before = host.look();
      const second = await host.nsinit(['run', ...fixed, 'true']).ended();
      expect(second).toEqual({
        status: 125,
        stdout: '',
        stderr:
          "nsinit: --ip: container 'first' has 10.89.0.9 on ts-c0 already: leave the address out to get a free one\n",
      });
      expect(await host.settled(before)).toEqual(before);
      first.child.stdin?.end('\n');
      await first.ended();
    });
  },
);
