import type { Family } from '../container/cidr.ts';
import type { Output } from '../netlink/codec.ts';
import { invalid } from '../netlink/invalid.ts';
import { NLM_F } from '../netlink/message.ts';
import { request } from '../netlink/request.ts';
import {
  deleteNeighbour as deleteOperation,
  getNeighbour as getOperation,
  type neighbourMessage,
  newNeighbour,
  NTF,
  NUD,
} from '../route/neighbour-messages.ts';
import { checkAddress, checkFamily, familyOfNumber, numberOf } from './check.ts';
import { listNames } from './link-names.ts';
import { bits, names, type BitOf, type NameOf } from './names.ts';
import { protocols, type Protocol } from './route-names.ts';
import { indexOf, withDevice, withSocket, type Device, type ObjectOptions } from './session.ts';

const states = names({
  none: NUD.NONE,
  incomplete: NUD.INCOMPLETE,
  reachable: NUD.REACHABLE,
  stale: NUD.STALE,
  delay: NUD.DELAY,
  probe: NUD.PROBE,
  failed: NUD.FAILED,
  noarp: NUD.NOARP,
  permanent: NUD.PERMANENT,
});
export type NeighbourState = NameOf<typeof states>;

const neighbourFlags = bits({
  router: NTF.ROUTER,
  proxy: NTF.PROXY,
  'extern-learn': NTF.EXT_LEARNED,
  offload: NTF.OFFLOADED,
});
export type NeighbourFlag = BitOf<typeof neighbourFlags>;

/** What is known of an address that is directly reachable: ARP of IPv4, neighbour discovery of IPv6. */
export interface Neighbour {
  readonly family: Family;
  readonly address: string;
  readonly device: string;
  readonly index: number;
  /** `02:00:5e:10:00:01`; undefined where it is not known. */
  readonly linkAddress: string | undefined;
  readonly state: NeighbourState | number;
  readonly flags: readonly NeighbourFlag[];
  /** Do we answer for it? */
  readonly proxy: boolean;
  readonly protocol: Protocol | number | undefined;
  readonly references: number | undefined;
  /** Hundredths of a second ago. */
  readonly confirmed: number | undefined;
  readonly used: number | undefined;
  readonly updated: number | undefined;
  readonly probes: number | undefined;
}

/** How a neighbour is to be. */
export interface NeighbourOptions extends ObjectOptions {
  readonly linkAddress?: string | undefined;
  /** `permanent` unless given. */
  readonly state?: NeighbourState | number | undefined;
  /** Answer for it: no `linkAddress` then. */
  readonly proxy?: boolean | undefined;
  readonly router?: boolean | undefined;
  readonly protocol?: Protocol | number | undefined;
}

/** Options of {@link listNeighbours}. */
export interface ListNeighboursOptions extends ObjectOptions {
  readonly device?: Device | undefined;
  readonly family?: Family | undefined;
  /** Those that we answer for, in place of the others. */
  readonly proxy?: boolean | undefined;
}

/**
 * Lists neighbours, rtnetlink(7), also those in states that ip-neighbour(8) leaves out.
 *
 * @throws {NetlinkError} where the kernel refuses, `ENODEV` where there is no such device.
 */
export async function listNeighbours(options: ListNeighboursOptions = {}): Promise<Neighbour[]> {
  const { device, family, proxy } = options;
  return withSocket(options, async (socket, wait) => {
    const index = device === undefined ? undefined : await indexOf(socket, 'device', device, wait);
    const wanted = request(getOperation, {
      family: checkFamily(family),
      flags: proxy ? NTF.PROXY : 0,
      interface: index,
    });
    const messages = await socket.dump(wanted, wait);
    const known = await listNames(socket, wait);
    return messages.flatMap((message) => toNeighbour(message, known) ?? []);
  });
}

/**
 * Asks for one neighbour.
 *
 * @throws {NetlinkError} `ENOENT` where nothing is known of it.
 */
export async function getNeighbour(
  device: Device,
  address: string,
  options: ObjectOptions = {},
): Promise<Neighbour> {
  const family = checkAddress('address', address);
  return withSocket(options, async (socket, wait) => {
    const index = await indexOf(socket, 'device', device, wait);
    const body = { family: numberOf(family), index, destination: address };
    try {
      const [message] = await socket.request(request(getOperation, body), wait);
      const known = new Map(typeof device === 'string' ? [[index, device]] : []);
      return toNeighbour(message as Message, known) as Neighbour;
    } catch (error) {
      throw withDevice(error, device);
    }
  });
}

/**
 * Adds a neighbour: from then on nobody is asked for its link address, unless `state` says otherwise.
 *
 * @throws {NetlinkError} `EEXIST` where something is known of it already.
 *
 * @example
 * await addNeighbour('a', '10.0.0.2', { linkAddress: '02:00:5e:10:00:02' });
 */
export async function addNeighbour(
  device: Device,
  address: string,
  options: NeighbourOptions,
): Promise<void> {
  await send(device, address, options, NLM_F.CREATE | NLM_F.EXCL);
}

/** Adds a neighbour, or changes what is known of it. */
export async function setNeighbour(
  device: Device,
  address: string,
  options: NeighbourOptions,
): Promise<void> {
  await send(device, address, options, NLM_F.CREATE | NLM_F.REPLACE);
}

/**
 * Forgets a neighbour.
 *
 * @throws {NetlinkError} `ENOENT` where nothing is known of it.
 */
export async function deleteNeighbour(
  device: Device,
  address: string,
  options: ObjectOptions & { readonly proxy?: boolean | undefined } = {},
): Promise<void> {
  const family = checkAddress('address', address);
  await withSocket(options, async (socket, wait) => {
    const index = await indexOf(socket, 'device', device, wait);
    const body = {
      family: numberOf(family),
      index,
      flags: options.proxy ? NTF.PROXY : 0,
      destination: address,
    };
    try {
      await socket.request(request(deleteOperation, body), wait);
    } catch (error) {
      throw withDevice(error, device);
    }
  });
}

async function send(
  device: Device,
  address: string,
  options: NeighbourOptions,
  flags: number,
): Promise<void> {
  const { linkAddress, proxy, router, state = 'permanent', protocol } = options;
  const family = checkAddress('address', address);
  const number = states.toNumber('state', state);
  if (linkAddress === undefined && !proxy && number === NUD.PERMANENT)
    throw invalid('linkAddress: expected an address such as 02:00:5e:10:00:02, got undefined');
  const body = {
    family: numberOf(family),
    state: number,
    flags: (proxy ? NTF.PROXY : 0) | (router ? NTF.ROUTER : 0),
    destination: address,
    linkAddress,
    protocol: protocol === undefined ? undefined : protocols.toNumber('protocol', protocol),
  };
  await withSocket(options, async (socket, wait) => {
    const index = await indexOf(socket, 'device', device, wait);
    try {
      await socket.request(request(newNeighbour, { ...body, index }, flags), wait);
    } catch (error) {
      throw withDevice(error, device);
    }
  });
}

type Message = Output<typeof neighbourMessage>;

/** From a message; undefined for those that are no neighbours of ours, such as entries of bridges. */
function toNeighbour(message: Message, known: ReadonlyMap<number, string>): Neighbour | undefined {
  const family = familyOfNumber(message.family);
  const { index, destination, flags, cacheInfo } = message;
  if (!family || destination === undefined) return undefined;
  return {
    family,
    address: destination,
    device: known.get(index) ?? `${index}`,
    index,
    linkAddress: message.linkAddress,
    state: states.toName(message.state),
    flags: neighbourFlags.toNames(flags),
    proxy: (flags & NTF.PROXY) !== 0,
    protocol: message.protocol === undefined ? undefined : protocols.toName(message.protocol),
    references: cacheInfo?.references,
    confirmed: cacheInfo?.confirmed,
    used: cacheInfo?.used,
    updated: cacheInfo?.updated,
    probes: message.probes,
  };
}
