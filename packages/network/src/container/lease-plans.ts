import { chooseAddress, type UsedAddresses } from './addresses.ts';
import { subnetsOf } from './check.ts';
import { cidrsOf, formatCidr, networkOf, type Cidr } from './cidr.ts';
import type { Network } from './config.ts';
import type { NetworkFacts } from './facts.ts';
import { gatewaysOf } from './gateways.ts';
import { containerOf, type Lease } from './lease.ts';
import { refusal } from './network-error.ts';

/** Addresses of a device, and where they come from. */
export interface Addresses {
  readonly list: readonly Cidr[];
  /** Chosen here, and not by the configuration. */
  readonly areChosen: boolean;
}

/** What a device is on: a bridge, or another device of the host. */
interface Wire {
  readonly name: string;
  /** Its own addresses, which nobody else can have. */
  readonly addresses: readonly Cidr[];
}

/** The addresses of a container, chosen one after the other so that none is there twice. */
export class LeasePlans {
  readonly #list: Lease[] = [];
  readonly #needed = new Set<Lease>();
  /** By the lease, who had it before and has left it. */
  readonly #left = new Map<Lease, string>();
  readonly #facts: NetworkFacts;

  constructor(facts: NetworkFacts) {
    this.#facts = facts;
  }

  /** The addresses of a device: those of the configuration, or free ones. */
  choose(network: Network, key: string, wire: Wire): Addresses {
    const { address, addresses = [] } = network;
    const given = [...(address ? [address] : []), ...addresses].flatMap(cidrsOf);
    if (given.length > 0) return { list: given, areChosen: false };
    const subnets = subnetsOf(network);
    const pools = (subnets.length > 0 ? subnets : wire.addresses).filter(
      ({ family }, index, all) =>
        (family === 4 || this.#facts.hasIpv6) &&
        all.findIndex((each) => each.family === family) === index,
    );
    // On a wire that is not ours there may be other ways to get one.
    if (pools.length === 0 && network.type !== 'veth') return { list: [], areChosen: false };
    if (pools.length === 0)
      throw refusal(
        'ERR_NETWORK_CONFIG',
        `${key}.address`,
        `is missing, and the bridge ${wire.name} has no address that would tell which ones there are: give one such as 10.0.0.2/24, or a subnet`,
      );
    const list = pools.flatMap((pool) => {
      const free = chooseAddress(pool, this.#used(network, wire));
      if (free === undefined)
        throw refusal(
          'ERR_NO_ADDRESS_LEFT',
          `${key}.${pool.family === 4 ? 'subnet' : 'ipv6_subnet'}`,
          `all addresses of ${formatCidr(networkOf(pool))} on ${wire.name} are in use`,
        );
      return cidrsOf(`${free}/${pool.prefixLength}`);
    });
    return { list, areChosen: true };
  }

  /**
   * Plans to take addresses; what somebody has is refused. Not so one that was chosen, which somebody must have taken since: the
   * supervisor fails with `EADDRINUSE`, as if that had been a moment later, and another plan has another one.
   *
   * @param isNeeded Also where nothing leads packets to them: others choose theirs by it.
   */
  take(
    { list, areChosen }: Addresses,
    key: string,
    common: Omit<Lease, 'address'>,
    isNeeded: boolean,
  ): void {
    const { bridge } = common;
    const leases = this.#facts.leases.get(bridge);
    for (const { address } of list) {
      const look = leases?.look(address);
      const { holder, left } = look ?? {};
      if (holder !== undefined && !areChosen)
        throw refusal(
          'ERR_ADDRESS_TAKEN',
          `${key}.address`,
          `container '${containerOf(holder)}' has ${address} on ${bridge} already: leave the address out to get a free one`,
        );
      if (this.#list.some((lease) => lease.bridge === bridge && lease.address === address))
        throw refusal(
          'ERR_ADDRESS_TAKEN',
          `${key}.address`,
          `another of the networks has ${address} on ${bridge} already`,
        );
      const isLeft = look !== undefined && holder === undefined;
      const lease = { ...common, address, ...(isLeft ? { isLeft } : {}) };
      this.#list.push(lease);
      if (isNeeded) this.#needed.add(lease);
      if (left) this.#left.set(lease, left);
    }
  }

  /**
   * The leases that are taken.
   *
   * @param bridges Those on which something leads packets to addresses.
   */
  wanted(bridges: ReadonlySet<string>): readonly Lease[] {
    return this.#list.filter((lease) => this.#needed.has(lease) || bridges.has(lease.bridge));
  }

  /** The ids of those who have left leases that are taken over: what there is of them goes. */
  abandoned(wanted: readonly Lease[]): readonly string[] {
    return [...new Set(wanted.flatMap((lease) => this.#left.get(lease) ?? []))];
  }

  #used(network: Network, wire: Wire): UsedAddresses {
    const own = this.#list.filter(({ bridge }) => bridge === wire.name);
    const taken = [...own, ...wire.addresses].map(({ address }) => address);
    return {
      taken: new Set([...taken, ...gatewaysOf(network)]),
      leases: this.#facts.leases.get(wire.name),
    };
  }
}
