/**
 * A network of a container, in the JSON of libcontainer 1.1.0. What came later is optional.
 */
export interface Network {
  /**
   * - `loopback`: `lo` is brought up.
   * - `veth`: a pair of devices, one of them in the container and the other a port of a bridge.
   * - `netns`: the container joins the network namespace at `ns_path`.
   * - `host`: it shares the network namespace of whoever starts it.
   * - `none`: it has a network namespace of its own, with nothing in it.
   * - `macvlan`, `ipvlan`: a device on top of the device `parent`.
   * - `phys`: the device `parent` itself moves into the container.
   */
  readonly type?: string;
  /** The file of a network namespace, for `netns`. */
  readonly ns_path?: string;
  /** The bridge of a `veth`. Without it that is `ts-c0`, which is made when it is needed and removed with its last container. */
  readonly bridge?: string;
  /** How the name of the end of a `veth` begins that is outside of the container: `veth` unless given. At most 10 bytes. */
  readonly veth_prefix?: string;
  /** The address of the device, in CIDR notation. Without one, one is taken that is free. */
  readonly address?: string;
  /** The default route goes through this address. */
  readonly gateway?: string;
  /** How many bytes a packet has at most. Has no effect on `lo`. */
  readonly mtu?: number;

  /** The name of the device in the container: `eth0` and so on unless given; a `phys` keeps its own. */
  readonly name?: string;
  /** The device beneath a `macvlan` or `ipvlan`, or the one that moves. */
  readonly parent?: string;
  /** Of a `macvlan` `bridge` (unless given), `private`, `vepa` or `passthru`; of an `ipvlan` `l2` (unless given), `l3` or `l3s`. */
  readonly mode?: string;
  /** The hardware address of the device: `02:00:00:00:00:01`. */
  readonly mac_address?: string;
  /** Further addresses, in CIDR notation, of either family. */
  readonly addresses?: readonly string[];
  /** The default route of IPv6 goes through this address, that of IPv4 through `gateway`. */
  readonly ipv6_gateway?: string;
  /** Where to take an address from, in CIDR notation. A bridge that does not exist is made, with the first address of it. */
  readonly subnet?: string;
  /** The same of IPv6. */
  readonly ipv6_subnet?: string;
  /** The gateways can be reached over the device although they are outside of its networks. */
  readonly onlink?: boolean;
  /** Do packets that leave the bridge get an address of the host? Unless given, only those of a bridge that is made on demand. */
  readonly masquerade?: boolean;
}

/**
 * A route of a container, in the JSON of libcontainer 1.1.0. One of `destination`, `source` and `gateway` has to be there, all are of
 * one family, and what is left out is that family's default.
 */
export interface Route {
  /** In CIDR notation; everything unless given. */
  readonly destination?: string;
  /**
   * In CIDR notation: the address that packets on this route have as theirs. With IPv6 it may also be a network: the route is then
   * only for packets from there.
   */
  readonly source?: string;
  readonly gateway?: string;
  /** The device in the container. */
  readonly interface_name?: string;
}

/** Something that a configuration can't have. */
export interface NetworkProblem {
  /** Where: `networks[0].address`. */
  readonly key: string;
  /** What is wrong, and what would do. */
  readonly message: string;
}

/** What makes problems known: where, and what. */
export type Refuse = (key: string, message: string) => void;

/** The bridge that is made when it is needed, and what it is given. */
export const defaultBridge = {
  name: 'ts-c0',
  addresses: ['10.89.0.1/24', 'fd00:7473:2d63::1/64'],
} as const;

/** How the names of the devices begin that are a veth's end outside of the container. */
export const defaultPrefix = 'veth';
/** So many random characters make a name unlikely enough to be taken, and leave room for a prefix in its 15 bytes. */
export const randomLength = { least: 5, most: 7 } as const;
/** How many bytes a name may have. */
export const longestName = 15;
