import { once } from 'node:events';
import { commandPid, spawn } from '@ts-c/namespaces';
import { netlink, NetlinkSocket, nftables, rtnetlink } from '@ts-c/network';

const { IFF, AF, SCOPE, IFA_F, EXTENDED } = rtnetlink;
const { NLM_F, NETLINK, request } = netlink;
const isNew = NLM_F.CREATE | NLM_F.EXCL;

/** A process, for the network that it is in. */
export interface Place {
  readonly pid: number;
}

/** Makes a link as `ip link add` does, and brings it up. */
export function addLink(place: Place, name: string, kind: string): void {
  using socket = NetlinkSocket.open({ namespace: place });
  const body = { name, flags: IFF.UP, change: IFF.UP, info: { kind } };
  socket.requestSync(request(rtnetlink.newLink, body, isNew));
}

/** A cable between two machines. */
export function connect(
  [one, oneName]: readonly [Place, string],
  [two, twoName]: readonly [Place, string],
): void {
  using socket = NetlinkSocket.open({ namespace: one });
  const peer = { name: twoName, namespacePid: two.pid };
  const body = { name: oneName, info: { kind: 'veth', data: { peer } } } as const;
  socket.requestSync(request(rtnetlink.newLink, body, isNew));
  bringUp(one, oneName);
  bringUp(two, twoName);
}

export function bringUp(place: Place, name: string): void {
  using socket = NetlinkSocket.open({ namespace: place });
  const body = { name, flags: IFF.UP, change: IFF.UP };
  socket.requestSync(request(rtnetlink.setLink, body));
}

/** Gives a link an address, in CIDR notation, that can be used at once. */
export function addAddress(place: Place, name: string, cidr: string): void {
  using socket = NetlinkSocket.open({ namespace: place });
  const [address = '', length] = cidr.split('/');
  const isIpv6 = address.includes(':');
  const body = {
    family: isIpv6 ? AF.INET6 : AF.INET,
    prefixLength: Number(length),
    index: indexOf(socket, name),
    local: address,
    address,
    ...(isIpv6 ? { flags: IFA_F.NODAD } : {}),
  };
  socket.requestSync(request(rtnetlink.newAddress, body, isNew));
}

function indexOf(socket: NetlinkSocket, name: string): number {
  return socket.requestSync(request(rtnetlink.getLink, { name }))[0]?.index ?? 0;
}

/** The names of all links. */
export function linksOf(place: Place): string[] {
  using socket = NetlinkSocket.open({ namespace: place });
  return socket
    .dumpSync(request(rtnetlink.getLink, { extendedMask: EXTENDED.SKIP_STATS }))
    .map(({ name = '' }) => name);
}

/** All addresses that are not link-local, as `eth0 10.0.0.2/24`. */
export function addressesOf(place: Place): string[] {
  using socket = NetlinkSocket.open({ namespace: place });
  const names = new Map(
    socket
      .dumpSync(request(rtnetlink.getLink, { extendedMask: EXTENDED.SKIP_STATS }))
      .map(({ index, name }) => [index, name]),
  );
  return socket
    .dumpSync(request(rtnetlink.getAddress, {}))
    .filter(({ scope }) => scope !== SCOPE.LINK)
    .map(
      ({ index, local, address, prefixLength }) =>
        `${names.get(index)} ${local ?? address}/${prefixLength}`,
    );
}

/** The names of all tables of nf_tables. */
export function tablesOf(place: Place): string[] {
  using socket = NetlinkSocket.open({ protocol: NETLINK.NETFILTER, namespace: place });
  return socket.dumpSync(request(nftables.getTable, {})).map(({ name = '' }) => name);
}

/** Can this machine make links of a kind that is on top of another? */
export async function knows(kind: string): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const child = spawn('sh', ['-c', 'echo ready; exec cat'], {
    namespaces: { net: true },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const place = { pid: await commandPid(child) };
  try {
    addLink(place, 'below', 'bridge');
    using socket = NetlinkSocket.open({ namespace: place });
    const body = { name: 'above', link: indexOf(socket, 'below'), info: { kind } };
    socket.requestSync(request(rtnetlink.newLink, body, isNew));
    return true;
  } catch {
    return false;
  } finally {
    child.stdin?.end();
    await once(child, 'close');
  }
}
