import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { within } from '@ts-c/namespaces';
import { describe, expect, it } from 'vitest';
import {
  addAddress,
  addBridgeVlan,
  addNeighbour,
  addRoute,
  addRule,
  createLink,
  listBridgeVlans,
  listLinks,
  setLink,
} from '../src/index.ts';
import { ip as example } from '../examples/ip.ts';
import { has } from './find.ts';
import { knows, type Kind } from './kinds.ts';
import { network, type Network } from './network.ts';

const program = fileURLToPath(new URL('../examples/ip.ts', import.meta.url));

type Thing = Record<string, Json>;
/** The VLANs of a port, or of a range of them, by bridge(8). */
interface BridgeVlans {
  readonly ifname: string;
  readonly vlans: readonly {
    readonly vlan: number;
    readonly vlanEnd?: number;
    readonly flags?: readonly string[];
  }[];
}

/**
 * What ip(8) and the example program differ in on purpose, by the path of the field:
 *
 * - timers of bridges run on between the two.
 * - fields that iproute2 of another version than 6.1 has or lacks: see `newer`.
 */
const different = new Set(['gc_timer', 'hello_timer', 'hold_timer', 'tcn_timer']);
/** Fields that came to iproute2 after 6.1, or that kernels after 6.1 add: compared where both have them. */
const newer = new Set([
  'gro_ipv4_max_size',
  'gso_ipv4_max_size',
  'bclim',
  'max_pacing_offload_horizon',
  'proto',
  'fdb_n_learned',
  'fdb_max_learned',
  'localbypass',
  'mcast_n_groups',
  'mcast_max_groups',
  'neigh_vlan_suppress',
  'mab',
  'mcast_querier_state',
]);

/** Seconds that run down: compared by the hundred. */
const ticking = new Set(['expires', 'valid_life_time', 'preferred_life_time']);

type Json = number | string | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The same without what differs from the other on purpose. */
function comparable(value: Json | undefined, other: Json | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value))
    return value.map((each, index) => comparable(each, isArray(other) ? other[index] : undefined));
  const others = typeof other === 'object' && other !== null && !isArray(other) ? other : {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !different.has(key) && (!newer.has(key) || key in others))
      .map(([key, each]) => [
        key,
        ticking.has(key) ? Math.floor(Number(each) / 100) : comparable(each, others[key]),
      ]),
  );
}

const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Runs a command in a namespace, for the JSON that it prints. */
const run = (net: Network, command: string, ...args: readonly string[]): Thing[] =>
  within('net', net.namespace, () =>
    JSON.parse(execFileSync(command, args, { encoding: 'utf8' }) || '[]'),
  );

/**
 * What ip(8) prints and what the example prints, in the same namespace, one right after the other: again where they differ, since
 * things may have changed in between, such as an address that is usable from then on.
 */
async function both(
  net: Network,
  ...args: readonly string[]
): Promise<{ ip: Thing[]; ours: Thing[] }> {
  for (let attempt = 1; ; attempt += 1) {
    const printed = JSON.stringify(await example(['-j', ...args], net.namespace));
    const own: Thing[] = JSON.parse(printed);
    const theirs = run(net, 'ip', '-j', ...args);
    const [ours, ip] = [comparable(own, theirs), comparable(theirs, own)];
    if (attempt === 4 || isDeepStrictEqual(ours, ip)) return { ip, ours } as never;
  }
}

/** A namespace with everything in it that every kernel knows. */
async function furnish(net: Network): Promise<void> {
  await setLink('lo', { up: true }, net);
  await createLink(
    { kind: 'veth', name: 'a', address: '02:00:00:00:00:01', peer: { name: 'b', up: true } },
    net,
  );
  await setLink('a', { up: true, alias: 'the first', addAlternativeNames: ['other'] }, net);
  await createLink({ kind: 'veth', name: 'c', peer: { name: 'd' } }, net);
  await setLink('c', { up: true, group: 7, multicast: false }, net);
  await addAddress('a', '10.0.0.1/24', { ...net, broadcast: true });
  await addAddress('a', '10.0.0.9/24', { ...net, label: 'a:1', validLifetime: 3660 });
  await addAddress('b', '10.9.0.1', { ...net, peer: '10.9.0.2', scope: 'link', metric: 5 });
  await addAddress('a', 'fd00::1/64', { ...net, noDuplicateDetection: true });
  await addAddress('a', 'fd00:1::1/64', {
    ...net,
    noDuplicateDetection: true,
    noPrefixRoute: true,
  });
  const routes: Parameters<typeof addRoute>[0][] = [
    { destination: 'default', via: '10.0.0.2', device: 'a' },
    { destination: 'default', family: 6, device: 'a', metric: 9 },
    { destination: '10.1.0.0/16', via: '10.0.0.2', preferredSource: '10.0.0.1', metric: 5 },
    {
      destination: '10.2.0.0/16',
      device: 'a',
      metrics: { mtu: 1300, rtt: 80, congestionControl: 'reno' },
    },
    { destination: '10.3.0.1', device: 'a', table: 100, scope: 'link', protocol: 'static' },
    { destination: '10.4.0.0/16', via: '192.0.2.1', device: 'a', onlink: true },
    { destination: '10.5.0.0/16', nexthops: [{ via: '10.0.0.3', weight: 3 }, { device: 'b' }] },
    { destination: '10.6.0.0/16', via: 'fd00::9', device: 'a' },
    { destination: '10.7.0.0/16', type: 'blackhole' },
    { destination: '10.8.0.0/16', type: 'unreachable', table: 1000 },
    { destination: 'fd01::/64', via: 'fd00::2', preference: 'high', expires: 1060 },
    { destination: 'fd02::/64', nexthops: [{ via: 'fd00::3' }, { via: 'fd00::4', weight: 2 }] },
    { destination: 'fd03::/64', type: 'prohibit', metrics: { hopLimit: 7 } },
  ];
  for (const route of routes) await addRoute(route, net);
  await addNeighbour('a', '10.0.0.2', { ...net, linkAddress: '02:00:00:00:00:02' });
  await addNeighbour('a', '10.0.0.7', {
    ...net,
    linkAddress: '02:00:00:00:00:07',
    state: 'stale',
    protocol: 'static',
  });
  await addNeighbour('a', 'fd00::2', { ...net, linkAddress: '02:00:00:00:00:02', router: true });
  const rules: Parameters<typeof addRule>[0][] = [
    { from: '10.0.0.0/24', table: 100, priority: 99 },
    { to: '10.1.0.1', table: 1000, priority: 98, tos: 0x10 },
    { mark: 0x10, markMask: 0xff, inputDevice: 'a', outputDevice: 'nonesuch' },
    { invert: true, from: '10.9.0.0/16', uids: { start: 10, end: 20 }, protocol: 'static' },
    { ipProtocol: 6, sourcePorts: { start: 80, end: 80 }, destinationPorts: { start: 1, end: 9 } },
    { action: 'prohibit', to: '192.0.2.0/24' },
    { goto: 32_766, priority: 50 },
    { goto: 40_000, priority: 51 },
    { table: 'main', suppressPrefixLength: 0 },
    { from: 'fd00::/16', table: 7 },
    { family: 6, action: 'blackhole', mark: 5 },
  ];
  for (const rule of rules) await addRule(rule, net);
}

type Make = (net: Network) => Promise<void>;

/** Links of each kind, beside the veths `a` and `b`, `c` and `d`. */
const kinds: Readonly<Record<Kind, Make>> = {
  async macvlan(net) {
    await createLink({ kind: 'macvlan', name: 'm', link: 'a' }, net);
    await createLink({ kind: 'macvlan', name: 'n', link: 'c', mode: 'passthru', up: true }, net);
  },
  macvtap: (net) =>
    createLink({ kind: 'macvtap', name: 'm', link: 'a', mode: 'private', up: true }, net),
  ifb: (net) => createLink({ kind: 'ifb', name: 'ifb7', up: true }, net),
  dummy: (net) => createLink({ kind: 'dummy', name: 'd0', up: true, mtu: 9000 }, net),
  async tun(net) {
    await createLink({ kind: 'tap', name: 'ta', owner: 0, packetInformation: true }, net);
    await createLink({ kind: 'tun', name: 'tu', multiQueue: true, virtualNetHeader: true }, net);
  },
  async vlan(net) {
    const protocol = '802.1ad';
    await setLink('a', { up: true }, net);
    await createLink({ kind: 'vlan', name: 'a.7', link: 'a', id: 7 }, net);
    await createLink({ kind: 'vlan', name: 'a.8', link: 'a', id: 8, protocol, up: true }, net);
  },
  async ipvlan(net) {
    await createLink({ kind: 'ipvlan', name: 'i', link: 'a', mode: 'l3', flags: 1 }, net);
    await createLink({ kind: 'ipvlan', name: 'j', link: 'b', mode: 'l2', flags: 2 }, net);
    await createLink({ kind: 'ipvlan', name: 'k', link: 'c', mode: 'l3s', up: true }, net);
  },
  async vxlan(net) {
    const [remote, group] = ['192.0.2.1', 'ff05::1'];
    await createLink({ kind: 'vxlan', name: 'x', id: 42, link: 'a', remote, port: 4789 }, net);
    await createLink({ kind: 'vxlan', name: 'y', id: 43, link: 'a', remote: group }, net);
    const local = '192.0.2.2';
    await createLink({ kind: 'vxlan', name: 'z', id: 44, local, ageing: 60, port: 4790 }, net);
  },
  async bridge(net) {
    await createLink({ kind: 'bridge', name: 'br0', up: true, forwardDelay: 0 }, net);
    await setLink('d', { up: true, master: 'br0', port: { hairpin: true, isolated: true } }, net);
  },
  async 'bridge-vlan'(net) {
    const vlanProtocol = '802.1ad';
    await createLink({ kind: 'bridge', name: 'br0', vlanFiltering: true, vlanProtocol }, net);
    await setLink('a', { up: true, master: 'br0' }, net);
    await addBridgeVlan('a', 7, { ...net, isDefault: true });
    for (const id of [100, 101, 102, 104]) await addBridgeVlan('a', id, net);
    await addBridgeVlan('br0', 9, { ...net, isUntagged: true });
  },
};

const commands = [
  ['link'],
  ['addr'],
  ['-4', 'addr'],
  ['addr', 'show', 'dev', 'b'],
  ['route'],
  ['-6', 'route'],
  ['route', 'show', 'table', 'all'],
  ['-6', 'route', 'show', 'table', 'all'],
  ['route', 'show', 'table', '100'],
  ['neigh'],
  ['-6', 'neigh'],
  ['rule'],
  ['-6', 'rule'],
] as const;

describe.skipIf(!has('ip'))('the example ip.ts (needs iproute2)', () => {
  it('prints what ip -j and ip -j -d print', { timeout: 120_000 }, async () => {
    await using net = await network();
    await furnish(net);
    for (const options of [...commands, ...commands.map((each) => ['-d', ...each])]) {
      const { ip, ours } = await both(net, ...options);
      expect({ options, printed: ours }).toEqual({ options, printed: ip });
      expect(ours.length).toBeGreaterThan(0);
    }
    const { ip, ours } = await both(net, '-s', 'link');
    expect(ours).toEqual(ip);
    const args = ['--conditions=@ts-c/source', program, '-j', 'rule'];
    expect(run(net, process.execPath, ...args)).toEqual(run(net, 'ip', '-j', 'rule'));
  });

  for (const [kind, make] of Object.entries(kinds) as [Kind, Make][])
    it.skipIf(!knows(kind))(
      `prints what ip -j -d prints of a ${kind} (needs it in the kernel)`,
      async () => {
        await using net = await network();
        await createLink({ kind: 'veth', name: 'a', peer: { name: 'b' } }, net);
        await createLink({ kind: 'veth', name: 'c', peer: { name: 'd' } }, net);
        await make(net);
        for (const options of [['link'], ['-d', 'link'], ['-d', 'addr']]) {
          const { ip, ours } = await both(net, ...options);
          expect({ options, printed: ours }).toEqual({ options, printed: ip });
          expect(ours.length).toBeGreaterThan(5);
        }
      },
    );

  it.skipIf(!knows('bridge-vlan'))(
    'knows the VLANs that bridge -j vlan prints (needs VLANs of bridges in the kernel)',
    async () => {
      await using net = await network();
      await createLink({ kind: 'veth', name: 'a', peer: { name: 'b' } }, net);
      await kinds['bridge-vlan'](net);
      const printed = run(net, 'bridge', '-j', 'vlan') as unknown as BridgeVlans[];
      expect(printed.map(({ ifname }) => ifname).toSorted()).toEqual(['a', 'br0']);
      for (const { ifname, vlans } of printed) {
        const each = vlans.flatMap(({ vlan, vlanEnd = vlan, flags = [] }) =>
          Array.from({ length: vlanEnd - vlan + 1 }, (_, index) => ({
            id: vlan + index,
            isDefault: flags.includes('PVID'),
            isUntagged: flags.includes('Egress Untagged'),
          })),
        );
        expect(await listBridgeVlans(ifname, net)).toEqual(each);
      }
    },
  );

  it('prints what ip -j prints of links whose other end is in another namespace', async () => {
    await using net = await network();
    await using other = await network();
    const peer = { name: 'b', namespace: other.namespace };
    await createLink({ kind: 'veth', name: 'a', peer }, net);
    expect((await listLinks(net)).length).toBe(2);
    const { ip, ours } = await both(net, '-d', 'link');
    expect(ours).toEqual(ip);
  });
});
