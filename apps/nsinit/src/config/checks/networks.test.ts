import { describe, expect, it } from 'vitest';
import { errorsOf } from '../../../test/config.ts';

describe('networks', () => {
  it.each([
    [{ type: 'vet' }, ['.type: expected veth, loopback or netns, got "vet"; did you mean "veth"?']],
    [{ type: 'loopback', address: '127.0.0.1/0', gateway: 'localhost', mtu: 1500 }, []],
    [{ type: 'loopback', mtu: -1 }, ['.mtu: expected a number of bytes, got -1']],
    [
      { type: 'veth' },
      [
        '.bridge: is missing, and a veth needs it',
        '.veth_prefix: is missing, and a veth needs it',
        '.address: is missing, and a veth needs it',
      ],
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
      ['.ns_path: expected the absolute path of a network namespace, got "a"'],
    ],
  ])('%j', (network, lines) => {
    const text = JSON.stringify({ namespaces: { NEWNET: true }, networks: [network] });
    expect(errorsOf(text)).toEqual(lines.map((line) => `container.json: networks[0]${line}`));
  });

  it.each([
    [
      {
        destination: '10.0.0.0/8',
        source: '10.1.0.0/16',
        gateway: '10.0.0.1',
        interface_name: 'e',
      },
      [],
    ],
    [
      {},
      [
        '.interface_name: is missing: which device is it over?',
        ': needs a destination, a source or a gateway',
      ],
    ],
    [
      { destination: '10.0.0.0', gateway: '10.0.0.1/8', interface_name: 'e' },
      [
        '.destination: expected an address in CIDR notation such as 10.0.0.2/24, got "10.0.0.0"',
        '.gateway: expected an IP address such as 10.0.0.1, got "10.0.0.1/8"',
      ],
    ],
    [{ destination: '::/0', gateway: '10.0.0.1', interface_name: 'e' }, [': mixes IPv4 and IPv6']],
    [
      { destination: 'fe80::1%e/64', interface_name: 'e' },
      [
        '.destination: expected an address in CIDR notation such as 10.0.0.2/24, got "fe80::1%e/64"',
      ],
    ],
  ])('route %j', (route, lines) => {
    const text = JSON.stringify({ namespaces: { NEWNET: true }, routes: [route] });
    expect(errorsOf(text)).toEqual(lines.map((line) => `container.json: routes[0]${line}`));
  });
});
