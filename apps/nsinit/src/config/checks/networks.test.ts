import { describe, expect, it } from 'vitest';
import { errorsOf } from '../../../test/config.ts';

describe('networks', () => {
  it.each([
    [
      { type: 'vet' },
      [
        '.type: expected one of loopback, veth, netns, host, none, macvlan, ipvlan, phys, got "vet"; did you mean "veth"?',
      ],
    ],
    [{ type: 'loopback', address: '127.0.0.1/0', gateway: 'localhost', mtu: 1500 }, []],
    [{ type: 'loopback', mtu: -1 }, []],
    [{ type: 'veth' }, []],
    [{ type: 'veth', mtu: 0 }, []],
    [
      { type: 'veth', mtu: 67 },
      ['.mtu: expected a number of bytes from 68 to 65535, or nothing, got 67'],
    ],
    [
      { type: 'veth', veth_prefix: 'much-too-long' },
      [
        '.veth_prefix: expected at most 10 bytes, so that 5 random ones fit behind it in a name of 15, got "much-too-long"',
      ],
    ],
    [
      { type: 'veth', bridge: 'sixteen-bytes-it', name: 'a b' },
      [
        '.bridge: expected at most 15 bytes, got 16: "sixteen-bytes-it"',
        '.name: expected the name of a device, without whitespace, "/", ":" or "%", got "a b"',
      ],
    ],
    [
      { type: 'veth', address: '10.0.0.2/24', gateway: '10.0.1.1' },
      [
        ".gateway: 10.0.1.1 is outside of 10.0.0.2/24, so it can't be reached; set onlink to true if it can",
      ],
    ],
    [
      { type: 'veth', address: '10.0.0.2/24', gateway: 'fd00::1' },
      [
        '.gateway: expected an IPv4 address as 10.0.0.2 is one, or an IPv6 address for the device too, got "fd00::1"',
      ],
    ],
    [{ type: 'macvlan' }, ['.parent: is missing: on which device of the host is the macvlan?']],
    [
      { type: 'ipvlan', parent: 'eth0', mode: 'bridge' },
      ['.mode: expected one of l2, l3, l3s, got "bridge"'],
    ],
    [
      { type: 'veth', bridge: 'b', veth_prefix: 'v', address: '10.0.0.1/33', gateway: 'router' },
      [
        '.address: expected an address in CIDR notation such as 10.0.0.2/24, got "10.0.0.1/33"',
        '.gateway: expected an IP address such as 10.0.0.1, got "router"',
      ],
    ],
    [
      { type: 'veth', bridge: 'b', veth_prefix: 'v', address: 'fd00::2/64', gateway: 'fd00::1' },
      [],
    ],
    [
      { type: 'netns', ns_path: 'a' },
      [
        '.ns_path: expected the absolute path of a network namespace such as /run/netns/blue, got "a"',
      ],
    ],
  ])('%j', (network, lines) => {
    const text = JSON.stringify({ namespaces: { NEWNET: true }, networks: [network] });
    expect(errorsOf(text)).toEqual(lines.map((line) => `container.json: networks[0]${line}`));
  });

  it.each([
    [
      {
        destination: '10.0.0.0/8',
        source: '10.1.0.7/16',
        gateway: '10.0.0.1',
        interface_name: 'e',
      },
      [],
    ],
    [
      {},
      [
        '.interface_name: is missing: over which device of the container is it, eth0?',
        ': needs a destination, a source or a gateway',
      ],
    ],
    [
      { destination: '10.0.0.0', gateway: '10.0.0.1/8', interface_name: 'e' },
      [
        '.destination: expected a network in CIDR notation such as 10.0.0.0/24, got "10.0.0.0"',
        '.gateway: expected an IP address such as 10.0.0.1, got "10.0.0.1/8"',
      ],
    ],
    [
      { destination: '::/0', gateway: '10.0.0.1', interface_name: 'e' },
      ['.gateway: mixes IPv4 and IPv6: expected IPv6 as the destination is, got "10.0.0.1"'],
    ],
    [
      { destination: 'fe80::1%e/64', interface_name: 'e' },
      ['.destination: expected a network in CIDR notation such as 10.0.0.0/24, got "fe80::1%e/64"'],
    ],
    [
      { source: '10.1.0.0/16', interface_name: 'e' },
      [
        '.source: expected the address that packets are to have, such as 10.0.0.2/24, got a network, "10.1.0.0/16"',
      ],
    ],
  ])('route %j', (route, lines) => {
    const text = JSON.stringify({ namespaces: { NEWNET: true }, routes: [route] });
    expect(errorsOf(text)).toEqual(lines.map((line) => `container.json: routes[0]${line}`));
  });

  it.each([
    [
      '"published_ports":["80"]',
      'published_ports[0]: no port of the host and port of the container: ',
    ],
    ['"dns":{"servers":["a"]}', 'dns.servers[0]: expected an IP address such as 10.0.0.1, got "a"'],
    ['"extra_hosts":["a"]', 'extra_hosts[0]: expected a name and an address such as db:10.0.0.5'],
  ])('%s', (member, line) => {
    const lines = errorsOf(`{"namespaces":{"NEWNET":true},${member}}`);
    expect(lines).toEqual([expect.stringContaining(`container.json: ${line}`)]);
  });
});
