import { checkInteger } from '@ts-c/syscall';
import type { Family } from '../container/cidr.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import type { NetlinkSocket, WaitOptions } from '../netlink/socket.ts';
import { ROUTE_FLAG, TABLE, type newRoute } from '../route/route-messages.ts';
import { checkAddress, checkKeys, numberOf, toNetwork } from './check.ts';
import {
  preferences,
  protocols,
  routeTypes,
  scopes,
  tables,
  type Preference,
  type Protocol,
  type RouteType,
  type Scope,
  type Table,
} from './route-names.ts';
import type { Nexthop, RouteEntry } from './routes.ts';
import { indexOf, type Device } from './session.ts';

/** One of the ways that a route with several takes. */
export interface NexthopSpec {
  readonly via?: string | undefined;
  readonly device?: Device | undefined;
  /** From 1 to 256; 1 unless given. */
  readonly weight?: number | undefined;
  readonly onlink?: boolean | undefined;
}

/** Numbers that go with a route, ip-route(8). */
export interface RouteMetrics {
  readonly mtu?: number | undefined;
  readonly window?: number | undefined;
  /** In eighths of a millisecond. */
  readonly rtt?: number | undefined;
  /** In quarters of a millisecond. */
  readonly rttVariance?: number | undefined;
  readonly ssthresh?: number | undefined;
  readonly cwnd?: number | undefined;
  readonly advmss?: number | undefined;
  readonly reordering?: number | undefined;
  readonly hopLimit?: number | undefined;
  readonly initcwnd?: number | undefined;
  readonly initrwnd?: number | undefined;
  /** In milliseconds. */
  readonly rtoMin?: number | undefined;
  readonly features?: number | undefined;
  readonly quickack?: number | undefined;
  readonly fastopenNoCookie?: number | undefined;
  readonly congestionControl?: string | undefined;
  /** Which of them stay as they are, by their bits. */
  readonly lock?: number | undefined;
}

/** How a route is to be. */
export interface RouteSpec {
  /** A network, `10.1.0.0/16`, a single address, or `default`. */
  readonly destination: string;
  /** The gateway. An IPv4 route may have an IPv6 one. */
  readonly via?: string | undefined;
  readonly device?: Device | undefined;
  /** 4 or 6, for `default` where nothing else says it; 4 unless given. */
  readonly family?: Family | undefined;
  /** The network that packets come from; IPv6 only. */
  readonly source?: string | undefined;
  /** The address that packets of our own are sent from. */
  readonly preferredSource?: string | undefined;
  /** Of several routes to a destination that with the lowest is taken. */
  readonly metric?: number | undefined;
  /** `main` unless given. */
  readonly table?: Table | undefined;
  readonly type?: RouteType | number | undefined;
  readonly scope?: Scope | number | undefined;
  /** `boot` unless given. */
  readonly protocol?: Protocol | number | undefined;
  readonly tos?: number | undefined;
  /** Is the gateway right at the device, whatever addresses that has? */
  readonly onlink?: boolean | undefined;
  readonly metrics?: RouteMetrics | undefined;
  /** Several ways, in place of `via` and `device`. */
  readonly nexthops?: readonly NexthopSpec[] | undefined;
  /** A nexthop object that there is. */
  readonly nexthopId?: number | undefined;
  /** Seconds; IPv6 only. */
  readonly expires?: number | undefined;
  readonly preference?: Preference | number | undefined;
}

/** What a way, and a route, may have: what they are given, and what those have that are listed. */
const nexthopKeys: Readonly<Record<keyof NexthopSpec | keyof Nexthop, true>> = {
  via: true,
  device: true,
  weight: true,
  onlink: true,
  flags: true,
};
const routeKeys: Readonly<Record<keyof RouteSpec | keyof RouteEntry, true>> = {
  destination: true,
  via: true,
  device: true,
  family: true,
  source: true,
  preferredSource: true,
  metric: true,
  table: true,
  type: true,
  scope: true,
  protocol: true,
  tos: true,
  onlink: true,
  metrics: true,
  nexthops: true,
  nexthopId: true,
  expires: true,
  preference: true,
  flags: true,
  error: true,
  uid: true,
  inputDevice: true,
  mark: true,
};

/** What a message about a route is written from. */
export type RouteBody = Parameters<typeof newRoute.codec.write>[1];

/**
 * Turns a route into what a message has. Every name of a device is looked up.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit.
 */
export async function toRouteBody(
  socket: NetlinkSocket,
  spec: RouteSpec,
  isDeletion: boolean,
  wait: WaitOptions,
): Promise<RouteBody> {
  const { via, device, nexthops, metrics, metric, expires, preference, nexthopId } = spec;
  if (nexthops && (via !== undefined || device !== undefined))
    throw invalid(
      `nexthops: expected them alone, got ${via === undefined ? 'device' : 'via'} as well; put it into one of them`,
    );
  if (nexthops?.length === 0) throw invalid('nexthops: expected one at least, got none');
  checkKeys('route', spec, routeKeys);
  nexthops?.forEach((each, index) => checkKeys(`nexthops[${index}]`, each, nexthopKeys));
  const family = familyOfRoute(spec);
  const destination =
    spec.destination === 'default' ? undefined : toNetwork('destination', spec.destination, family);
  const source = spec.source === undefined ? undefined : toNetwork('source', spec.source, family);
  if (spec.preferredSource !== undefined)
    checkAddress('preferredSource', spec.preferredSource, family);
  for (const [field, value] of [
    ['metric', metric],
    ['expires', expires],
    ['nexthopId', nexthopId],
  ] as const)
    if (value !== undefined) checkInteger(field, value, 0, 0xffff_ffff);
  const type =
    spec.type === undefined
      ? isDeletion
        ? 0
        : routeTypes.toNumber('type', 'unicast')
      : routeTypes.toNumber('type', spec.type);
  const table = spec.table === undefined ? TABLE.MAIN : tables.toNumber('table', spec.table);
  checkInteger('table', table, 1, 0xffff_ffff);
  const hasWay = [via, device, nexthops, nexthopId].some((each) => each !== undefined);
  if (type === routeTypes.toNumber('type', 'unicast') && !isDeletion && !hasWay)
    throw invalid('via: expected a gateway, or a device, or nexthops, got none of them');
  return {
    family: numberOf(family),
    destinationLength: destination?.prefixLength,
    sourceLength: source?.prefixLength,
    tos: spec.tos,
    shortTable: table < 256 ? table : TABLE.COMPAT,
    protocol:
      spec.protocol === undefined
        ? isDeletion
          ? 0
          : protocols.toNumber('protocol', 'boot')
        : protocols.toNumber('protocol', spec.protocol),
    scope:
      spec.scope === undefined
        ? defaultScope(spec, family, isDeletion)
        : scopes.toNumber('scope', spec.scope),
    type,
    flags: spec.onlink ? ROUTE_FLAG.ONLINK : 0,
    destination: destination && destination.prefixLength > 0 ? destination.address : undefined,
    source: source && source.prefixLength > 0 ? source.address : undefined,
    ...toGateway('via', via, family),
    outputInterface:
      device === undefined ? undefined : await indexOf(socket, 'device', device, wait),
    priority: metric,
    preferredSource: spec.preferredSource,
    metrics: metrics && { ...metrics },
    multipath: nexthops && (await toMultipath(socket, nexthops, family, wait)),
    table: table < 256 ? undefined : table,
    preference:
      preference === undefined ? undefined : preferences.toNumber('preference', preference),
    expires,
    nexthopId,
  };
}

/** Which family a route is of: the destination says it, or what else has an address. */
function familyOfRoute({
  destination,
  source,
  via,
  preferredSource,
  family,
  nexthops,
}: RouteSpec): Family {
  if (family !== undefined && family !== 4 && family !== 6)
    throw invalid(`family: expected 4 or 6, got ${describe(family)}`);
  if (destination !== 'default') return toNetwork('destination', destination, family).family;
  if (family !== undefined) return family;
  if (source !== undefined) return toNetwork('source', source).family;
  if (preferredSource !== undefined) return checkAddress('preferredSource', preferredSource);
  if (via !== undefined) return checkAddress('via', via);
  for (const [index, each] of (nexthops ?? []).entries())
    if (each.via !== undefined) return checkAddress(`nexthops[${index}].via`, each.via);
  return 4;
}

/** As ip-route(8) chooses. IPv6 knows one scope alone. */
function defaultScope(spec: RouteSpec, family: Family, isDeletion: boolean): number {
  if (family === 6) return 0;
  if (isDeletion) return scopes.toNumber('scope', 'nowhere');
  const { type = 'unicast', via, nexthops, nexthopId } = spec;
  if (type === 'local' || type === 'nat') return scopes.toNumber('scope', 'host');
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast')
    return scopes.toNumber('scope', 'link');
  const isDirect = via === undefined && !nexthops && nexthopId === undefined;
  return type === 'unicast' && isDirect ? scopes.toNumber('scope', 'link') : 0;
}

function toGateway(
  field: string,
  via: string | undefined,
  family: Family,
): { gateway?: string; via?: string } {
  if (via === undefined) return {};
  const own = checkAddress(field, via);
  if (own === family) return { gateway: via };
  if (family === 6)
    throw invalid(
      `${field}: expected an IPv6 address, as the destination is, got ${describe(via)}`,
    );
  return { via };
}

async function toMultipath(
  socket: NetlinkSocket,
  nexthops: readonly NexthopSpec[],
  family: Family,
  wait: WaitOptions,
): Promise<NonNullable<RouteBody['multipath']>> {
  const result = [];
  for (const [at, { via, device, weight = 1, onlink }] of nexthops.entries()) {
    const field = `nexthops[${at}]`;
    if (via === undefined && device === undefined)
      throw invalid(`${field}: expected via or device, got neither`);
    checkInteger(`${field}.weight`, weight, 1, 256);
    const index = device === undefined ? 0 : await indexOf(socket, `${field}.device`, device, wait);
    const flags = onlink ? ROUTE_FLAG.ONLINK : 0;
    result.push({ flags, hops: weight - 1, index, ...toGateway(`${field}.via`, via, family) });
  }
  return result;
}
