import { NLM_F } from '../../netlink/message.ts';
import { request } from '../../netlink/request.ts';
import { sendRequest } from '../../netlink/send-request.ts';
import { IFF, newLink } from '../../route/link-messages.ts';
import { indexOf, numberOf } from '../bridge.ts';
import type { Attach, VethPlan } from '../device.ts';

/**
 * Makes a pair of devices, veth(4), in one request: one end in the container under its final name, the other a port of the bridge and
 * up. Both go with the container's namespace.
 *
 * Where ports are published the bridge may send to the port what came from it: with `net.bridge.bridge-nf-call-iptables` a packet of the
 * container to its own published port is turned around inside of the bridge.
 */
export const attachVeth: Attach<VethPlan> = (kernel, socket, device, pid) => {
  const { name, host, bridge, hairpin, mtu, mac } = device;
  const both = mtu === undefined ? {} : { mtu };
  const peer = {
    ...both,
    name,
    namespacePid: numberOf(pid),
    ...(mac === undefined ? {} : { address: mac }),
  };
  const body = {
    ...both,
    flags: IFF.UP,
    change: IFF.UP,
    name: host,
    master: indexOf(kernel, socket, bridge),
    info: { kind: 'veth', data: { peer } },
  } as const;
  sendRequest(kernel, socket, request(newLink, body, NLM_F.CREATE | NLM_F.EXCL));
  if (!hairpin) return;
  // Only of a port that is there does the kernel take this.
  const port = { name: host, info: { slaveKind: 'bridge', slaveData: { hairpin } } } as const;
  sendRequest(kernel, socket, request(newLink, port));
};
