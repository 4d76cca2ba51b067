import { NLM_F } from '../../netlink/message.ts';
import { request } from '../../netlink/request.ts';
import { sendRequest } from '../../netlink/send-request.ts';
import { newLink } from '../../route/link-messages.ts';
import { IPVLAN_MODE } from '../../route/link-kinds.ts';
import { indexOf, numberOf } from '../bridge.ts';
import type { Attach, IpvlanPlan } from '../device.ts';

/** Makes an ipvlan right in the container: a device that shares the hardware address of its parent. */
export const attachIpvlan: Attach<IpvlanPlan> = (kernel, socket, device, pid) => {
  const { name, parent, mode, mtu } = device;
  const body = {
    name,
    link: indexOf(kernel, socket, parent),
    namespacePid: numberOf(pid),
    ...(mtu === undefined ? {} : { mtu }),
    info: {
      kind: 'ipvlan',
      data: { mode: IPVLAN_MODE[mode.toUpperCase() as keyof typeof IPVLAN_MODE] },
    },
  } as const;
  sendRequest(kernel, socket, request(newLink, body, NLM_F.CREATE | NLM_F.EXCL));
};
