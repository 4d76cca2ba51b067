import { Slot, type Kernel, type Value } from '@ts-c/syscall';
import { NLM_F } from '../netlink/message.ts';
import { request } from '../netlink/request.ts';
import { queryNumber, sendRequest } from '../netlink/send-request.ts';
import { IFA_F, newAddress } from '../route/address-messages.ts';
import { deleteLink, EXTENDED, getLink, IFF, newLink } from '../route/link-messages.ts';
import { AF } from '../route/types.ts';
import { parseCidr, type Cidr } from './cidr.ts';
import { stableMac } from './names.ts';

/** A bridge that is made when it is needed, and removed with its last container. */
export interface BridgePlan {
  readonly name: string;
  /** Its own addresses, in CIDR notation: the gateways of those behind it. */
  readonly addresses: readonly string[];
  readonly mac: string;
}

/** The hardware address by which a bridge that was made on demand is known. */
export const bridgeMac = (name: string): string => stableMac('bridge made on demand', name);

/** Where in `struct ifinfomsg` the index is. */
const indexOffset = 4;

/** A number of a message: what a call has found, in a Program as with `live`. */
export function numberOf(value: Value): number | Slot {
  return value instanceof Slot ? value : Number(value);
}

/** Looks the index of a link up by its name. */
export function indexOf(kernel: Kernel, socket: Value, name: string): number | Slot {
  const asked = request(getLink, { extendedMask: EXTENDED.SKIP_STATS, name });
  return numberOf(queryNumber(kernel, socket, asked, indexOffset));
}

/** Adds an address to a link, usable at once: that it is nobody else's is known, so IPv6 need not ask around for a second. */
export function addAddress(
  kernel: Kernel,
  socket: Value,
  index: number | Slot,
  { family, address, prefixLength }: Cidr,
): void {
  const body = {
    family: family === 4 ? AF.INET : AF.INET6,
    prefixLength,
    index,
    local: address,
    address,
    ...(family === 6 ? { flags: IFA_F.NODAD } : {}),
  };
  sendRequest(kernel, socket, request(newAddress, body, NLM_F.CREATE | NLM_F.EXCL));
}

/**
 * Makes a bridge if it is not there, and completes it if whoever made it did not get that far. Its hardware address is fixed: left to
 * itself, a bridge takes another one with each port that comes and goes. It does not take part in spanning trees, for which a port
 * would have to wait for half a minute.
 */
export function makeBridge(kernel: Kernel, socket: Value, bridge: BridgePlan): void {
  const { name, mac, addresses } = bridge;
  const body = {
    flags: IFF.UP,
    change: IFF.UP,
    name,
    address: mac,
    info: { kind: 'bridge', data: { stpState: 0 } },
  } as const;
  kernel.attempt(['EEXIST'], () =>
    sendRequest(kernel, socket, request(newLink, body, NLM_F.CREATE | NLM_F.EXCL)),
  );
  const index = indexOf(kernel, socket, name);
  for (const address of addresses)
    kernel.attempt(['EEXIST'], () => addAddress(kernel, socket, index, parseCidr(address) as Cidr));
}

/** Removes a link. */
export function removeLink(kernel: Kernel, socket: Value, name: string): void {
  sendRequest(kernel, socket, request(deleteLink, { name }));
}
