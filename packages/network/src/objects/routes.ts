import type { Family } from '../container/cidr.ts';
import type { Output } from '../netlink/codec.ts';
import { NLM_F } from '../netlink/message.ts';
import { request } from '../netlink/request.ts';
import {
  deleteRoute as deleteOperation,
  getRoute as getOperation,
  newRoute,
  ROUTE_FLAG,
  type routeMessage,
  TABLE,
} from '../route/route-messages.ts';
import { checkAddress, checkFamily, familyOfNumber, numberOf } from './check.ts';
import { listNames } from './link-names.ts';
import {
  preferences,
  protocols,
  routeFlags,
  routeTypes,
  scopes,
  tables,
  type Preference,
  type Protocol,
  type RouteFlag,
  type RouteType,
  type Scope,
  type Table,
} from './route-names.ts';
import { toRouteBody, type RouteMetrics, type RouteSpec } from './route-request.ts';
import {
  indexOf,
  orNothing,
  withDevice,
  withSocket,
  type Device,
  type ObjectOptions,
} from './session.ts';

/** One of the ways of a route that has several. */
export interface Nexthop {
  readonly via: string | undefined;
  readonly device: string;
  readonly weight: number;
  readonly flags: readonly RouteFlag[];
  readonly onlink: boolean;
}

/** A route of a table. It can be given to {@link addRoute} and {@link deleteRoute} as it is. */
export interface RouteEntry {
  readonly family: Family;
  /** `10.1.0.0/16`, `10.1.2.3/32`, or `default`. */
  readonly destination: string;
  readonly source: string | undefined;
  readonly via: string | undefined;
  readonly device: string | undefined;
  readonly preferredSource: string | undefined;
  readonly metric: number | undefined;
  readonly table: Table;
  readonly type: RouteType | number;
  readonly scope: Scope | number;
  readonly protocol: Protocol | number;
  readonly tos: number | undefined;
  readonly onlink: boolean;
  readonly flags: readonly RouteFlag[];
  readonly metrics: RouteMetrics | undefined;
  readonly nexthops: readonly Nexthop[] | undefined;
  readonly nexthopId: number | undefined;
  /** Seconds; of IPv6. */
  readonly expires: number | undefined;
  /** The number of an error that using it gives. */
  readonly error: number | undefined;
  readonly preference: Preference | number | undefined;
  /** Who asked, of a route that {@link getRoute} gives. */
  readonly uid: number | undefined;
  /** Where the packet comes in, of such a route. */
  readonly inputDevice: string | undefined;
  readonly mark: number | undefined;
}

/** Options of {@link listRoutes}. */
export interface ListRoutesOptions extends ObjectOptions {
  readonly family?: Family | undefined;
  /** `main` unless given. */
  readonly table?: Table | 'all' | undefined;
  /** Only routes by this device. */
  readonly device?: Device | undefined;
}

/**
 * Lists routes of both families, rtnetlink(7).
 *
 * @throws {NetlinkError} where the kernel refuses. A table that nobody has made is empty.
 *
 * @example
 * const [byDefault] = (await listRoutes()).filter(({ destination }) => destination === 'default');
 */
export async function listRoutes(options: ListRoutesOptions = {}): Promise<RouteEntry[]> {
  const { family, table = 'main', device } = options;
  const number = table === 'all' ? undefined : tables.toNumber('table', table);
  return withSocket(options, async (socket, wait) => {
    const index = device === undefined ? undefined : await indexOf(socket, 'device', device, wait);
    const families = family === undefined ? ([4, 6] as const) : [family];
    const known = await listNames(socket, wait);
    const all: RouteEntry[] = [];
    for (const each of families) {
      const wanted = request(getOperation, {
        family: checkFamily(each),
        table: number,
        outputInterface: index,
      });
      const messages = await orNothing(socket.dump(wanted, wait));
      for (const message of messages) {
        // Where the kernel does not choose, older ones, we do.
        if (number !== undefined && (message.table ?? message.shortTable) !== number) continue;
        const route = toRoute(message, known);
        if (route) all.push(route);
      }
    }
    return all;
  });
}

/** What {@link getRoute} asks. */
export interface GetRouteOptions extends ObjectOptions {
  readonly from?: string | undefined;
  /** The device that the packet comes in by. */
  readonly inputDevice?: Device | undefined;
  /** The device that it is to leave by. */
  readonly device?: Device | undefined;
  readonly mark?: number | undefined;
}

/**
 * Asks which way a packet to an address would take.
 *
 * @throws {NetlinkError} `ENETUNREACH` where there is none; `EACCES`, `EHOSTUNREACH` or `EINVAL` where a route or rule of type `prohibit`,
 * `unreachable` or `blackhole` says so. The destination is in `path`, here and below.
 */
export async function getRoute(
  destination: string,
  options: GetRouteOptions = {},
): Promise<RouteEntry> {
  const family = checkAddress('destination', destination);
  const { from, inputDevice, device, mark } = options;
  if (from !== undefined) checkAddress('from', from, family);
  const bits = family === 4 ? 32 : 128;
  return withSocket(options, async (socket, wait) => {
    const body = {
      family: numberOf(family),
      destinationLength: bits,
      sourceLength: from === undefined ? 0 : bits,
      // Of IPv6 the kernel tells the table in any case, and refuses to be asked.
      flags: family === 4 ? ROUTE_FLAG.LOOKUP_TABLE : 0,
      destination,
      source: from,
      inputInterface:
        inputDevice === undefined
          ? undefined
          : await indexOf(socket, 'inputDevice', inputDevice, wait),
      outputInterface:
        device === undefined ? undefined : await indexOf(socket, 'device', device, wait),
      mark,
    };
    const [message] = await about(destination, socket.request(request(getOperation, body), wait));
    const known = await listNames(socket, wait);
    return toRoute(message as NonNullable<typeof message>, known) as RouteEntry;
  });
}

/**
 * Adds a route.
 *
 * @throws {NetlinkError} `EEXIST` where there is one to that destination with that metric; `ENETUNREACH` or `EINVAL` for a gateway
 * that no network of the device has, and the kernel's words.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit.
 *
 * @example
 * await addRoute({ destination: '10.1.0.0/16', via: '10.0.0.2', device: 'a' });
 * await addRoute({ destination: 'default', nexthops: [{ via: '10.0.0.2', weight: 2 }, { via: '10.0.0.3' }] });
 */
export async function addRoute(route: RouteSpec, options: ObjectOptions = {}): Promise<void> {
  await send(route, options, NLM_F.CREATE | NLM_F.EXCL);
}

/** Adds a route, or replaces the one to that destination with that metric. Throws as {@link addRoute}. */
export async function setRoute(route: RouteSpec, options: ObjectOptions = {}): Promise<void> {
  await send(route, options, NLM_F.CREATE | NLM_F.REPLACE);
}

/**
 * Deletes the first route that is as said; what is absent may be anything.
 *
 * @throws {NetlinkError} `ESRCH` where there is none.
 */
export async function deleteRoute(route: RouteSpec, options: ObjectOptions = {}): Promise<void> {
  await withSocket(options, async (socket, wait) => {
    const body = await toRouteBody(socket, route, true, wait);
    await about(route.destination, socket.request(request(deleteOperation, body), wait));
  });
}

async function send(route: RouteSpec, options: ObjectOptions, flags: number): Promise<void> {
  await withSocket(options, async (socket, wait) => {
    const body = await toRouteBody(socket, route, false, wait);
    await about(route.destination, socket.request(request(newRoute, body, flags), wait));
  });
}

/** Names the destination in errors. */
async function about<T>(destination: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw withDevice(error, destination);
  }
}

/** From a message; undefined for families that are no concern of ours. */
function toRoute(
  message: Output<typeof routeMessage>,
  known: ReadonlyMap<number, string>,
): RouteEntry | undefined {
  const family = familyOfNumber(message.family);
  if (!family) return undefined;
  const { cacheInfo, flags, outputInterface, inputInterface, preference } = message;
  const device = (index: number | undefined): string | undefined =>
    index === undefined ? undefined : (known.get(index) ?? `${index}`);
  const prefix = (address: string | undefined, length: number): string | undefined =>
    address === undefined && length === 0
      ? undefined
      : `${address ?? (family === 4 ? '0.0.0.0' : '::')}/${length}`;
  return {
    family,
    destination: prefix(message.destination, message.destinationLength) ?? 'default',
    source: prefix(message.source, message.sourceLength),
    via: message.gateway ?? message.via,
    device: device(outputInterface),
    preferredSource: message.preferredSource,
    metric: message.priority,
    table: tables.toName(message.table ?? message.shortTable ?? TABLE.MAIN),
    type: routeTypes.toName(message.type),
    scope: scopes.toName(message.scope),
    protocol: protocols.toName(message.protocol),
    tos: message.tos || undefined,
    onlink: (flags & ROUTE_FLAG.ONLINK) !== 0,
    flags: routeFlags.toNames(flags),
    metrics: message.metrics,
    nexthops: message.multipath?.map((each) => ({
      via: each.gateway ?? each.via,
      device: device(each.index) as string,
      weight: each.hops + 1,
      flags: routeFlags.toNames(each.flags),
      onlink: (each.flags & ROUTE_FLAG.ONLINK) !== 0,
    })),
    nexthopId: message.nexthopId,
    // In hundredths of a second.
    expires: cacheInfo && cacheInfo.expires > 0 ? cacheInfo.expires / 100 : undefined,
    error: cacheInfo?.error || undefined,
    preference: preference === undefined ? undefined : preferences.toName(preference),
    uid: message.uid,
    inputDevice: device(inputInterface),
    mark: message.mark,
  };
}
