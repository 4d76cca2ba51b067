import { existsSync } from 'node:fs';
import { within } from '@ts-c/namespaces';
import { isErrno } from '@ts-c/syscall';
import { netlink, rtnetlink } from '../src/index.ts';
import { network } from './network.ts';

const kinds = [
  'bridge',
  'bridge-vlan',
  'dummy',
  'ifb',
  'ipvlan',
  'macvlan',
  'macvtap',
  'tun',
  'vlan',
  'vxlan',
] as const;
export type Kind = (typeof kinds)[number];

const known = await findOut();

/** Does the kernel know this kind of link? */
export function knows(kind: Kind): boolean {
  return known.has(kind);
}

/** A request that is not complete is refused in another way than one for a kind that is unknown. */
async function findOut(): Promise<ReadonlySet<Kind>> {
  await using net = await network();
  return within('net', net.namespace, () => {
    using socket = netlink.NetlinkSocket.open();
    const knowsKind = (kind: Kind): boolean => {
      if (kind === 'tun') return existsSync('/dev/net/tun');
      const body = {
        name: 'probe',
        info: kind === 'bridge-vlan' ? { kind: 'bridge', data: { vlanFiltering: true } } : { kind },
      };
      const flags = netlink.NLM_F.CREATE | netlink.NLM_F.EXCL;
      try {
        socket.requestSync(netlink.request(rtnetlink.newLink, body, flags));
        socket.requestSync(netlink.request(rtnetlink.deleteLink, { name: 'probe' }));
        return true;
      } catch (error) {
        return !isErrno(error, 'EOPNOTSUPP');
      }
    };
    return new Set(kinds.filter(knowsKind));
  });
}
