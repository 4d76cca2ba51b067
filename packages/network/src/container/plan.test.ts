import { describe, expect, it } from 'vitest';
import { bridgeMac } from './bridge.ts';
import { parseCidr, type Cidr } from './cidr.ts';
import type { Network } from './config.ts';
import type { NetworkFacts } from './facts.ts';
import type { LeaseFacts, LeaseLook } from './lease-files.ts';
import { networkState, planNetwork, type NetworkOptions } from './plan.ts';

const link = (name: string, kind: string | undefined, ...addresses: string[]) => ({
  name,
  kind,
  index: 7,
  mac: '02:00:00:00:00:07',
  addresses,
});
const leasesOf = (looks: Readonly<Record<string, LeaseLook>>): LeaseFacts => ({
  addresses: new Set(Object.keys(looks)),
  look: (address) => looks[address],
});
const facts: NetworkFacts = {
  links: new Map([
    ['docker0', link('docker0', 'bridge', '172.17.42.1/16', 'fd00:17::1/64')],
    ['bare0', link('bare0', 'bridge')],
    ['eno1', link('eno1', undefined, '192.0.2.9/24')],
  ]),
  routes: [
    { network: parseCidr('192.0.2.0/24') as Cidr, device: 'eno1', isAdvertised: false },
    { network: parseCidr('0.0.0.0/0') as Cidr, device: 'eno1', isAdvertised: false },
  ],
  leases: new Map([
    ['docker0', leasesOf({ '172.17.0.1': { holder: 'other' }, '172.17.0.2': { left: 'gone' } })],
  ]),
  hasIpv6: true,
};
const plan = (networks: readonly Network[], more: Partial<NetworkOptions> = {}, known = facts) =>
  planNetwork(
    { id: 'box', networks, root: '/run/test', random: (length) => 'x'.repeat(length), ...more },
    known,
  );

describe('planNetwork', () => {
  it('plans what libcontainer 1.1.0 ships as a sample', () => {
    const planned = plan([
      { address: '127.0.0.1/0', gateway: 'localhost', mtu: 1500, type: 'loopback' },
      {
        address: '172.17.0.101/16',
        bridge: 'docker0',
        veth_prefix: 'veth',
        gateway: '172.17.42.1',
        mtu: 1500,
        type: 'veth',
      },
    ]);
    expect(planned).toEqual({
      id: 'box',
      namespace: 'own',
      root: '/run/test',
      leases: [],
      bridges: [],
      sysctls: [],
      abandoned: [],
      nat: [],
      routes: [],
      devices: [
        { type: 'loopback', name: 'lo' },
        {
          type: 'veth',
          name: 'eth0',
          host: 'vethxxxxxxx',
          bridge: 'docker0',
          mtu: 1500,
          addresses: ['172.17.0.101/16'],
          gateways: ['172.17.42.1'],
          onlink: false,
        },
      ],
    });
    expect(networkState(planned)).toEqual({ veth_host: 'vethxxxxxxx', veth_child: 'eth0' });
    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
  });

  it('makes a bridge on demand', () => {
    const planned = plan([{ type: 'veth' }]);
    expect(planned.bridges).toEqual([
      {
        name: 'ts-c0',
        addresses: ['10.89.0.1/24', 'fd00:7473:2d63::1/64'],
        mac: bridgeMac('ts-c0'),
      },
    ]);
    expect(planned.leases).toEqual([
      { bridge: 'ts-c0', address: '10.89.0.2', id: 'box', device: 'vethxxxxxxx' },
      { bridge: 'ts-c0', address: 'fd00:7473:2d63::2', id: 'box', device: 'vethxxxxxxx' },
    ]);
    expect(planned.nat).toMatchObject([{ id: 'box', bridge: 'ts-c0', masquerade: true }]);
    expect(planned.devices).toMatchObject([
      {
        addresses: ['10.89.0.2/24', 'fd00:7473:2d63::2/64'],
        gateways: ['10.89.0.1', 'fd00:7473:2d63::1'],
      },
    ]);
  });

  it('makes a bridge of another name for a subnet, without IPv6 where there is none', () => {
    const planned = plan(
      [{ type: 'veth', bridge: 'blue', subnet: '10.90.0.0/24', ipv6_subnet: 'fd00:90::/64' }],
      {},
      { ...facts, hasIpv6: false },
    );
    expect(planned.bridges).toMatchObject([{ name: 'blue', addresses: ['10.90.0.1/24'] }]);
    expect(planned.devices).toMatchObject([
      { addresses: ['10.90.0.2/24'], gateways: ['10.90.0.1'] },
    ]);
  });

  it('takes addresses from a bridge of somebody else, those of the dead last, and does not masquerade', () => {
    const planned = plan([
      { type: 'veth', bridge: 'docker0' },
      { type: 'veth', bridge: 'docker0', name: 'eth0', veth_prefix: 'b' },
    ]);
    expect(planned.leases.map(({ address, id }) => `${address} ${id}`)).toEqual([
      '172.17.0.3 box',
      'fd00:17::2 box',
      '172.17.0.4 box..1',
      'fd00:17::3 box..1',
    ]);
    expect(planned.bridges).toEqual([]);
    expect(planned.nat).toEqual([]);
    expect(planned.devices.map(({ name }) => name)).toEqual(['eth1', 'eth0']);
  });

  it('takes over an address that is asked for, and removes what its last container has left', () => {
    const planned = plan([{ type: 'veth', bridge: 'docker0', address: '172.17.0.2/16' }], {
      publish: [{ hostPort: 8080, port: 80 }],
    });
    const leases = [{ address: '172.17.0.2', isLeft: true }];
    expect(planned).toMatchObject({ abandoned: ['gone'], leases });
  });

  it('leaves it to the supervisor to find that somebody has taken an address since it was chosen', () => {
    const late = { addresses: new Set<string>(), look: () => ({ holder: 'other' }) };
    const networks = [{ type: 'veth', bridge: 'docker0', subnet: '172.17.0.0/16' }];
    const planned = plan(networks, {}, { ...facts, leases: new Map([['docker0', late]]) });
    expect(planned.leases.map(({ address, isLeft }) => [address, isLeft])).toEqual([
      ['172.17.0.1', undefined],
    ]);
    expect(planned.devices).toMatchObject([{ addresses: ['172.17.0.1/16'] }]);
  });

  it('publishes ports over a veth on any bridge, and leases its address then', () => {
    const planned = plan([{ type: 'veth', bridge: 'docker0', address: '172.17.0.9/16' }], {
      publish: [{ hostPort: 8080, port: 80 }],
    });
    expect(planned.nat).toMatchObject([
      { masquerade: false, published: [{ hostPort: 8080, port: 80 }] },
    ]);
    expect(planned.leases).toEqual([
      { bridge: 'docker0', address: '172.17.0.9', id: 'box', device: 'vethxxxxxxx' },
    ]);
    expect(planned.devices).toMatchObject([{ hairpin: true }]);
  });

  it.each<[Network, object]>([
    [
      { type: 'macvlan', parent: 'eno1' },
      { type: 'macvlan', name: 'eth0', parent: 'eno1', mode: 'bridge', addresses: [] },
    ],
    [
      { type: 'ipvlan', parent: 'eno1', mode: 'l3', subnet: '192.0.2.0/24', gateway: '192.0.2.1' },
      { mode: 'l3', addresses: ['192.0.2.2/24'], gateways: ['192.0.2.1'] },
    ],
    [
      { type: 'phys', parent: 'eno1' },
      { type: 'phys', name: 'eno1', parent: 'eno1' },
    ],
    [
      { type: 'phys', parent: 'eno1', name: 'wan' },
      { name: 'wan', parent: 'eno1' },
    ],
  ])('plans %o', (network, device) => {
    expect(plan([network]).devices).toMatchObject([device]);
  });

  it('says which namespace it is', () => {
    expect(plan([{ type: 'none' }])).toMatchObject({ namespace: 'own', devices: [] });
    expect(plan([{ type: 'host' }])).toMatchObject({ namespace: 'host', devices: [] });
    const joined = plan([{ type: 'netns', ns_path: '/run/netns/blue' }]);
    expect(joined).toMatchObject({ namespace: { path: '/run/netns/blue' }, devices: [] });
    expect(networkState(joined)).toEqual({ ns_path: '/run/netns/blue' });
  });

  it.each<[Network[], Partial<NetworkOptions>, string, RegExp]>([
    [
      [{ type: 'veth', bridge: 'no0', address: '10.0.0.2/24' }],
      {},
      'ERR_NO_DEVICE',
      /^networks\[0\].bridge: there is no bridge 'no0': make it \(ip link add no0 type bridge\)/,
    ],
    [
      [{ type: 'veth', bridge: 'eno1' }],
      {},
      'ERR_NO_DEVICE',
      /^networks\[0\].bridge: 'eno1' is no bridge/,
    ],
    [
      [{ type: 'phys', parent: 'eno9' }],
      {},
      'ERR_NO_DEVICE',
      /^networks\[0\].parent: there is no device 'eno9'/,
    ],
    [
      [{ type: 'veth', bridge: 'bare0' }],
      {},
      'ERR_NETWORK_CONFIG',
      /^networks\[0\].address: is missing/,
    ],
    [
      [{ type: 'veth', bridge: 'new0', subnet: '192.0.0.0/16' }],
      {},
      'ERR_NETWORK_OVERLAP',
      /^networks\[0\].subnet: 192.0.0.0\/16 .* 192.0.2.0\/24, which the host reaches over eno1/,
    ],
    [
      [{ type: 'veth', bridge: 'docker0', address: '172.17.0.1/16' }],
      {},
      'ERR_ADDRESS_TAKEN',
      /container 'other' has 172.17.0.1 on docker0/,
    ],
    [
      [{ type: 'veth', bridge: 'docker0', subnet: '172.17.0.0/30', gateway: '172.17.0.2' }],
      {},
      'ERR_NO_ADDRESS_LEFT',
      /all addresses of 172.17.0.0\/30 on docker0/,
    ],
    [
      [{ type: 'veth', mtu: 0 }, {}],
      {},
      'ERR_NETWORK_CONFIG',
      /^networks\[0\].mtu: .* \(and 1 more\)$/,
    ],
    [
      [{ type: 'veth' }],
      { routes: [{ gateway: '10.89.0.9', interface_name: 'eth1' }] },
      'ERR_NO_DEVICE',
      /^routes\[0\].interface_name: the container has no device 'eth1'; its devices: eth0/,
    ],
    [
      [{ type: 'host' }],
      { routes: [{ gateway: '10.89.0.9', interface_name: 'eth1' }] },
      'ERR_NETWORK_CONFIG',
      /^routes\[0\]: would be a route of the host/,
    ],
    [
      [{ type: 'loopback' }],
      { publish: [{ hostPort: 80, port: 80 }] },
      'ERR_NETWORK_CONFIG',
      /^publish: .* add a network of type veth/,
    ],
    [
      [{ type: 'veth' }],
      { publish: [{ hostPort: 0, port: 80 }] },
      'ERR_INVALID_ARG_VALUE',
      /hostPort/,
    ],
  ])('refuses %o', (networks, more, code, message) => {
    const go = (): unknown => plan(networks, more);
    expect(go).toThrow(message);
    expect(go).toThrow(expect.objectContaining({ code }));
  });
});
