import { isErrno } from '@ts-c/syscall';
import { attributes } from '../netlink/attributes.ts';
import { request } from '../netlink/request.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { bytes, linkAddress, string } from '../netlink/texts.ts';
import { getAddress, SCOPE } from '../route/address-messages.ts';
import { EXTENDED, getLink, linkAttributes, linkHeader } from '../route/link-messages.ts';
import {
  getRoute,
  ROUTE_PROTOCOL,
  routeAttributes,
  routeHeader,
  TABLE,
} from '../route/route-messages.ts';
import { AF } from '../route/types.ts';
import { parseCidr } from './cidr.ts';
import type { LinkFacts, RouteFacts } from './facts.ts';

const pickKind = attributes({ kind: [1, string] }).picker(['kind']);
const pick = attributes({ address: [1, linkAddress], info: [18, bytes] }).picker([
  'address',
  'info',
]);

/** Asks for a link, and reads of the answer what is needed here. */
const getBrief = {
  ...getLink,
  reply: {
    read(message: Buffer, start: number, end: number) {
      const [mac, info] = pick(message, start + linkHeader.size, end);
      const kind = info && pickKind(Buffer.from(info), 0, info.length)[0];
      return { index: linkHeader.read(message, start, end).index, mac, kind };
    },
  },
};

const pickName = linkAttributes.picker(['name']);

/** Asks for links, and reads no more of the answers than their indexes and names. */
const getNames = {
  ...getLink,
  reply: {
    read: (message: Buffer, start: number, end: number) =>
      [
        linkHeader.read(message, start, end).index,
        pickName(message, start + linkHeader.size, end)[0] ?? '',
      ] as const,
  },
};

const pickRoute = routeAttributes.picker(['destination', 'outputInterface', 'table']);

/** Asks for routes, and reads of the answers what is needed here. */
const getNetworks = {
  ...getRoute,
  reply: {
    read(message: Buffer, start: number, end: number) {
      const header = routeHeader.read(message, start, end);
      const [destination, index, table = header.shortTable] = pickRoute(
        message,
        start + routeHeader.size,
        end,
      );
      const { family, destinationLength, protocol } = header;
      const text = `${destination ?? (family === AF.INET ? '0.0.0.0' : '::')}/${destinationLength}`;
      return { text, index, table, isAdvertised: protocol === ROUTE_PROTOCOL.RA };
    },
  },
};

/** Looks a link up by its name. Its addresses are looked up when they are asked for. */
export function readLink(socket: NetlinkSocket, name: string): LinkFacts | undefined {
  try {
    const [link] = socket.requestSync(
      request(getBrief, { extendedMask: EXTENDED.SKIP_STATS, name }),
    );
    if (!link) return undefined;
    let addresses: readonly string[] | undefined;
    return {
      ...link,
      name,
      get addresses() {
        return (addresses ??= readAddresses(socket, link.index));
      },
    };
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return undefined;
    throw error;
  }
}

/** Those of a link that has gone since it was looked up are none: a bridge with its last container, which is to be made anew. */
function readAddresses(socket: NetlinkSocket, index: number): readonly string[] {
  try {
    return socket
      .dumpSync(request(getAddress, { index }))
      .filter((each) => each.index === index && each.scope === SCOPE.UNIVERSE)
      .map(({ local, address, prefixLength }) => `${local ?? address}/${prefixLength}`);
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return [];
    throw error;
  }
}

/** Looks up the networks of the main table. */
export function readRoutes(socket: NetlinkSocket): readonly RouteFacts[] {
  // A kernel before 4.20 gives those of all tables.
  const routes = socket.dumpSync(request(getNetworks, { table: TABLE.MAIN }));
  const links = socket.dumpSync(request(getNames, { extendedMask: EXTENDED.SKIP_STATS }));
  const names = new Map(links);
  return routes.flatMap(({ table, text, isAdvertised, index }) => {
    const network = parseCidr(text);
    if (table !== TABLE.MAIN || index === undefined || !network) return [];
    const device = names.get(index);
    // It has gone since, and the route with it.
    return device === undefined ? [] : [{ network, device, isAdvertised }];
  });
}
