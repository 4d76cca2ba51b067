import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busybox, temporaryDirectory } from '../rootfs.ts';
import { Host, needs, patience } from './host.ts';
import { server } from './talk.ts';

const words = (text: string): string[] => text.split(' ').filter(Boolean);

/** A container.json with more members, as an option. */
function configOf(...members: readonly string[]): string[] {
  const path = join(temporaryDirectory('config'), 'container.json');
  const text = `{"namespaces":{"NEWNS":true,"NEWNET":true},${members.join(',')}}`;
  writeFileSync(path, text);
  return ['--config', path];
}

const veth = (members: string): string[] => [
  `"networks":[{"type":"loopback"},{"type":"veth",${members}}]`,
];

describe.skipIf(process.getuid?.() !== 0 || !busybox)(
  `a network that can’t be is refused, and nothing of it made (${needs})`,
  patience,
  () => {
    let host: Host;
    let other: Host;
    beforeAll(async () => {
      host = await Host.start();
      other = await Host.start();
      host.connect('wan0', ['192.0.2.1/24'], other, ['192.0.2.2/24']);
      host.addBridge('br0');
      // It has port 80.
      await host.start(server).line();
    });
    afterAll(async () => {
      await host[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    });

    it.each<[string | string[], string]>([
      [
        '--network bridge:nope',
        "--network: there is no bridge 'nope': make it (ip link add nope type bridge)",
      ],
      ['--network bridge:wan0', "--network: 'wan0' is no bridge, it is a veth"],
      [
        '--network bridge:a-name-of-19-bytes!',
        '--network: expected at most 15 bytes, got 19: "a-name-of-19-bytes!"',
      ],
      ['--network macvlan:nope', "--network: there is no device 'nope'"],
      [
        '--network macvlan:wan0:router',
        '--network: expected one of bridge, private, vepa, passthru, got "router"',
      ],
      ['--network phys:nope', "--network: there is no device 'nope'"],
      ['--network netns:/nowhere', "ENOENT: no such file or directory, openat '/nowhere'"],
      ['--network netns:/etc/passwd', "EINVAL: '/etc/passwd' is not a namespace, setns"],
      ['--network bridge:br0', '--network: is missing, and the bridge br0 has no'],
      [
        '--network bridge --ip 10.89.0.1',
        '--ip: 10.89.0.1 is the address of the bridge ts-c0 itself: leave the address out to get a free one',
      ],
      ['--network bridge --ip fe80::99999', '--ip: expected an address'],
      [
        '--network bridge --ip 10.0.0.5/24',
        '--ip: expected an address in the network of the bridge ts-c0, 10.89.0.1/24, got',
      ],
      [
        '--network bridge:br0 --ip 10.0.0.255/24',
        '--ip: expected the address of one device, got that of the network or of all in it, "10.0.0.255/24"',
      ],
      ['--network phys:lo', '--network: lo is the loopback of the host, and no phys can be made'],
      ['--network bridge --route=', '--route: expected DESTINATION [via GATEWAY]'],
      ['--network bridge --route=10.89.0.0/24', 'EEXIST: file already exists, netlink'],
      [
        [
          ...veth('"address":"10.0.0.2/24"'),
          '"routes":[{"destination":"10.1.0.0/16","gateway":"192.0.2.9","interface_name":"eth0"}]',
        ],
        'ENETUNREACH: network is unreachable, netlink RTM_NEWROUTE: Nexthop has invalid gateway (step ',
      ],
      ['--network host --route=10.0.0.0/8', '--route: would be a route of the host'],
      ['--network netns:/proc/self/ns/net --route=::/0', 'ENODEV: no such device, netlink'],
      ['--network bridge --route 10.1.0.0/16=x', '--route: expected a network'],
      [
        '--network bridge --route=10.1.2.3/16',
        '--route: expected a network, got the address of a host in one, "10.1.2.3/16": its network is 10.1.0.0/16',
      ],
      ['--network bridge -p 8080:0', '--publish: 0 is no port'],
      ['--network bridge -p 8080:99999', '--publish: 99999 is no port'],
      ['--network bridge -p 8080:80/sctp', '--publish: '],
      ['--network bridge -p 192.0.2.77:8080:80', 'EADDRNOTAVAIL'],
      ['--network bridge -p 80:8080', 'EADDRINUSE'],
      ['--network none -p 8080:80', '--publish: there is no network that it could be about'],
      [
        veth('"address":"10.0.0.2/24","gateway":"10.0.1.1"'),
        "networks[1].gateway: 10.0.1.1 is outside of 10.0.0.2/24, so it can't be reached; set onlink to true if it can",
      ],
      [
        veth('"address":"10.0.0.2/24","gateway":"fd00::1"'),
        'networks[1].gateway: expected an IPv4 address as 10.0.0.2 is one',
      ],
      [veth('"veth_prefix":"eleven-byte"'), 'networks[1].veth_prefix: expected at most 10 bytes'],
      [veth('"mtu":10'), 'networks[1].mtu: expected a number of bytes from 68 to 65535'],
      [veth('"mtu":70000'), 'networks[1].mtu: expected a number of bytes from 68 to 65535'],
      [veth('"address":"10.0.0.2"'), 'networks[1].address: expected an address in CIDR notation'],
      [veth('"subnet":"192.0.2.0/24"'), 'networks[1].subnet: 192.0.2.0/24 of the bridge'],
      [
        ['"networks":[{"type":"netns","ns_path":"blue"}]'],
        'networks[0].ns_path: expected the absolute path of a network namespace',
      ],
    ])('%j', async (given, message) => {
      const before = host.look();
      const args = typeof given === 'string' ? words(given) : configOf(...given);
      const { status, stdout, stderr } = await host.nsinit(['run', ...args, 'true']).ended();
      const [line = '', ...more] = stderr.trimEnd().split('\n');
      expect(line.replace(/\/[^:]*container\.json: /, '')).toContain(`nsinit: ${message}`);
      expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
      expect(more.filter((each) => !each.startsWith('hint: '))).toEqual([]);
      expect(await host.settled(before)).toEqual(before);
    });

    it('without CAP_NET_ADMIN', async () => {
      const before = host.look();
      const prefix = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
      for (const user of [[], ['--userns']]) {
        const args = ['run', ...user, '--network', 'bridge', 'true'];
        expect(await host.nsinit(args, { prefix }).ended()).toEqual({
          status: 125,
          stdout: '',
          stderr: expect.stringMatching(
            /^nsinit: network: a veth is a device of this machine, for which root is needed \(CAP_NET_ADMIN\).*--network host\)\n$/,
          ),
        });
      }
      expect(host.look()).toEqual(before);
    });

    it('with a port that another container has', async () => {
      const published = ['run', '--network', 'bridge', '-p', '8080:80'];
      const first = host.nsinit([...published, 'sh', '-c', 'echo up; read line']);
      await first.line();
      const before = host.look();
      const second = await host.nsinit([...published, 'true']).ended();
      expect(second).toMatchObject({ status: 125, stdout: '' });
      expect(second.stderr).toMatch(
        /^nsinit: EADDRINUSE: .*8080.*\nhint: another program or container has that port/,
      );
      expect(await host.settled(before)).toEqual(before);
      first.child.stdin?.end('\n');
      expect(await first.ended()).toMatchObject({ status: 0, stderr: '' });
    });
  },
);
