import { isErrno } from '@ts-c/syscall';
import { request } from '../netlink/request.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { EXTENDED, getLink, linkAttributes, linkHeader } from '../route/link-messages.ts';

const pick = linkAttributes.picker(['linkNamespaceId']);

/** Asks for a link, and reads of the answer only in which network namespace the other end of it is. */
const getOtherEnd = {
  ...getLink,
  reply: {
    read: (bytes: Buffer, start: number, end: number) =>
      pick(bytes, start + linkHeader.size, end)[0],
  },
};

/** `lo` is the first device of every network namespace. */
const loopbackIndex = 1;

/**
 * Is the host's end of a veth there, and is the network namespace in which the other end is? A namespace ends with its last process, and
 * its devices some milliseconds later.
 */
export function isInUse(socket: NetlinkSocket, name: string): boolean {
  const extendedMask = EXTENDED.SKIP_STATS;
  try {
    const [id] = socket.requestSync(request(getOtherEnd, { extendedMask, name }));
    // In this very namespace.
    if (id === undefined) return true;
    if (id < 0) return false;
    const lo = { index: loopbackIndex, extendedMask, targetNamespaceId: id };
    socket.requestSync(request(getOtherEnd, lo));
    return true;
  } catch (error) {
    // No such device, no such namespace any more. It is there if it may not be looked into.
    if (isErrno(error, 'ENODEV', 'EINVAL')) return false;
    if (isErrno(error, 'EPERM', 'EACCES')) return true;
    throw error;
  }
}
