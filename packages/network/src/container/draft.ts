import type { NatOptions } from '../nftables/index.ts';
import type { BridgePlan } from './bridge.ts';
import { formatCidr, type Cidr, type Family } from './cidr.ts';
import { chooseBridge } from './choose-bridge.ts';
import { defaultPrefix, type Network } from './config.ts';
import type { CommonPlan, VethPlan } from './device.ts';
import type { NetworkFacts } from './facts.ts';
import { bridgeGateways, defaultsOf, gatewaysOf } from './gateways.ts';
import { LeasePlans } from './lease-plans.ts';
import { tableId } from './lease.ts';
import { randomName, stableMac } from './names.ts';
import { refusal } from './network-error.ts';
import type { NetworkOptions } from './plan.ts';

/** A plan in the making: what has been chosen so far, so that nothing is chosen twice. */
export class Draft {
  readonly facts: NetworkFacts;
  readonly leases: LeasePlans;
  readonly bridges: BridgePlan[] = [];
  readonly nat: NatOptions[] = [];
  readonly #id: string;
  readonly #publishes: boolean;
  readonly #random: ((length: number) => string) | undefined;
  readonly #hostNames: Set<string>;
  /** Of devices in the container. */
  readonly #names: Set<string>;
  /** Families that have a default route. */
  readonly #defaults: Set<Family>;

  constructor(options: NetworkOptions, facts: NetworkFacts) {
    const { id, networks, routes = [], publish = [], random } = options;
    this.#id = id;
    this.#publishes = publish.length > 0;
    this.facts = facts;
    this.leases = new LeasePlans(facts);
    this.#random = random;
    this.#defaults = defaultsOf(networks, routes);
    this.#hostNames = new Set(facts.links.keys());
    this.#names = new Set(
      networks.flatMap(({ name, type, parent }) => name || (type === 'phys' && parent) || []),
    );
  }

  /** The first device on a bridge: published ports lead to it. */
  get firstVeth(): NatOptions | undefined {
    return this.nat[0];
  }

  /** Plans a veth. */
  veth(network: Network, key: string): VethPlan {
    const bridge = chooseBridge(network, key, this.facts, this.bridges);
    const { name, isOnDemand } = bridge;
    const chosen = this.leases.choose(network, key, bridge);
    const { list, areChosen } = chosen;
    const own = list.find((each) =>
      bridge.addresses.some(({ address }) => address === each.address),
    );
    if (own)
      throw refusal(
        'ERR_ADDRESS_TAKEN',
        `${key}.address`,
        `${own.address} is the address of the bridge ${name} itself: leave the address out to get a free one`,
      );
    const gateways = gatewaysOf(network);
    if (areChosen || isOnDemand)
      gateways.push(...bridgeGateways(list, bridge.addresses, this.#defaults));
    const host = this.#hostName(network, key);
    const id = this.#tableId();
    this.leases.take(chosen, key, { bridge: name, id, device: host }, areChosen || isOnDemand);
    this.nat.push({
      id,
      bridge: name,
      addresses: list.map(({ address, prefixLength }) => ({ address, prefix: prefixLength })),
      masquerade: network.masquerade ?? isOnDemand,
    });
    const mac = areChosen ? stableMac(name, ...list.map(({ address }) => address)) : undefined;
    return {
      type: 'veth',
      host,
      bridge: name,
      ...(this.#publishes && this.nat.length === 1 ? { hairpin: true } : {}),
      ...this.#common(network, list, gateways, mac),
    };
  }

  /** Plans what devices on top of another device have in common with that device itself. */
  onParent(network: Network, key: string): CommonPlan {
    const { parent = '', type } = network;
    if (!this.facts.links.has(parent))
      throw refusal('ERR_NO_DEVICE', `${key}.parent`, `there is no device '${parent}'`);
    const wire = { name: parent, addresses: [] };
    const chosen = this.leases.choose(network, key, wire);
    const id = this.#tableId();
    this.leases.take(chosen, key, { bridge: parent, id }, chosen.areChosen);
    const named = type === 'phys' && !network.name ? { ...network, name: parent } : network;
    return this.#common(named, chosen.list, gatewaysOf(network), undefined);
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
