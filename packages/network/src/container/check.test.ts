import { describe, expect, it } from 'vitest';
import { checkNetworks } from './check.ts';
import { checkRoutes } from './check-routes.ts';
import type { Network, Route } from './config.ts';

const veth = { type: 'veth', bridge: 'br0', address: '10.0.0.2/24' };
const lan = { type: 'macvlan', parent: 'eno1' };

describe('checkNetworks', () => {
  it.each<[string, Network[]]>([
    ['nothing', []],
    [
      'what libcontainer 1.1.0 ships as a sample',
      [
        { address: '127.0.0.1/0', gateway: 'localhost', mtu: 1500, type: 'loopback' },
        {
          address: '172.17.0.101/16',
          bridge: 'docker0',
          veth_prefix: 'veth',
          gateway: '172.17.42.1',
          mtu: 1500,
          type: 'veth',
        },
      ],
    ],
    ['a veth, all of it chosen', [{ type: 'veth' }]],
    [
      'empty strings, which are as good as nothing',
      [{ type: 'veth', bridge: '', veth_prefix: '', address: '', gateway: '', name: '' }],
    ],
    [
      'two families',
      [{ ...veth, addresses: ['fd00::2/64'], gateway: '10.0.0.1', ipv6_gateway: 'fd00::1' }],
    ],
    ['a gateway on the link', [{ ...veth, addresses: ['fd00::2/64'], ipv6_gateway: 'fe80::1' }]],
    ['a gateway outside that can be reached', [{ ...veth, gateway: '192.0.2.1', onlink: true }]],
    ['several veths', [veth, { ...veth, address: '10.0.1.2/24', name: 'lan0' }]],
    [
      'a namespace with its loopback',
      [{ type: 'loopback' }, { type: 'netns', ns_path: '/run/netns/blue' }],
    ],
    ['host', [{ type: 'host' }]],
    [
      'macvlan and ipvlan',
      [
        { ...lan, mode: 'vepa', mac_address: '02:00:00:00:00:01' },
        { ...lan, type: 'ipvlan', mode: 'l3s' },
      ],
    ],
    [
      'a subnet',
      [{ type: 'veth', bridge: 'blue', subnet: '10.90.0.0/24', ipv6_subnet: 'fd00:90::/64' }],
    ],
  ])('has nothing against %s', (_what, networks) => {
    expect(checkNetworks(networks)).toEqual([]);
  });

  it.each<[Network[], string, RegExp]>([
    [[{}], 'networks[0].type', /expected one of loopback, veth, netns.*got ""/],
    [[{ type: 'loopback' }, { type: 'vet' }], 'networks[1].type', /got "vet"/],
    [
      [{ ...veth, address: '10.0.0.2' }],
      'networks[0].address',
      /CIDR notation such as 10.0.0.2\/24, got "10.0.0.2"/,
    ],
    [[{ ...veth, address: 'fd00::2' }], 'networks[0].address', /such as fd00::2\/64/],
    [[{ ...veth, address: '10.0.0.2/0' }], 'networks[0].address', /prefix length of 1 or more/],
    [[{ ...veth, address: '10.0.0.2/33' }], 'networks[0].address', /CIDR/],
    [
      [{ ...veth, addresses: ['10.0.0.2/16'] }],
      'networks[0].addresses[0]',
      /10.0.0.2 is there twice/,
    ],
    [
      [{ ...veth, gateway: '10.0.1.1' }],
      'networks[0].gateway',
      /outside of 10.0.0.2\/24.*set onlink to true/,
    ],
    [[{ ...veth, gateway: '10.0.0.2' }], 'networks[0].gateway', /the device itself/],
    [
      [{ ...veth, gateway: 'fd00::1' }],
      'networks[0].gateway',
      /expected an IPv4 address as 10.0.0.2 is one/,
    ],
    [
      [{ ...veth, gateway: 'localhost' }],
      'networks[0].gateway',
      /expected an IP address such as 10.0.0.1/,
    ],
    [
      [{ ...veth, ipv6_gateway: '10.0.0.1' }],
      'networks[0].ipv6_gateway',
      /expected an IPv6 address/,
    ],
    [
      [{ ...veth, address: 'fd00::2/64', gateway: 'fd00::1', ipv6_gateway: 'fd00::1' }],
      'networks[0].ipv6_gateway',
      /leave one of them out/,
    ],
    [[{ ...veth, mtu: 0 }], 'networks[0].mtu', /from 68 to 65535, or nothing, got 0/],
    [[{ ...veth, mtu: 65536 }], 'networks[0].mtu', /got 65536/],
    [[{ ...veth, mtu: 1.5 }], 'networks[0].mtu', /got 1.5/],
    [
      [{ ...veth, address: 'fd00::2/64', mtu: 1000 }],
      'networks[0].mtu',
      /from 1280 \(as there are IPv6/,
    ],
    [[{ ...veth, bridge: 'a-bridge-too-long' }], 'networks[0].bridge', /at most 15 bytes, got 17/],
    [[{ ...veth, bridge: 'a/b' }], 'networks[0].bridge', /without whitespace, "\/"/],
    [[{ ...veth, bridge: '..' }], 'networks[0].bridge', /the name of a device/],
    [[{ ...veth, name: 'eth 0' }], 'networks[0].name', /the name of a device/],
    [[{ ...veth, name: 'eth%d' }], 'networks[0].name', /the name of a device/],
    [[{ ...veth, name: 'lo' }], 'networks[0].name', /choose another name/],
    [[{ ...veth, name: 'ü'.repeat(8) }], 'networks[0].name', /at most 15 bytes, got 16/],
    [[{ ...veth, veth_prefix: 'elevenbytes' }], 'networks[0].veth_prefix', /at most 10 bytes/],
    [
      [{ ...veth, mac_address: '2:0:0:0:0:1' }],
      'networks[0].mac_address',
      /such as 02:00:00:00:00:01/,
    ],
    [
      [{ ...veth, mac_address: '00:00:00:00:00:00' }],
      'networks[0].mac_address',
      /expected a hardware address/,
    ],
    [[{ ...veth, mac_address: '01:00:00:00:00:01' }], 'networks[0].mac_address', /has to be even/],
    [
      [{ ...lan, type: 'ipvlan', mac_address: '02:00:00:00:00:01' }],
      'networks[0].mac_address',
      /leave it out/,
    ],
    [[{ type: 'macvlan' }], 'networks[0].parent', /is missing: on which device/],
    [
      [{ ...lan, mode: 'l2' }],
      'networks[0].mode',
      /expected one of bridge, private, vepa, passthru, got "l2"/,
    ],
    [[{ type: 'veth', subnet: 'fd00::/64' }], 'networks[0].subnet', /expected an IPv4 network/],
    [[{ type: 'veth', subnet: '10.0.0.0/31' }], 'networks[0].subnet', /from 8 to 30/],
    [
      [{ type: 'netns', ns_path: 'netns/blue' }],
      'networks[0].ns_path',
      /absolute path.*got "netns\/blue"/,
    ],
    [[{ type: 'netns' }], 'networks[0].ns_path', /got ""/],
    [[veth, { type: 'host' }], 'networks[1].type', /can only be alone/],
    [
      [
        { type: 'netns', ns_path: '/a' },
        { type: 'netns', ns_path: '/b' },
      ],
      'networks[1].type',
      /the second netns/,
    ],
    [
      [veth, { type: 'netns', ns_path: '/a' }],
      'networks[0].type',
      /a network namespace of its own/,
    ],
    [
      [
        { ...veth, gateway: '10.0.0.1' },
        { ...veth, address: '10.0.0.3/24', gateway: '10.0.0.1' },
      ],
      'networks[1].gateway',
      /networks\[0\] has the gateway of IPv4 already/,
    ],
    [
      [
        { ...veth, name: 'x' },
        { ...veth, name: 'x' },
      ],
      'networks[1].name',
      /of networks\[0\] already/,
    ],
    [
      [
        { ...veth, name: 'eno2' },
        { type: 'phys', parent: 'eno2' },
      ],
      'networks[1].name',
      /of networks\[0\] already/,
    ],
  ])('refuses %o', (networks, key, message) => {
    const problems = checkNetworks(networks);
    expect(problems.map((problem) => problem.key)).toEqual([key]);
    expect(problems[0]?.message).toMatch(message);
  });
});

describe('checkRoutes', () => {
  const interface_name = 'eth0';
  it.each<Route>([
    { interface_name, destination: '10.0.0.0/8', gateway: '10.0.0.1' },
    { interface_name, gateway: 'fd00::1' },
    { interface_name, source: '10.0.0.2/24' },
    { interface_name, destination: '0.0.0.0/0', source: '0.0.0.0/0', gateway: '10.0.0.1' },
    { interface_name, source: '2001:db8::/64', gateway: 'fe80::1' },
    { interface_name, destination: '::/0' },
  ])('has nothing against %o', (route) => {
    expect(checkRoutes([route])).toEqual([]);
  });

  it.each<[Route, string, RegExp]>([
    [{ gateway: '10.0.0.1' }, 'routes[0].interface_name', /is missing: over which device/],
    [{ interface_name }, 'routes[0]', /needs a destination, a source or a gateway/],
    [{ interface_name, destination: '10.0.0.1' }, 'routes[0].destination', /in CIDR notation/],
    [
      { interface_name, destination: '10.1.2.3/16' },
      'routes[0].destination',
      /its network is 10.1.0.0\/16/,
    ],
    [{ interface_name, source: '10.0.0.2' }, 'routes[0].source', /in CIDR notation/],
    [{ interface_name, source: '10.0.0.0/24' }, 'routes[0].source', /got a network/],
    [{ interface_name, gateway: '10.0.0.1/24' }, 'routes[0].gateway', /an IP address such as/],
    [
      { interface_name, destination: '10.0.0.0/8', gateway: 'fd00::1' },
      'routes[0].gateway',
      /mixes IPv4 and IPv6: expected IPv4 as the destination is/,
    ],
    [
      { interface_name, destination: '::/0', source: '10.0.0.2/24' },
      'routes[0].source',
      /expected IPv6/,
    ],
  ])('refuses %o', (route, key, message) => {
    const problems = checkRoutes([route]);
    expect(problems.map((problem) => problem.key)).toEqual([key]);
    expect(problems[0]?.message).toMatch(message);
  });
});
