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

/**
 * Looks all of that up, in the network namespace of the calling thread. However many links and leases there are, it asks for few.
 *
 * @param names The bridges and other devices that networks are about.
 */
export function readNetworkFacts(
  names: ReadonlySet<string>,
  root: string = leaseRoot,
): NetworkFacts {
  using socket = NetlinkSocket.open();
  const links = new Map<string, LinkFacts>();
  for (const name of names) {
    const link = readLink(socket, name);
    if (link) links.set(name, link);
  }
  // Of use to what is made, and to what becomes a router.
  const needsRoutes = links.size < names.size || !isRouter();
  return {
    links,
    routes: needsRoutes ? readRoutes(socket) : [],
    leases: new Map([...names].map((name) => [name, readLeases(join(root, name))])),
    hasIpv6: readSysctl('conf/default/disable_ipv6') === '0',
  };
}

function readLink(socket: NetlinkSocket, name: string): LinkFacts | undefined {
  try {
    const [link] = socket.requestSync(
      request(getLink, { extendedMask: EXTENDED.SKIP_STATS, name }),
    );
    if (!link) return undefined;
    const { index, info, address: mac } = link;
    const addresses = socket
      .dumpSync(request(getAddress, { index }))
      .filter((each) => each.index === index && each.scope === SCOPE.UNIVERSE)
      .map(({ local, address, prefixLength }) => `${local ?? address}/${prefixLength}`);
    return { name, index, kind: info?.kind, mac, addresses };
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return undefined;
    throw error;
  }
}

function readRoutes(socket: NetlinkSocket): readonly RouteFacts[] {
  const links = socket.dumpSync(request(getLink, { extendedMask: EXTENDED.SKIP_STATS }));
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

/** The leases of a bridge, by its directory, as they are at this moment; none where they can't be looked at. */
export function readLeases(directory: string): LeaseFacts {
  const held = new Map<string, string>();
  const stale = new Map<string, string>();
  for (const address of listOf(directory)) {
    const lease = readLease(join(directory, address));
    if (lease) (lease.isHeld ? held : stale).set(address, lease.id);
  }
  return { held, stale };
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

/** The names in a directory; none where it is not there, or not ours to look at. */
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

const isRouter = (): boolean => readSysctl('conf/all/forwarding') === '1';

/** A sysctl of IPv6; undefined without IPv6. */
function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/net/ipv6/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
