import { linkAttributes, EXTENDED, getLink, linkHeader } from '../route/link-messages.ts';
import { request, type Operation } from '../netlink/request.ts';
import type { NetlinkSocket, WaitOptions } from '../netlink/socket.ts';

const pickName = linkAttributes.picker(['name']);

/** Asks for links, and reads no more than their indexes and names. */
const getNames: Operation<
  Parameters<typeof getLink.codec.write>[1],
  readonly [index: number, name: string]
> = {
  ...getLink,
  reply: {
    read(bytes, start, end) {
      const { index } = linkHeader.read(bytes, start, end);
      return [index, pickName(bytes, start + linkHeader.size, end)[0] ?? `${index}`];
    },
  },
};

/** The names of all devices of a namespace, by their indexes. */
export async function listNames(
  socket: NetlinkSocket,
  wait: WaitOptions,
): Promise<ReadonlyMap<number, string>> {
  return new Map(await socket.dump(request(getNames, { extendedMask: EXTENDED.SKIP_STATS }), wait));
}
