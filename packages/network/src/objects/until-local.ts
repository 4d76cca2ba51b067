import { isErrno } from '@ts-c/syscall';
import { request } from '../netlink/request.ts';
import type { NetlinkSocket, WaitOptions } from '../netlink/socket.ts';
import { getRoute } from '../route/route-messages.ts';
import { AF } from '../route/types.ts';

/** `RTN_LOCAL`: a route to this machine itself. */
const LOCAL = 2;
/** Milliseconds after which the address is taken to be one that the kernel leaves out, as it is of use a second later at the latest. */
const patience = 100;

/**
 * Waits until the kernel takes what comes to a new address of IPv6. It grants the request first, and makes the route to the address a
 * moment later, in a queue of its own; a neighbour that asks or answers before that is not heard, and asks again after a second.
 */
export async function untilLocal(
  socket: NetlinkSocket,
  address: string,
  wait: WaitOptions,
): Promise<void> {
  const wanted = request(getRoute, {
    family: AF.INET6,
    destinationLength: 128,
    destination: address,
  });
  const end = performance.now() + patience;
  do {
    try {
      const [route] = await socket.request(wanted, wait);
      if (route?.type === LOCAL) return;
    } catch (error) {
      if (!isErrno(error, 'ENETUNREACH')) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    wait.signal?.throwIfAborted();
  } while (performance.now() < end);
}
