import {
  natSysctls,
  natTable,
  pendingSysctls,
  type NatOptions,
  type PublishedPorts,
  type Sysctl,
} from '../nftables/index.ts';
import type { BridgePlan } from './bridge.ts';
import { checkRoutes } from './check-routes.ts';
import { checkNetworks, hasDevice, modes } from './check.ts';
import { defaultBridge, type Network, type Route } from './config.ts';
import type { DevicePlan } from './device.ts';
import { SystemFacts, type NetworkFacts } from './facts.ts';
import { leaseRoot, type Lease } from './lease.ts';
import { Draft } from './draft.ts';
import { NetworkConfigError, refusal } from './network-error.ts';

/** What a container's network is to be. */
export interface NetworkOptions {
  /** The id of the container. */
  readonly id: string;
  readonly networks: readonly Network[];
  readonly routes?: readonly Route[] | undefined;
  /** Ports of the host that lead to the container. */
  readonly publish?: readonly PublishedPorts[] | undefined;
  /** Where leases are. */
  readonly root?: string | undefined;
  /** Gives letters at random for the names of devices. */
  readonly random?: ((length: number) => string) | undefined;
}

/** The network of a container, planned: all that is to be done for it, as data. */
export interface NetworkPlan {
  readonly id: string;
  /**
   * The network namespace: the container's own, that of whoever starts it, or one to join by its file. Making or joining it is not a part
   * of the network: ask `@ts-c/namespaces` for it.
   */
  readonly namespace: 'own' | 'host' | { readonly path: string };
  /** Where leases are. */
  readonly root: string;
  /** Addresses that are taken for the container. */
  readonly leases: readonly Lease[];
  /** Bridges that are made if they are not there, and removed with their last container. */
  readonly bridges: readonly BridgePlan[];
  /** Sysctls of the host that have another value so far. */
  readonly sysctls: readonly Sysctl[];
  /** The ids of tables of nf_tables that may be left of containers that were killed, and had addresses of this one: they go. */
  readonly abandoned: readonly string[];
  /** Tables of nf_tables, `ts-c-` and their id. */
  readonly nat: readonly NatOptions[];
  readonly devices: readonly DevicePlan[];
  readonly routes: readonly Route[];
}

/**
 * Plans a container's network: looks up what there is, chooses names and free addresses, and changes nothing. Somebody else may take an
 * address before this one has: the supervisor then fails with `EADDRINUSE`, and a second plan has another one.
 *
 * @throws {NetworkConfigError} for networks and routes that can't be (`ERR_NETWORK_CONFIG`), devices that are not there
 * (`ERR_NO_DEVICE`), addresses that somebody has (`ERR_ADDRESS_TAKEN`) or that are all in use (`ERR_NO_ADDRESS_LEFT`), and a network that
 * would hide one of the host's (`ERR_NETWORK_OVERLAP`).
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for ports that can't be published.
 */
export function planNetwork(options: NetworkOptions, known?: NetworkFacts): NetworkPlan {
  const { networks, routes = [], root = leaseRoot } = options;
  const [first, ...more] = [...checkNetworks(networks), ...checkRoutes(routes)];
  if (first) throw new NetworkConfigError('ERR_NETWORK_CONFIG', [first, ...more]);
  if (known) return planFor(options, known);
  const names = devicesOf(networks);
  if (names.size === 0) return planFor(options, noFacts);
  using facts = new SystemFacts(names, root);
  return planFor(options, facts);
}

const noFacts: NetworkFacts = { links: new Map(), routes: [], leases: new Map(), hasIpv6: false };

/** The devices of the host that networks are about. */
function devicesOf(networks: readonly Network[]): ReadonlySet<string> {
  return new Set(
    networks.flatMap(({ type = '', bridge, parent }) => {
      if (!hasDevice(type)) return [];
      return type === 'veth' ? bridge || defaultBridge.name : (parent ?? []);
    }),
  );
}

function planFor(options: NetworkOptions, facts: NetworkFacts): NetworkPlan {
  const { id, networks, routes = [], publish = [], root = leaseRoot } = options;
  const draft = new Draft(options, facts);
  const devices = networks.flatMap((network, index) =>
    planDevice(network, `networks[${index}]`, draft),
  );
  const namespace = namespaceOf(networks);
  checkDevicesOf(routes, devices, namespace);
  const nat = withPorts(draft.nat, publish, draft);
  for (const each of nat) natTable(each);
  const leases = draft.leases.wanted(new Set(nat.map(({ bridge }) => bridge)));
  return {
    id,
    namespace,
    root,
    leases,
    bridges: draft.bridges,
    sysctls: sysctlsOf(nat, draft.facts),
    abandoned: draft.leases.abandoned(leases),
    nat,
    devices,
    routes,
  };
}

function planDevice(network: Network, key: string, draft: Draft): readonly DevicePlan[] {
  const { type, parent = '', mode } = network;
  if (type === 'loopback') return [{ type, name: 'lo' }];
  if (type === 'veth') return [draft.veth(network, key)];
  if (type === 'macvlan' || type === 'ipvlan')
    return [{ type, parent, mode: mode || modes[type][0], ...draft.onParent(network, key) }];
  if (type === 'phys') return [{ type, parent, ...draft.onParent(network, key) }];
  return [];
}

function namespaceOf(networks: readonly Network[]): NetworkPlan['namespace'] {
  const joined = networks.find(({ type }) => type === 'netns');
  if (joined) return { path: joined.ns_path as string };
  return networks.some(({ type }) => type === 'host') ? 'host' : 'own';
}

function checkDevicesOf(
  routes: readonly Route[],
  devices: readonly DevicePlan[],
  namespace: NetworkPlan['namespace'],
): void {
  routes.forEach(({ interface_name = '' }, index) => {
    if (namespace === 'host')
      throw refusal(
        'ERR_NETWORK_CONFIG',
        `routes[${index}]`,
        'would be a route of the host, whose network the container shares: leave it out',
      );
    // What there is in a namespace that is joined turns out there.
    if (namespace !== 'own' || devices.some(({ name }) => name === interface_name)) return;
    const names = devices.map(({ name }) => name).join(', ') || 'none';
    throw refusal(
      'ERR_NO_DEVICE',
      `routes[${index}].interface_name`,
      `the container has no device '${interface_name}'; its devices: ${names}`,
    );
  });
}

/** Published ports lead to the first device on a bridge. */
function withPorts(
  nat: readonly NatOptions[],
  publish: readonly PublishedPorts[],
  { firstVeth }: Draft,
): readonly NatOptions[] {
  const masquerading = nat.filter(({ masquerade }) => masquerade);
  if (publish.length === 0) return masquerading;
  if (!firstVeth)
    throw refusal(
      'ERR_NETWORK_CONFIG',
      'publish',
      'ports can only be published for a container with a veth: add a network of type veth',
    );
  return nat.flatMap((each) =>
    each === firstVeth ? [{ ...each, published: publish }] : each.masquerade ? [each] : [],
  );
}

function sysctlsOf(nat: readonly NatOptions[], facts: NetworkFacts): readonly Sysctl[] {
  const all = new Map(nat.flatMap(natSysctls).map((sysctl) => [sysctl.path, sysctl]));
  const pending = pendingSysctls([...all.values()]);
  if (!pending.some(({ path }) => path.endsWith('ipv6/conf/all/forwarding'))) return pending;
  const devices = new Set(
    facts.routes.flatMap(({ isAdvertised, device }) => (isAdvertised && device ? [device] : [])),
  );
  // First: between the two the host would forget its routes.
  const keep = [...devices].map((device): Sysctl => ({
    path: `/proc/sys/net/ipv6/conf/${device}/accept_ra`,
    value: '2',
    changes: `the host keeps learning its routes from advertisements on ${device}`,
    scope: 'host',
  }));
  return [...pendingSysctls(keep), ...pending];
}

/** The state of a container's network, in the JSON of libcontainer 1.1.0. */
export interface NetworkState {
  /** The end of the container's (first) veth that is outside. */
  readonly veth_host?: string;
  /** The end that is inside; in 1.1.0 the name that it had before it was moved there. */
  readonly veth_child?: string;
  /** The file of the network namespace that the container has joined. */
  readonly ns_path?: string;
}

/** What there is to say in `state.json` of a network. */
export function networkState({ devices, namespace }: NetworkPlan): NetworkState {
  const veth = devices.find((device) => device.type === 'veth');
  return {
    ...(veth ? { veth_host: veth.host, veth_child: veth.name } : {}),
    ...(typeof namespace === 'object' ? { ns_path: namespace.path } : {}),
  };
}
