import { NLM_F } from '../../netlink/message.ts';
import { request } from '../../netlink/request.ts';
import { sendRequest } from '../../netlink/send-request.ts';
import { IFF, newLink } from '../../route/link-messages.ts';
import { indexOf, numberOf } from '../bridge.ts';
import type { Attach, VethPlan } from '../device.ts';

/**
 * Makes a pair of devices, veth(4), in one request: one end in the container under its final name, the other a port of the bridge and
 * up. Both go with the container's namespace.
 */
export const attachVeth: Attach<VethPlan> = (kernel, socket, device, pid) => {
  const { name, host, bridge, mtu, mac } = device;
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
};
