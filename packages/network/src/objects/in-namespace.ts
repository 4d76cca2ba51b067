import { within, type NamespaceTarget } from '@ts-c/namespaces';
import { fd, live, oneOf, syscall, withDescriptor } from '@ts-c/syscall';
import { NetlinkSocket } from '../netlink/socket.ts';

const SIOCGSKNS = 0x894c;
/** Gives the network namespace of a socket, netdevice(7). */
const namespaceOf = syscall('ioctl', [fd('fd'), oneOf('op', { SIOCGSKNS })], 'fd');

/** Does something in the network namespace that is meant, or that a socket was opened in; in this thread's own unless one is given. */
export function inNamespace<T>(
  namespace: NamespaceTarget | NetlinkSocket | undefined,
  body: () => T,
): T {
  if (namespace === undefined) return body();
  if (!(namespace instanceof NetlinkSocket)) return within('net', namespace, body);
  const opened = Number(live.call(namespaceOf, namespace.fd, SIOCGSKNS));
  return withDescriptor(live, opened, (there) =>
    within('net', `/proc/thread-self/fd/${there}`, body),
  );
}
