import { isErrno } from '@ts-c/syscall';
import { attributes } from '../netlink/attributes.ts';
import { request } from '../netlink/request.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { bytes, linkAddress, string } from '../netlink/texts.ts';
import { getAddress, SCOPE } from '../route/address-messages.ts';
import { EXTENDED, getLink, linkHeader } from '../route/link-messages.ts';
import { getRoute, ROUTE_PROTOCOL, TABLE } from '../route/route-messages.ts';
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

function readAddresses(socket: NetlinkSocket, index: number): readonly string[] {
  return socket
    .dumpSync(request(getAddress, { index }))
    .filter((each) => each.index === index && each.scope === SCOPE.UNIVERSE)
    .map(({ local, address, prefixLength }) => `${local ?? address}/${prefixLength}`);
}

/** Looks up the networks of the main table. */
export function readRoutes(socket: NetlinkSocket): readonly RouteFacts[] {
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
