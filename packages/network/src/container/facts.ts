import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoNumber, flock, isErrno, live, LOCK } from '@ts-c/syscall';
import { request } from '../netlink/request.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { getAddress, SCOPE } from '../route/address-messages.ts';
import { EXTENDED, getLink } from '../route/link-messages.ts';
import { getRoute, ROUTE_PROTOCOL, TABLE } from '../route/route-messages.ts';
import { parseCidr, type Cidr } from './cidr.ts';
import { leaseRoot } from './lease.ts';

/** A link outside of the container. */
export interface LinkFacts {
  readonly name: string;
  readonly index: number;
  /** `bridge`, `veth`; undefined for hardware. */
  readonly kind: string | undefined;
  readonly mac: string | undefined;
  /** Those that others can reach, in CIDR notation. */
  readonly addresses: readonly string[];
}

/** A network that packets of the host are routed to. */
export interface RouteFacts {
  readonly network: Cidr;
  readonly device: string;
  /** Was it learned from a router's advertisement? */
  readonly isAdvertised: boolean;
}

/** The leases of one bridge: whose they are, by address. */
export interface LeaseFacts {
  readonly held: ReadonlyMap<string, string>;
  /** Nobody holds them any more: their containers were killed, and have not been swept. */
  readonly stale: ReadonlyMap<string, string>;
}

/** What a plan needs to know of the system. */
export interface NetworkFacts {
  readonly links: ReadonlyMap<string, LinkFacts>;
  readonly routes: readonly RouteFacts[];
  /** By the name of the bridge. */
  readonly leases: ReadonlyMap<string, LeaseFacts>;
  readonly hasIpv6: boolean;
}

/** Looks all of that up, in the network namespace of the calling thread. */
export function readNetworkFacts(root: string = leaseRoot): NetworkFacts {
  using socket = NetlinkSocket.open();
  const links = readLinks(socket);
  return {
    links: new Map(links.map((link) => [link.name, link])),
    routes: readRoutes(socket, links),
    leases: readLeases(root),
    hasIpv6: hasIpv6(),
  };
}

function readLinks(socket: NetlinkSocket): readonly LinkFacts[] {
  const addresses = new Map<number, string[]>();
  for (const { index, scope, address, local, prefixLength } of socket.dumpSync(
    request(getAddress, {}),
  )) {
    if (scope !== SCOPE.UNIVERSE) continue;
    const list = addresses.get(index) ?? [];
    list.push(`${local ?? address}/${prefixLength}`);
    addresses.set(index, list);
  }
  return socket
    .dumpSync(request(getLink, { extendedMask: EXTENDED.SKIP_STATS }))
    .map(({ index, name = '', info, address }) => ({
      name,
      index,
      kind: info?.kind,
      mac: address,
      addresses: addresses.get(index) ?? [],
    }));
}

function readRoutes(socket: NetlinkSocket, links: readonly LinkFacts[]): readonly RouteFacts[] {
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const found: RouteFacts[] = [];
  for (const route of socket.dumpSync(request(getRoute, {}))) {
    const { destination, destinationLength, outputInterface, protocol, table } = route;
    if ((table ?? route.shortTable) !== TABLE.MAIN || outputInterface === undefined) continue;
    const network = parseCidr(
      `${destination ?? (route.family === 2 ? '0.0.0.0' : '::')}/${destinationLength}`,
    );
    const device = names.get(outputInterface) ?? '';
    if (network) found.push({ network, device, isAdvertised: protocol === ROUTE_PROTOCOL.RA });
  }
  return found;
}

/** Leases as they are at this moment; none where they can't be looked at. */
export function readLeases(root: string): ReadonlyMap<string, LeaseFacts> {
  const found = new Map<string, LeaseFacts>();
  for (const bridge of listOf(root)) {
    const held = new Map<string, string>();
    const stale = new Map<string, string>();
    for (const address of listOf(join(root, bridge))) {
      const lease = readLease(join(root, bridge, address));
      if (lease) (lease.isHeld ? held : stale).set(address, lease.id);
    }
    found.set(bridge, { held, stale });
  }
  return found;
}

function readLease(path: string): { readonly id: string; readonly isHeld: boolean } | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return { id: readFileSync(file, 'utf8').trim(), isHeld: isHeld(file) };
  } finally {
    closeSync(file);
  }
}

/** Is a file locked by somebody? Looked at with a lock that many can have, and taken away at once. */
function isHeld(file: number): boolean {
  try {
    live.call(flock, file, LOCK.SH | LOCK.NB);
    return false;
  } catch (error) {
    if (isErrno(error, 'EAGAIN')) return true;
    throw error;
  }
}

export function listOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES'].some((code) => errno === -errnoNumber(code as 'EACCES')))
      return [];
    throw error;
  }
}

function hasIpv6(): boolean {
  try {
    return readFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'utf8').trim() === '0';
  } catch {
    return false;
  }
}
