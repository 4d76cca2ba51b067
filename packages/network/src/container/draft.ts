import type { NatOptions } from '../nftables/index.ts';
import { chooseAddress, gatewayOf } from './addresses.ts';
import { bridgeMac, type BridgePlan } from './bridge.ts';
import { subnetsOf } from './check.ts';
import {
  contains,
  familyOf,
  type Family,
  formatCidr,
  networkOf,
  overlaps,
  parseCidr,
  type Cidr,
} from './cidr.ts';
import { defaultBridge, defaultPrefix, type Network, type Route } from './config.ts';
import type { CommonPlan, VethPlan } from './device.ts';
import type { LinkFacts, NetworkFacts } from './facts.ts';
import { containerOf, tableId, type Lease } from './lease.ts';
import { randomName, stableMac } from './names.ts';
import { NetworkConfigError, type NetworkErrorCode } from './network-error.ts';
import type { NetworkOptions } from './plan.ts';

/** Addresses of a device, and where they come from. */
interface Addresses {
  readonly list: readonly Cidr[];
  /** Chosen here, and not by the configuration. */
  readonly areChosen: boolean;
}

/** A bridge as it will be. */
interface Bridge {
  readonly name: string;
  readonly isOnDemand: boolean;
  readonly addresses: readonly Cidr[];
}

/** A plan in the making: what has been chosen so far, so that nothing is chosen twice. */
export class Draft {
  readonly facts: NetworkFacts;
  readonly leases: (Lease & { readonly isNeeded: boolean })[] = [];
  readonly bridges: BridgePlan[] = [];
  readonly nat: NatOptions[] = [];
  readonly #id: string;
  readonly #random: ((length: number) => string) | undefined;
  readonly #hostNames: Set<string>;
  /** Of devices in the container. */
  readonly #names: Set<string>;
  /** Families that have a default route. */
  readonly #defaults: Set<Family>;

  constructor({ id, networks, routes = [], random }: NetworkOptions, facts: NetworkFacts) {
    this.#id = id;
    this.facts = facts;
    this.#random = random;
    this.#defaults = new Set([
      ...networks.flatMap(gatewaysOf).flatMap((each) => familyOf(each) ?? []),
      ...routes.flatMap(defaultOf),
    ]);
    this.#hostNames = new Set(facts.links.keys());
    this.#names = new Set(
      networks.flatMap(({ name, type, parent }) => name || (type === 'phys' && parent) || []),
    );
  }

  /** The first device on a bridge, for published ports. */
  get firstVeth(): NatOptions | undefined {
    return this.nat[0];
  }

  /** Plans a veth. */
  veth(network: Network, key: string): VethPlan {
    const bridge = this.#bridge(network, key);
    const { list, areChosen } = this.#addresses(network, key, bridge.name, bridge.addresses);
    const own = list.find((each) =>
      bridge.addresses.some(({ address }) => address === each.address),
    );
    if (own)
      throw refusal(
        'ERR_ADDRESS_TAKEN',
        `${key}.address`,
        `${own.address} is the address of the bridge ${bridge.name} itself: leave the address out to get a free one`,
      );
    const gateways = gatewaysOf(network);
    if (areChosen || bridge.isOnDemand) gateways.push(...this.#ownGateways(list, bridge.addresses));
    this.#take(bridge.name, list, key, areChosen || bridge.isOnDemand);
    const masquerade = network.masquerade ?? bridge.isOnDemand;
    this.nat.push({
      id: this.#tableId(),
      bridge: bridge.name,
      addresses: list.map(({ address, prefixLength }) => ({ address, prefix: prefixLength })),
      masquerade,
    });
    const mac = areChosen
      ? stableMac(bridge.name, ...list.map(({ address }) => address))
      : undefined;
    return {
      type: 'veth',
      host: this.#hostName(network, key),
      bridge: bridge.name,
      ...this.#common(network, list, gateways, mac),
    };
  }

  /** Plans what devices on top of another device have in common with that device itself. */
  onParent(network: Network, key: string): CommonPlan {
    const { parent = '', type } = network;
    if (!this.facts.links.has(parent))
      throw refusal('ERR_NO_DEVICE', `${key}.parent`, `there is no device '${parent}'`);
    const { list, areChosen } = this.#addresses(network, key, parent, []);
    this.#take(parent, list, key, areChosen);
    const named = type === 'phys' && !network.name ? { ...network, name: parent } : network;
    return this.#common(named, list, gatewaysOf(network), undefined);
  }

  /** The addresses of a bridge as gateways, for the families that have no default route yet. */
  #ownGateways(list: readonly Cidr[], own: readonly Cidr[]): readonly string[] {
    const found = own.filter((each) => !this.#defaults.has(each.family) && isIn(list, each));
    found.forEach(({ family }) => this.#defaults.add(family));
    return found.map(({ address }) => address);
  }

  #common(
    network: Network,
    list: readonly Cidr[],
    gateways: readonly string[],
    mac: string | undefined,
  ): CommonPlan {
    const { mtu, mac_address, onlink = false } = network;
    return {
      name: this.#name(network.name),
      ...(mtu ? { mtu } : {}),
      ...(mac_address || mac ? { mac: mac_address || (mac as string) } : {}),
      addresses: list.map(formatCidr),
      gateways,
      onlink,
    };
  }

  #bridge(network: Network, key: string): Bridge {
    const name = network.bridge || defaultBridge.name;
    const link = this.facts.links.get(name);
    if (link && link.kind !== 'bridge')
      throw refusal(
        'ERR_NO_DEVICE',
        `${key}.bridge`,
        `'${name}' is no bridge${link.kind ? `, it is a ${link.kind}` : ''}`,
      );
    const planned = this.bridges.find((each) => each.name === name);
    if (planned) return { name, isOnDemand: true, addresses: planned.addresses.flatMap(toCidr) };
    const subnets = subnetsOf(network);
    if (!link && name !== defaultBridge.name && subnets.length === 0)
      throw refusal(
        'ERR_NO_DEVICE',
        `${key}.bridge`,
        `there is no bridge '${name}': make it (ip link add ${name} type bridge), give a subnet to have it made, or leave bridge out to have ${defaultBridge.name} made`,
      );
    if (link && link.mac !== bridgeMac(name))
      return { name, isOnDemand: false, addresses: link.addresses.flatMap(toCidr) };
    return this.#onDemand(name, link, subnets, key);
  }

  #onDemand(
    name: string,
    link: LinkFacts | undefined,
    subnets: readonly Cidr[],
    key: string,
  ): Bridge {
    // As it is if it is there: others are on it.
    let addresses = (link?.addresses ?? []).flatMap(toCidr);
    if (addresses.length === 0) {
      addresses =
        subnets.length > 0
          ? subnets.flatMap((each) => toCidr(`${gatewayOf(each)}/${each.prefixLength}`))
          : defaultBridge.addresses.flatMap(toCidr);
      addresses = addresses.filter(({ family }) => family === 4 || this.facts.hasIpv6);
      this.#checkOverlap(addresses, name, key);
    }
    this.bridges.push({ name, addresses: addresses.map(formatCidr), mac: bridgeMac(name) });
    return { name, isOnDemand: true, addresses };
  }

  #checkOverlap(addresses: readonly Cidr[], name: string, key: string): void {
    for (const each of addresses) {
      const other = this.facts.routes.find(
        ({ network, device }) =>
          device !== name && network.prefixLength > 0 && overlaps(network, each),
      );
      if (!other) continue;
      const field = each.family === 4 ? 'subnet' : 'ipv6_subnet';
      throw refusal(
        'ERR_NETWORK_OVERLAP',
        `${key}.${field}`,
        `${formatCidr(networkOf(each))} of the bridge ${name} would overlap with ${formatCidr(other.network)}, which the host reaches over ${other.device}: set ${field} to a network that is free`,
      );
    }
  }

  #addresses(network: Network, key: string, bridge: string, known: readonly Cidr[]): Addresses {
    const { address, addresses = [] } = network;
    const given = [...(address ? [address] : []), ...addresses].flatMap(toCidr);
    if (given.length > 0) return { list: given, areChosen: false };
    const subnets = subnetsOf(network);
    const pools = (subnets.length > 0 ? subnets : known).filter(
      ({ family }, index, all) =>
        (family === 4 || this.facts.hasIpv6) &&
        all.findIndex((each) => each.family === family) === index,
    );
    // On a wire that is not ours there may be other ways to get one.
    if (pools.length === 0 && network.type !== 'veth') return { list: [], areChosen: false };
    if (pools.length === 0)
      throw refusal(
        'ERR_NETWORK_CONFIG',
        `${key}.address`,
        `is missing, and the bridge ${bridge} has no address that would tell which ones there are: give one such as 10.0.0.2/24, or a subnet`,
      );
    const list = pools.flatMap((pool) => {
      const free = chooseAddress(pool, this.#used(network, bridge, known));
      if (free === undefined)
        throw refusal(
          'ERR_NO_ADDRESS_LEFT',
          `${key}.${pool.family === 4 ? 'subnet' : 'ipv6_subnet'}`,
          `all addresses of ${formatCidr(networkOf(pool))} on ${bridge} are in use`,
        );
      return toCidr(`${free}/${pool.prefixLength}`);
    });
    return { list, areChosen: true };
  }

  #used(network: Network, bridge: string, known: readonly Cidr[]) {
    const leases = this.facts.leases.get(bridge);
    const own = this.leases.filter((lease) => lease.bridge === bridge);
    return {
      taken: new Set([
        ...(leases?.held.keys() ?? []),
        ...own.map(({ address }) => address),
        ...known.map(({ address }) => address),
        ...gatewaysOf(network),
      ]),
      stale: new Set(leases?.stale.keys() ?? []),
    };
  }

  #take(bridge: string, list: readonly Cidr[], key: string, isNeeded: boolean): void {
    const held = this.facts.leases.get(bridge)?.held;
    for (const { address } of list) {
      const other = held?.get(address);
      if (other !== undefined)
        throw refusal(
          'ERR_ADDRESS_TAKEN',
          `${key}.address`,
          `container '${containerOf(other)}' has ${address} on ${bridge} already: leave the address out to get a free one`,
        );
      if (this.leases.some((lease) => lease.bridge === bridge && lease.address === address))
        throw refusal(
          'ERR_ADDRESS_TAKEN',
          `${key}.address`,
          `another of the networks has ${address} on ${bridge} already`,
        );
      this.leases.push({ bridge, address, id: this.#tableId(), isNeeded });
    }
  }

  #tableId(): string {
    return tableId(this.#id, this.nat.length);
  }

  #hostName({ veth_prefix }: Network, key: string): string {
    const name = randomName(veth_prefix || defaultPrefix, this.#hostNames, this.#random);
    if (name === undefined)
      throw refusal(
        'ERR_NAME_TAKEN',
        `${key}.veth_prefix`,
        `no name that begins with '${veth_prefix || defaultPrefix}' could be found that is free: use another prefix`,
      );
    this.#hostNames.add(name);
    return name;
  }

  #name(asked: string | undefined): string {
    if (asked) return asked;
    let count = 0;
    while (this.#names.has(`eth${count}`)) count += 1;
    this.#names.add(`eth${count}`);
    return `eth${count}`;
  }
}

function gatewaysOf({ gateway, ipv6_gateway }: Network): string[] {
  return [gateway, ipv6_gateway].filter((each): each is string => Boolean(each));
}

/** The family of a route, if that is a default route. */
function defaultOf({ destination, source, gateway = '' }: Route): readonly Family[] {
  const to = destination ? parseCidr(destination) : undefined;
  if (to && to.prefixLength > 0) return [];
  return [to?.family ?? familyOf(gateway) ?? parseCidr(source ?? '')?.family ?? []].flat();
}

const toCidr = (text: string): readonly Cidr[] => {
  const cidr = parseCidr(text);
  return cidr ? [cidr] : [];
};

/** Is an address of the bridge in the network of one of these? */
function isIn(list: readonly Cidr[], { address }: Cidr): boolean {
  return list.some((each) => contains(each, address));
}

/** The error for one thing that can't be. */
export function refusal(code: NetworkErrorCode, key: string, message: string): NetworkConfigError {
  return new NetworkConfigError(code, [{ key, message }]);
}
