import { checkInteger } from '@ts-c/syscall';
import { bitsOf, boundsOf, formatAddress, type Family } from '../container/cidr.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import { NLM_F } from '../netlink/message.ts';
import { request } from '../netlink/request.ts';
import {
  type addressMessage,
  deleteAddress as deleteOperation,
  getAddress as getOperation,
  IFA_F,
  newAddress,
} from '../route/address-messages.ts';
import type { Output } from '../netlink/codec.ts';
import type { NetlinkSocket, WaitOptions } from '../netlink/socket.ts';
import { checkAddress, checkFamily, familyOfNumber, numberOf, toCidr } from './check.ts';
import { listNames } from './link-names.ts';
import { bits, type BitOf } from './names.ts';
import { scopes, type Scope } from './route-names.ts';
import { indexOf, withDevice, withSocket, type Device, type ObjectOptions } from './session.ts';

const addressFlags = bits({
  secondary: IFA_F.SECONDARY,
  tentative: IFA_F.TENTATIVE,
  deprecated: IFA_F.DEPRECATED,
  home: IFA_F.HOMEADDRESS,
  nodad: IFA_F.NODAD,
  mngtmpaddr: IFA_F.MANAGETEMPADDR,
  noprefixroute: IFA_F.NOPREFIXROUTE,
  autojoin: IFA_F.MCAUTOJOIN,
  optimistic: IFA_F.OPTIMISTIC,
  dadfailed: IFA_F.DADFAILED,
  'stable-privacy': IFA_F.STABLE_PRIVACY,
  permanent: IFA_F.PERMANENT,
});
export type AddressFlag = BitOf<typeof addressFlags>;

/** An address that a link has. */
export interface Address {
  readonly device: string;
  readonly index: number;
  readonly family: Family;
  /** `10.0.0.1/24`. */
  readonly address: string;
  /** The other end of a point-to-point link, with the length of the prefix. */
  readonly peer: string | undefined;
  readonly broadcast: string | undefined;
  readonly anycast: string | undefined;
  readonly label: string | undefined;
  readonly scope: Scope | number;
  /** In the lowest eight bits `secondary` of IPv4 is what is `temporary` for IPv6. */
  readonly flags: readonly AddressFlag[];
  /** Seconds for which it is still of use; Infinity unless somebody has said otherwise. */
  readonly validLifetime: number;
  /** Seconds for which it is still taken for new connections. */
  readonly preferredLifetime: number;
  /** Metric of the route to its network. */
  readonly metric: number | undefined;
  readonly protocol: number | undefined;
}

/** How an address is to be. */
export interface AddressOptions extends ObjectOptions {
  /** The address of the other end, of a point-to-point link. */
  readonly peer?: string | undefined;
  /** An address, or `true` for the last one of the network. */
  readonly broadcast?: string | true | undefined;
  /** A name that begins with that of the device, for programs that know no more than one address of a device; IPv4 only. */
  readonly label?: string | undefined;
  /** `global` unless given, `host` for the addresses of `lo`. */
  readonly scope?: Scope | number | undefined;
  /** Is it usable at once, without asking whether somebody else has it? IPv6 only. */
  readonly noDuplicateDetection?: boolean | undefined;
  /** Is the route to its network left out? */
  readonly noPrefixRoute?: boolean | undefined;
  /** Seconds, or Infinity. */
  readonly validLifetime?: number | undefined;
  readonly preferredLifetime?: number | undefined;
  /** Metric of the route to its network. */
  readonly metric?: number | undefined;
}

/** Options of {@link listAddresses}. */
export interface ListAddressesOptions extends ObjectOptions {
  readonly device?: Device | undefined;
  readonly family?: Family | undefined;
}

const forever = 0xffff_ffff;

/**
 * Lists the addresses of a network namespace, or of one device there, rtnetlink(7).
 *
 * @throws {NetlinkError} where the kernel refuses, `ENODEV` where there is no such device.
 */
export async function listAddresses(options: ListAddressesOptions = {}): Promise<Address[]> {
  const { device, family } = options;
  return withSocket(options, async (socket, wait) => {
    const index = device === undefined ? 0 : await indexOf(socket, 'device', device, wait);
    const wanted = request(getOperation, { family: checkFamily(family), index });
    const messages = await socket.dump(wanted, wait);
    const known = await listNames(socket, wait);
    return messages.flatMap((message) => toAddress(message, known) ?? []);
  });
}

/**
 * Gives a device an address.
 *
 * @param address In CIDR notation, `10.0.0.1/24`; without a prefix it is that of a single host.
 * @throws {NetlinkError} `EEXIST` where the device has it, `ENODEV` where there is no such device. The address is in `dest`.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit.
 *
 * @example
 * await addAddress('a', '10.0.0.1/24');
 */
export async function addAddress(
  device: Device,
  address: string,
  options: AddressOptions = {},
): Promise<void> {
  await send(device, address, options, NLM_F.CREATE | NLM_F.EXCL);
}

/**
 * Gives a device an address, or changes the one that it has: lifetimes, flags and metric.
 *
 * @throws as {@link addAddress}, but not for one that is there.
 */
export async function setAddress(
  device: Device,
  address: string,
  options: AddressOptions = {},
): Promise<void> {
  await send(device, address, options, NLM_F.CREATE | NLM_F.REPLACE);
}

/**
 * Takes an address from a device.
 *
 * @throws {NetlinkError} `EADDRNOTAVAIL` where it does not have it.
 */
export async function deleteAddress(
  device: Device,
  address: string,
  options: ObjectOptions & Pick<AddressOptions, 'peer' | 'label'> = {},
): Promise<void> {
  const body = toBody(address, options);
  await withSocket(options, async (socket, wait) => {
    const index = await indexOf(socket, 'device', device, wait);
    try {
      await socket.request(request(deleteOperation, { ...body, index }), wait);
    } catch (error) {
      throw withDevice(error, device, address);
    }
  });
}

async function send(
  device: Device,
  address: string,
  options: AddressOptions,
  flags: number,
): Promise<void> {
  const body = toBody(address, options);
  await withSocket(options, async (socket, wait) => {
    const index = await indexOf(socket, 'device', device, wait);
    try {
      await socket.request(request(newAddress, { ...body, index }, flags), wait);
    } catch (error) {
      throw withDevice(error, device, address);
    }
  });
}

/** An address that a link is to get when it is made. */
export interface NewAddress {
  readonly text: string;
  readonly address: string;
  readonly family: Family;
  readonly body: Body;
}

/**
 * Checks the addresses that a link is to get when it is made.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, with the place of the address in the list, where it is none.
 */
export function toNewAddresses(
  field: string,
  list: readonly string[] | undefined,
): readonly NewAddress[] {
  if (list === undefined) return [];
  if (!Array.isArray(list))
    throw invalid(`${field}: expected a list such as ['10.0.0.1/24'], got ${describe(list)}`);
  return list.map((text: string, index) => {
    const { address, family } = toCidr(`${field}[${index}]`, text);
    return { text, address, family, body: toBody(text, { noDuplicateDetection: family === 6 }) };
  });
}

/** Gives addresses to a link that has just been made. An error has the address in `dest`. */
export async function giveAddresses(
  socket: NetlinkSocket,
  name: string,
  addresses: readonly NewAddress[],
  wait: WaitOptions,
): Promise<void> {
  if (addresses.length === 0) return;
  const index = await indexOf(socket, 'name', name, wait);
  for (const { text, body } of addresses) {
    try {
      const wanted = request(newAddress, { ...body, index }, NLM_F.CREATE | NLM_F.EXCL);
      await socket.request(wanted, wait);
    } catch (error) {
      throw withDevice(error, name, text);
    }
  }
}

type Body = Parameters<typeof newAddress.codec.write>[1];

function toBody(text: string, options: AddressOptions): Body {
  const { peer, label, scope, metric } = options;
  const cidr = toCidr('address', text);
  const { family, address, prefixLength } = cidr;
  if (peer !== undefined) checkAddress('peer', peer, family);
  if (label !== undefined && family === 6)
    throw invalid(`label: expected none for an IPv6 address, got ${describe(label)}`);
  if (options.noDuplicateDetection && family === 4)
    throw invalid('noDuplicateDetection: expected it for an IPv6 address alone');
  if (metric !== undefined) checkInteger('metric', metric, 0, forever);
  const flags =
    (options.noDuplicateDetection ? IFA_F.NODAD : 0) |
    (options.noPrefixRoute ? IFA_F.NOPREFIXROUTE : 0);
  return {
    family: numberOf(family),
    prefixLength,
    scope: scope === undefined ? defaultScope(address) : scopes.toNumber('scope', scope),
    local: address,
    address: peer ?? address,
    broadcast: toBroadcast(options.broadcast, cidr),
    label,
    flags: flags === 0 ? undefined : flags,
    cacheInfo: toLifetimes(options),
    routePriority: metric,
  };
}

/** As ip-address(8) has it: addresses of the host itself are of no use outside. */
function defaultScope(address: string): number {
  return address.startsWith('127.') ? scopes.toNumber('scope', 'host') : 0;
}

function toBroadcast(
  broadcast: AddressOptions['broadcast'],
  cidr: ReturnType<typeof toCidr>,
): string | undefined {
  if (broadcast === undefined) return undefined;
  if (cidr.family === 6)
    throw invalid('broadcast: expected none for an IPv6 address, as there is no such thing');
  if (broadcast === true) return formatAddress(4, boundsOf(cidr)[1]);
  checkAddress('broadcast', broadcast, 4);
  return broadcast;
}

function toLifetimes({ validLifetime, preferredLifetime }: AddressOptions): Body['cacheInfo'] {
  if (validLifetime === undefined && preferredLifetime === undefined) return undefined;
  const valid = toSeconds('validLifetime', validLifetime ?? Infinity);
  const preferred = toSeconds('preferredLifetime', preferredLifetime ?? validLifetime ?? Infinity);
  if (preferred > valid)
    throw invalid(
      `preferredLifetime: expected at most the ${validLifetime} seconds of validLifetime, got ${preferredLifetime}`,
    );
  return { valid, preferred };
}

function toSeconds(field: string, seconds: number): number {
  if (seconds === Infinity) return forever;
  checkInteger(field, seconds, 0, forever - 1);
  return seconds;
}

const seconds = (value: number | undefined): number =>
  value === undefined || value === forever ? Infinity : value;

/** From a message; undefined for families that are no concern of ours. */
function toAddress(
  message: Output<typeof addressMessage>,
  known: ReadonlyMap<number, string>,
): Address | undefined {
  const { index, prefixLength, local, address, cacheInfo } = message;
  const family = familyOfNumber(message.family);
  const own = local ?? address;
  if (!family || own === undefined) return undefined;
  // Of a point-to-point link the prefix is that of the other end.
  const isPeer = address !== undefined && address !== own;
  const host = bitsOf(family);
  return {
    device: known.get(index) ?? `${index}`,
    index,
    family,
    address: `${own}/${isPeer ? host : prefixLength}`,
    peer: isPeer ? `${address}/${prefixLength}` : undefined,
    broadcast: message.broadcast,
    anycast: message.anycast,
    label: message.label,
    scope: scopes.toName(message.scope),
    flags: addressFlags.toNames(message.flags ?? message.shortFlags),
    validLifetime: seconds(cacheInfo?.valid),
    preferredLifetime: seconds(cacheInfo?.preferred),
    metric: message.routePriority,
    protocol: message.protocol,
  };
}
