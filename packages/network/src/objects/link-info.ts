import { invalid } from '../netlink/invalid.ts';
import type { NetlinkSocket, WaitOptions } from '../netlink/socket.ts';
import type { TunSpec } from './create-tun.ts';
import {
  checkOptions,
  toData,
  type BridgeOptions,
  type IpvlanOptions,
  type MacvlanOptions,
  type VlanOptions,
  type VxlanOptions,
} from './link-data.ts';
import {
  splitOptions,
  toLinkRequest,
  toName,
  type LinkOptions,
  type LinkRequest,
} from './link-request.ts';
import { indexOf, type Device } from './session.ts';

/** What a link can be given when it is made, beside what it can be told at any time. */
interface Addressed {
  /**
   * In CIDR notation, such as `10.0.0.1/24` or `fd00::1/64`; without a prefix an address is that of a single host. They are usable at
   * once: of IPv6 no neighbour is asked whether it has the address already. See `addAddress` for more to be said of one.
   */
  readonly addresses?: readonly string[] | undefined;
}

/**
 * The other end of a veth pair. It is set `up` and gets its addresses once the pair is there, which needs CAP_SYS_ADMIN where that is in
 * another namespace.
 */
export interface PeerSpec extends Omit<LinkOptions, 'master'>, Addressed {
  readonly name: string;
}

/** What a link is made from: its kind, its name, what its kind needs, and what all can be told. */
export type LinkSpec = LinkOptions &
  Addressed & { readonly name: string } & (
    | { readonly kind: 'veth'; readonly peer: PeerSpec }
    | ({ readonly kind: 'bridge' } & BridgeOptions)
    | ({ readonly kind: 'vlan'; readonly id: number; readonly link: Device } & VlanOptions)
    | ({ readonly kind: 'macvlan' | 'macvtap'; readonly link: Device } & MacvlanOptions)
    | ({ readonly kind: 'ipvlan'; readonly link: Device } & IpvlanOptions)
    | ({ readonly kind: 'vxlan'; readonly id: number; readonly link?: Device } & VxlanOptions)
    | { readonly kind: 'dummy' | 'ifb' }
    | TunSpec
  );

/** What {@link toInfo} takes: the options of all links have been taken away. */
type KindSpec = { readonly kind: string; readonly name: string } & Addressed;

const nothing = (): void => {};

/**
 * Turns what there is to say of a new link by its kind into what a message has.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit.
 */
export async function toInfo(
  socket: NetlinkSocket,
  { kind, name: _name, addresses: _addresses, ...rest }: KindSpec,
  wait: WaitOptions,
): Promise<LinkRequest> {
  const { link, peer, ...data } = rest as Readonly<Record<string, unknown>> & {
    readonly link?: Device;
    readonly peer?: PeerSpec;
  };
  if (kind === 'veth') {
    checkOptions(kind, data);
    if (typeof peer !== 'object' || peer === null)
      throw invalid(`peer: expected the other end, such as { name: 'b' }, got ${String(peer)}`);
    const end = await toPeer(socket, peer, wait);
    const info = { kind, data: { peer: end.body } as never };
    return { body: { info }, [Symbol.dispose]: end[Symbol.dispose] };
  }
  if (link === undefined && ['vlan', 'macvlan', 'macvtap', 'ipvlan'].includes(kind))
    throw invalid(`link: expected the device that the ${kind} is on, got undefined`);
  const under = link === undefined ? undefined : await indexOf(socket, 'link', link, wait);
  const isVxlan = kind === 'vxlan';
  // A vxlan alone has it among its data.
  const all = isVxlan ? { ...data, link: under } : data;
  const info = { kind, data: toData(kind, all, true) as never };
  return { body: { link: isVxlan ? undefined : under, info }, [Symbol.dispose]: nothing };
}

async function toPeer(
  socket: NetlinkSocket,
  peer: PeerSpec,
  wait: WaitOptions,
): Promise<LinkRequest> {
  const { options, rest } = splitOptions(peer);
  const { name: _name, addresses: _addresses, ...unknown } = rest;
  checkOptions('peer', unknown);
  if (options.master !== undefined)
    throw invalid('peer.master: expected nothing; set it once the pair is made');
  const name = toName('peer.name', peer.name);
  const end = await toLinkRequest(socket, { ...options, up: undefined }, wait);
  return { body: { ...end.body, name }, [Symbol.dispose]: end[Symbol.dispose] };
}
