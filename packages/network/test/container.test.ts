import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { within } from '@ts-c/namespaces';
import { afterAll, describe, expect, it } from 'vitest';
import {
  networkStatistics,
  planNetwork,
  sweepNetworks,
  type Network as NetworkConfig,
  type NetworkPlan,
} from '../src/container/index.ts';
import { NETLINK, NLM_F, request } from '../src/netlink/index.ts';
import { NetlinkSocket } from '../src/netlink/socket.ts';
import { getTable } from '../src/nftables/index.ts';
import { deleteLink, getLink, IFF, newLink, setLink } from '../src/route/index.ts';
import { ask, serve, start, write, type Box, type BoxOptions } from './box.ts';
import { knows } from './kinds.ts';
import {
  addAddress,
  addressesIn,
  fetchIn,
  indexIn,
  linksOf,
  routesOf,
  serverIn,
  until,
} from './looks.ts';
import { network, type Network } from './network.ts';

const directory = mkdtempSync(join(tmpdir(), 'ts-c-network-'));
afterAll(() => rmSync(directory, { recursive: true }));
const sameOne = (): string => 'sameone';
const both = [{ type: 'loopback' }, { type: 'veth' }];
let count = 0;

/** A machine of the test's own, with leases of its own. */
async function machine() {
  const host: Network = await network();
  const root = join(directory, `${(count += 1)}`, 'network');
  rmSync(join(root, '..'), { recursive: true, force: true });
  const inside = <T>(body: () => T): T => within('net', host.namespace, body);
  const links = (): string[] => {
    using socket = NetlinkSocket.open({ namespace: host.namespace });
    return socket.dumpSync(request(getLink, {})).map(({ name = '' }) => name);
  };
  const tables = (): string[] =>
    inside(() => {
      using socket = NetlinkSocket.open({ protocol: NETLINK.NETFILTER });
      return socket.dumpSync(request(getTable, {})).map(({ name = '' }) => name);
    });
  return {
    host,
    root,
    inside,
    links,
    tables,
    /** Makes a link as `ip link add` does. */
    add(name: string, kind: string): void {
      using socket = NetlinkSocket.open({ namespace: host.namespace });
      const body = { name, flags: IFF.UP, change: IFF.UP, info: { kind } };
      socket.requestSync(request(newLink, body, NLM_F.CREATE | NLM_F.EXCL));
    },
    remove(name: string): void {
      using socket = NetlinkSocket.open({ namespace: host.namespace });
      socket.requestSync(request(deleteLink, { name }));
    },
    start: (options: Partial<BoxOptions>): Promise<Box> =>
      start(host.namespace, { id: 'box', networks: both, script: 'true', ...options, root }),
    /** All leases, as `bridge/address`. */
    leases: (): string[] =>
      (existsSync(root) ? readdirSync(root) : []).flatMap((bridge) =>
        readdirSync(join(root, bridge)).map((address) => `${bridge}/${address}`),
      ),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

const addressesOf = ({ devices }: NetworkPlan): string[] =>
  devices
    .flatMap((device) => ('addresses' in device ? device.addresses : []))
    .map((each) => each.replace(/\/.*/, ''));

describe('containers on a bridge that is made on demand', () => {
  it('reach each other over IPv4 and IPv6, and leave nothing behind', async () => {
    await using here = await machine();
    const server = await here.start({ id: 'server', script: serve });
    expect(await server.line()).toBe('ready');
    const client = await here.start({
      id: 'client',
      script: ask(...addressesOf(server.plan), '::1'),
    });
    expect(here.leases().toSorted()).toEqual([
      'ts-c0/10.89.0.2',
      'ts-c0/10.89.0.3',
      'ts-c0/fd00:7473:2d63::2',
      'ts-c0/fd00:7473:2d63::3',
    ]);
    expect(here.tables().toSorted()).toEqual(['ts-c-client', 'ts-c-server']);
    expect(await client.output()).toBe('10.89.0.3\nfd00:7473:2d63::3\nECONNREFUSED\n');
    expect(here.leases()).toEqual(['ts-c0/10.89.0.2', 'ts-c0/fd00:7473:2d63::2']);
    expect(here.links()).toContain('ts-c0');
    await server[Symbol.asyncDispose]();
    await until(here.links, ['lo']);
    expect(here.leases()).toEqual([]);
    expect(readdirSync(here.root)).toEqual([]);
    expect(here.tables()).toEqual([]);
  });

  it('have the devices, addresses and routes that are asked for', async () => {
    await using here = await machine();
    const lan = { type: 'veth', bridge: 'blue', subnet: '10.90.0.0/24', name: 'lan' };
    const box = await here.start({
      networks: [
        { type: 'loopback', mtu: 1500 },
        { type: 'veth', address: '10.89.0.77/24', mtu: 1400, mac_address: '02:00:00:00:00:4d' },
        { ...lan, addresses: ['10.90.0.9/24', 'fd00:90::9/64'] },
      ],
      routes: [
        { destination: '10.1.0.0/16', gateway: '10.90.0.3', interface_name: 'lan' },
        { destination: '10.2.0.0/16', source: '10.90.0.9/24', interface_name: 'lan' },
        { gateway: 'fd00:90::3', interface_name: 'lan' },
      ],
      script: 'exec sleep 100',
    });
    await until(() => linksOf(box.pid)[2], 'lan 1500 up');
    expect(linksOf(box.pid)).toEqual(['lo 65536 up', 'eth0 1400 up', 'lan 1500 up']);
    expect(addressesIn(box.pid)).toEqual([
      'lo 127.0.0.1/8',
      'lo ::1/128',
      'eth0 10.89.0.77/24',
      'lan 10.90.0.9/24',
      'lan fd00:90::9/64',
    ]);
    await until(
      () => routesOf(box.pid),
      [
        '0.0.0.0/0 via 10.89.0.1 dev eth0 scope 0',
        '10.1.0.0/16 via 10.90.0.3 dev lan scope 0',
        '10.2.0.0/16 dev lan scope 253 src 10.90.0.9',
        '10.89.0.0/24 dev eth0 scope 253 src 10.89.0.77',
        '10.90.0.0/24 dev lan scope 253 src 10.90.0.9',
        '::/0 via fd00:90::3 dev lan scope 0',
        'fd00:90::/64 dev lan scope 0',
      ],
    );
    const hosts = box.plan.devices.flatMap((each) => ('host' in each ? each.host : []));
    expect(here.links().toSorted()).toEqual(['lo', 'ts-c0', 'blue', ...hosts].toSorted());
    expect(here.tables().toSorted()).toEqual(['ts-c-box', 'ts-c-box..1']);
    await box[Symbol.asyncDispose]();
    await until(here.links, ['lo']);
    expect([here.leases(), here.tables()]).toEqual([[], []]);
  });

  it('have their devices from another process where the supervisor may not make any, and are swept', async () => {
    await using here = await machine();
    const box = await here.start({ user: true, attachLive: true, script: ask('10.89.0.1') });
    // Nobody serves there, and it is reached.
    expect(await box.output()).toBe('ECONNREFUSED\n');
    await until(here.links, ['lo', 'ts-c0']);
    expect(here.leases()).toHaveLength(2);
    const swept = here.inside(() => sweepNetworks(here.root));
    expect(swept).toEqual({
      leases: ['ts-c0/10.89.0.2', 'ts-c0/fd00:7473:2d63::2'],
      ids: ['box'],
      bridges: ['ts-c0'],
    });
    expect([here.links(), here.leases(), here.tables()]).toEqual([['lo'], [], []]);
  });

  it('reach the world, and are reached from there on a published port', async () => {
    await using here = await machine();
    await using outside = await network();
    using wire = NetlinkSocket.open({ namespace: here.host.namespace });
    const up = { flags: IFF.UP, change: IFF.UP };
    const peer = { name: 'eth0', namespacePid: outside.namespace.pid };
    const cable = { ...up, name: 'out0', info: { kind: 'veth', data: { peer } } } as const;
    wire.requestSync(request(newLink, cable, NLM_F.CREATE | NLM_F.EXCL));
    addAddress(here.host, 'out0', '192.0.2.1');
    addAddress(outside, 'eth0', '192.0.2.2');
    using far = NetlinkSocket.open({ namespace: outside.namespace });
    far.requestSync(request(setLink, { ...up, index: indexIn(outside, 'eth0') }));
    const world = serverIn(outside);
    expect(await world.line()).toBe('ready');
    const box = await here.start({
      networks: both,
      publish: [{ hostPort: 8080, port: 80 }],
      script: serve,
    });
    expect(await box.line()).toBe('ready');
    const client = await here.start({ id: 'client', script: ask('192.0.2.2') });
    expect(await client.output()).toBe('192.0.2.1\n');
    expect(await fetchIn(outside, '192.0.2.1', 8080)).toBe('192.0.2.2');
    await box[Symbol.asyncDispose]();
    await until(here.links, ['lo', 'out0']);
    expect([here.leases(), here.tables()]).toEqual([[], []]);
    world.end();
  });
});

const nfCall = '/proc/sys/net/bridge/bridge-nf-call-';
const hasBridgeFilter = existsSync(`${nfCall}iptables`);

/** What a container that publishes a port and another one are answered on it, on a machine with such a setting. */
async function answersOf(nfCalls: '0' | '1'): Promise<readonly string[]> {
  await using here = await machine();
  if (hasBridgeFilter)
    for (const family of ['iptables', 'ip6tables'])
      here.inside(() => writeFileSync(`${nfCall}${family}`, nfCalls));
  here.add('out0', 'bridge');
  addAddress(here.host, 'out0', '192.0.2.1');
  const publish = [{ hostPort: 8080, port: 80 }];
  const box = await here.start({ publish, script: serve });
  expect(await box.line()).toBe('ready');
  const other = await here.start({ id: 'other', script: 'exec sleep 100' });
  const answers: string[] = [];
  for (const { pid } of [box, other])
    for (const to of ['10.89.0.1', '192.0.2.1', 'fd00:7473:2d63::1'])
      answers.push(await fetchIn({ namespace: { pid } }, to, 8080));
  await Promise.all([box, other].map((each) => each[Symbol.asyncDispose]()));
  return answers;
}

describe('published ports are reached by the container itself and others on the bridge', () => {
  // Each as the host, so that answers come back by the host.
  const asHost = ['10.89.0.1', '10.89.0.1', 'fd00:7473:2d63::1'];

  it('where bridges filter nothing', async () => {
    expect(await answersOf('0')).toEqual([...asHost, ...asHost]);
  });

  it.skipIf(!hasBridgeFilter)('with bridge-nf-call-iptables (needs br_netfilter)', async () => {
    expect(await answersOf('1')).toEqual([...asHost, ...asHost]);
  });
});

async function killSupervisor({ process: supervisor }: Box): Promise<void> {
  const ended = once(supervisor, 'exit');
  supervisor.kill('SIGKILL');
  await ended;
}

describe('what fails leaves nothing behind', () => {
  it.each([
    [
      'a route that leads nowhere',
      { routes: [{ gateway: '10.1.1.1', interface_name: 'eth0' }] },
      'EEXIST|ENETUNREACH',
      'routes[0]',
    ],
    [
      'a bridge that has gone since',
      { networks: [{ type: 'veth', bridge: 'br0', address: '10.0.0.2/24' }] },
      'ENODEV',
      'on the bridge br0',
    ],
  ] as const)('%s', async (_what, options, code, title) => {
    await using here = await machine();
    here.add('br0', 'bridge');
    const plan = here.inside(() =>
      planNetwork({ id: 'box', networks: both, root: here.root, ...options }),
    );
    here.remove('br0');
    const failure = await here.start({ plan }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: expect.stringMatching(code),
      owner: '@ts-c/network',
      title: expect.stringContaining(title),
    });
    await until(here.links, ['lo']);
    expect([here.leases(), here.tables()]).toEqual([[], []]);
  });

  it('a name that somebody took meanwhile', async () => {
    await using here = await machine();
    const plan = here.inside(() =>
      planNetwork({ id: 'box', networks: both, root: here.root, random: sameOne }),
    );
    here.add('vethsameone', 'bridge');
    await expect(here.start({ plan })).rejects.toMatchObject({
      code: 'EEXIST',
      title: 'eth0 with vethsameone on the bridge ts-c0',
    });
    await until(here.links, ['lo', 'vethsameone']);
    expect([here.leases(), here.tables()]).toEqual([[], []]);
  });

  it('an address that somebody took meanwhile, who keeps it', async () => {
    await using here = await machine();
    const plans = ['one', 'two'].map((id) =>
      here.inside(() => planNetwork({ id, networks: both, root: here.root })),
    );
    const one = await here.start({ plan: plans[0] as NetworkPlan, script: 'exec sleep 100' });
    await expect(here.start({ plan: plans[1] as NetworkPlan })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      owner: '@ts-c/network',
      message: expect.stringContaining('another container has the address 10.89.0.2 on ts-c0'),
    });
    expect(here.leases()).toEqual(['ts-c0/10.89.0.2', 'ts-c0/fd00:7473:2d63::2']);
    expect(here.tables()).toEqual(['ts-c-one']);
    expect(here.links()).toContain('ts-c0');
    // The next plan has another.
    const two = await here.start({ id: 'two', script: 'exec sleep 100' });
    expect(addressesOf(two.plan)[0]).toBe('10.89.0.3');
    await Promise.all([one, two].map((each) => each[Symbol.asyncDispose]()));
    await until(here.links, ['lo']);
  });

  it('a killed supervisor, once that is swept; who lives stays', async () => {
    await using here = await machine();
    const alive = await here.start({ id: 'alive', script: serve });
    expect(await alive.line()).toBe('ready');
    const killed = await here.start({ id: 'killed', script: 'exec sleep 100' });
    const ended = once(killed.process, 'close');
    killed.process.kill('SIGKILL');
    await ended;
    expect(here.tables().toSorted()).toEqual(['ts-c-alive', 'ts-c-killed']);
    expect(here.inside(() => sweepNetworks(here.root, () => true)).leases).toEqual([]);
    const leases = ['ts-c0/10.89.0.3', 'ts-c0/fd00:7473:2d63::3'];
    await until(() => here.links().length, 3);
    expect(here.inside(() => sweepNetworks(here.root))).toEqual({
      leases,
      ids: ['killed'],
      bridges: [],
    });
    expect(here.tables()).toEqual(['ts-c-alive']);
    const client = await here.start({ id: 'client', script: ask('10.89.0.2') });
    expect(await client.output()).toBe('10.89.0.3\n');
    await alive[Symbol.asyncDispose]();
    await until(here.links, ['lo']);
    expect(here.inside(() => sweepNetworks(here.root))).toEqual({
      leases: [],
      ids: [],
      bridges: [],
    });
  });

  it('a container that has outlived its supervisor keeps what is its own until it ends', async () => {
    await using here = await machine();
    const script = 'exec sleep 100';
    const box = await here.start({ script, outlives: true });
    await killSupervisor(box);
    const leases = ['ts-c0/10.89.0.2', 'ts-c0/fd00:7473:2d63::2'];
    const asked = [{ type: 'veth', address: '10.89.0.2/24' }];
    const plan = (networks: readonly NetworkConfig[]): NetworkPlan =>
      here.inside(() => planNetwork({ id: 'new', networks, root: here.root }));
    expect(() => plan(asked)).toThrow(
      /^networks\[0\].address: container 'box' has 10.89.0.2 on ts-c0 already: /,
    );
    const other = await here.start({ id: 'other', script });
    expect(addressesOf(other.plan)).toEqual(['10.89.0.3', 'fd00:7473:2d63::3']);
    await other[Symbol.asyncDispose]();
    // Neither goes the bridge with another container, nor does a sweep take anything.
    const left = { leases: [], ids: [], bridges: [] };
    expect(here.inside(() => sweepNetworks(here.root))).toEqual(left);
    expect([here.leases(), here.tables()]).toEqual([leases, ['ts-c-box']]);
    expect(here.links()).toContain('ts-c0');

    process.kill(box.pid, 'SIGKILL');
    // It is given the moment that it takes to end.
    expect(here.inside(() => sweepNetworks(here.root))).toEqual({
      leases,
      ids: ['box'],
      bridges: ['ts-c0'],
    });
    await until(here.links, ['lo']);
    expect([here.leases(), here.tables()]).toEqual([[], []]);
  });

  it('an address is free again right after a container was killed together with its supervisor', async () => {
    await using here = await machine();
    const networks = [{ type: 'veth', address: '10.89.0.2/24' }];
    for (const id of ['one', 'two', 'three']) {
      const box = await here.start({ id, networks, script: 'exec sleep 100' });
      expect(addressesOf(box.plan)).toEqual(['10.89.0.2']);
      // What the one before has left would lead its ports here.
      expect(here.tables()).toEqual([`ts-c-${id}`]);
      // It ends with its supervisor, and a moment later.
      await killSupervisor(box);
    }
    const swept = here.inside(() => sweepNetworks(here.root));
    expect(swept).toEqual({ leases: ['ts-c0/10.89.0.2'], ids: ['three'], bridges: ['ts-c0'] });
    await until(here.links, ['lo']);
  });

  it('an address is not taken over from a killed container that the plan knows nothing of', async () => {
    await using here = await machine();
    const plan = here.inside(() => planNetwork({ id: 'two', networks: both, root: here.root }));
    const one = await here.start({ id: 'one', script: 'exec sleep 100' });
    await killSupervisor(one);
    await until(() => here.links().length, 2);
    // Nobody would find the table any more.
    await expect(here.start({ plan })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(here.tables()).toEqual(['ts-c-one']);
    expect(here.inside(() => sweepNetworks(here.root)).ids).toEqual(['one']);
    expect([here.leases(), here.tables()]).toEqual([[], []]);
    await until(here.links, ['lo']);
  });

  it('a container that was to take over an address, and failed, has removed what was left', async () => {
    await using here = await machine();
    const networks = [{ type: 'veth', address: '10.89.0.2/24' }];
    const publish = [{ hostPort: 8080, port: 80 }];
    await killSupervisor(await here.start({ id: 'one', networks, script: 'exec sleep 100' }));
    const other = await here.start({ id: 'other', publish, script: 'exec sleep 100' });
    await expect(here.start({ id: 'two', networks, publish })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'bind',
    });
    expect(here.tables()).toEqual(['ts-c-other']);
    await other[Symbol.asyncDispose]();
    expect([here.leases(), here.tables()]).toEqual([[], []]);
    await until(here.links, ['lo']);
  });

  it('a stale address is taken over when there is no other', async () => {
    await using here = await machine();
    const networks = [{ type: 'veth', bridge: 'tiny', subnet: '10.90.0.0/30' }];
    const killed = await here.start({ id: 'killed', networks, script: 'exec sleep 100' });
    expect(() => here.inside(() => planNetwork({ id: 'more', networks, root: here.root }))).toThrow(
      /^networks\[0\].subnet: all addresses of 10.90.0.0\/30 on tiny are in use$/,
    );
    const ended = once(killed.process, 'close');
    killed.process.kill('SIGKILL');
    await ended;
    await until(() => here.links().length, 2);
    const next = await here.start({ id: 'next', networks, script: 'exec sleep 100' });
    expect(addressesOf(next.plan)).toEqual(['10.90.0.2']);
    await next[Symbol.asyncDispose]();
    await until(here.links, ['lo']);
  });
});

/** What there is of a device with an address of a network that it is on, and what is left of all that. */
async function tryDevice(more: Partial<NetworkConfig>) {
  await using here = await machine();
  here.add('lan0', 'veth');
  const lan = { ...more, parent: 'lan0', subnet: '10.0.0.0/24', gateway: '10.0.0.1' };
  const box = await here.start({ networks: [lan], script: 'exec sleep 100' });
  for (let tries = 0; routesOf(box.pid).length < 2 && tries < 100; tries += 1) await delay(20);
  const found = {
    link: linksOf(box.pid)[1],
    addresses: addressesIn(box.pid),
    route: routesOf(box.pid)[0],
    leases: here.leases(),
    outside: here.links().toSorted(),
  };
  await box[Symbol.asyncDispose]();
  return { ...found, left: [...here.leases(), ...here.tables()] };
}

const usual = {
  addresses: ['eth0 10.0.0.2/24'],
  route: '0.0.0.0/0 via 10.0.0.1 dev eth0 scope 0',
  leases: ['lan0/10.0.0.2'],
  outside: ['lan0', 'lo', 'veth0'],
  left: [],
};

describe('other types', () => {
  it.skipIf(!knows('macvlan'))('macvlan (needs it in the kernel)', async () => {
    const more = { type: 'macvlan', mode: 'private', mac_address: '02:00:00:00:00:01', mtu: 1400 };
    expect(await tryDevice(more)).toEqual({ ...usual, link: 'eth0 1400 up' });
  });

  it.skipIf(!knows('ipvlan'))('ipvlan (needs it in the kernel)', async () => {
    expect(await tryDevice({ type: 'ipvlan', mode: 'l2' })).toEqual({
      ...usual,
      link: 'eth0 1500 up',
    });
  });

  it('phys', async () => {
    expect(await tryDevice({ type: 'phys', name: 'wan', mtu: 1300 })).toEqual({
      ...usual,
      link: 'wan 1300 up',
      addresses: ['wan 10.0.0.2/24'],
      route: '0.0.0.0/0 via 10.0.0.1 dev wan scope 0',
      outside: ['lo', 'veth0'],
    });
  });

  it('none has nothing, and host is not touched', async () => {
    await using here = await machine();
    const box = await here.start({ networks: [{ type: 'none' }], script: 'exec sleep 100' });
    expect(linksOf(box.pid)).toEqual(['lo 65536 down']);
    await box[Symbol.asyncDispose]();
    const { program } = here.inside(() =>
      write({ id: 'x', networks: [{ type: 'host' }], script: 'true' }),
    );
    expect(program.toString()).not.toContain('@ts-c/network');
  });
});

describe('networkStatistics', () => {
  it('counts what the container has received and sent, from either end', async () => {
    await using here = await machine();
    const box = await here.start({ script: serve });
    expect(await box.line()).toBe('ready');
    const client = await here.start({ id: 'client', script: ask('10.89.0.2') });
    await client.output();
    const inside = networkStatistics({ namespace: { pid: box.pid } });
    const [, device] = box.plan.devices;
    const vethHost = device?.type === 'veth' ? device.host : '';
    const outside = here.inside(() => networkStatistics({ vethHost }));
    expect(inside).toEqual({
      rx_bytes: expect.any(Number),
      rx_packets: expect.any(Number),
      tx_bytes: expect.any(Number),
      tx_packets: expect.any(Number),
    });
    expect(outside.rx_packets).toBeGreaterThanOrEqual(5);
    expect(Number(outside.rx_bytes)).toBeGreaterThanOrEqual(Number(inside.rx_bytes));
    expect(Number(outside.tx_bytes)).toBeGreaterThanOrEqual(Number(inside.tx_bytes));
    expect(networkStatistics({})).toEqual({});
    expect(() => networkStatistics({ vethHost: 'veth-no' })).toThrow('ENODEV');
    await box[Symbol.asyncDispose]();
  });
});
