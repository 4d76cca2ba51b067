import { close, fd, memory, Memory, sizeOf, syscall, type Kernel, type Value } from '@ts-c/syscall';
import { SOCK_CLOEXEC, socket } from '../netlink/calls.ts';
import { setOption } from '../netlink/open-socket.ts';
import { parseIp } from '../netlink/index.ts';
import { familyOf } from './expressions.ts';
import { NFPROTO } from './messages.ts';
import type { NatOptions } from './nat-table.ts';
import { checkPublished, formatPublished, type Protocol, type PublishedPorts } from './publish.ts';
import { targetsOf } from './reach.ts';

const bind = syscall('bind', [fd('sockfd'), memory('addr'), sizeOf('addrlen', 'addr')]);

const AF_INET = 2;
const AF_INET6 = 10;
const types: Readonly<Record<Protocol, number>> = { tcp: 1, udp: 2 };
/** Options of an IPv6 socket. */
const SOL_IPV6 = 41;
const IPV6_V6ONLY = 26;
/** Each is an open file, of which a process has 1024 by default. */
const mostPorts = 512;

/**
 * Takes the ports of the host that are to be published, with `live` or in a Program: sockets are bound to them, on which nothing listens.
 * As long as these are open, no other program gets the ports and no other container can have them published. See bind(2).
 *
 * Only the first 512 of them are taken: each is an open file.
 *
 * @returns the sockets; they are closed with their process, or by whoever wants to be rid of them.
 * @throws {SystemError} `EADDRINUSE` for ports that are taken, `EADDRNOTAVAIL` where the host has no such address, `EACCES` below
 * `net.ipv4.ip_unprivileged_port_start` without CAP_NET_BIND_SERVICE.
 */
export function claimPorts(
  kernel: Kernel,
  { addresses, published = [] }: Pick<NatOptions, 'addresses' | 'published'>,
): readonly Value[] {
  const wanted = published.flatMap((each, index) =>
    portsOf(each, addresses, `published[${index}]`),
  );
  const sockets: Value[] = [];
  try {
    for (const { title, protocol, address, port } of wanted.slice(0, mostPorts))
      kernel.section('@ts-c/network', title, () => {
        const isIPv4 = familyOf(address) === NFPROTO.IPV4;
        const family = isIPv4 ? AF_INET : AF_INET6;
        const opened = kernel.call(socket, family, types[protocol] | SOCK_CLOEXEC, 0);
        sockets.push(opened);
        if (!isIPv4) setOption(kernel, opened, SOL_IPV6, IPV6_V6ONLY, 1);
        const wantedAddress = socketAddress(address, port);
        kernel.call(bind, opened, wantedAddress, wantedAddress.size);
      });
  } catch (error) {
    for (const each of sockets) kernel.call(close, each);
    throw error;
  }
  return sockets;
}

interface Port {
  readonly title: string;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
}

function portsOf(
  published: PublishedPorts,
  addresses: NatOptions['addresses'],
  name: string,
): readonly Port[] {
  checkPublished(published, name);
  const { hostAddress, hostPort, count = 1, protocol = 'tcp' } = published;
  const title = `publish ${formatPublished(published)}`;
  return targetsOf(published, addresses, name).flatMap((target) => {
    const any = familyOf(target.address) === NFPROTO.IPV4 ? '0.0.0.0' : '::';
    return Array.from({ length: count }, (_, index) => ({
      title,
      protocol,
      address: hostAddress ?? any,
      port: hostPort + index,
    }));
  });
}

/** `struct sockaddr_in` or `struct sockaddr_in6`. */
function socketAddress(address: string, port: number): Memory {
  const isIPv4 = familyOf(address) === NFPROTO.IPV4;
  const memoryOf = new Memory(isIPv4 ? 16 : 28)
    .set('u16', 0, isIPv4 ? AF_INET : AF_INET6)
    .set('u8', 2, port >> 8)
    .set('u8', 3, port & 0xff)
    .write(isIPv4 ? 4 : 8, parseIp(address));
  memoryOf.describe = () => `{${isIPv4 ? address : `[${address}]`}:${port}}`;
  return memoryOf;
}
