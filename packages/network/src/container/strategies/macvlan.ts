import { NLM_F } from '../../netlink/message.ts';
import { request } from '../../netlink/request.ts';
import { sendRequest } from '../../netlink/send-request.ts';
import { newLink } from '../../route/link-messages.ts';
import { MACVLAN_MODE } from '../../route/link-kinds.ts';
import { indexOf, numberOf } from '../bridge.ts';
import type { Attach, MacvlanPlan } from '../device.ts';

/** Makes a macvlan right in the container: a device with a hardware address of its own on the wire of its parent. */
export const attachMacvlan: Attach<MacvlanPlan> = (kernel, socket, device, pid) => {
  const { name, parent, mode, mtu, mac } = device;
  const body = {
    name,
    link: indexOf(kernel, socket, parent),
    namespacePid: numberOf(pid),
    ...(mtu === undefined ? {} : { mtu }),
    ...(mac === undefined ? {} : { address: mac }),
    info: {
      kind: 'macvlan',
      data: { mode: MACVLAN_MODE[mode.toUpperCase() as keyof typeof MACVLAN_MODE] },
    },
  } as const;
  sendRequest(kernel, socket, request(newLink, body, NLM_F.CREATE | NLM_F.EXCL));
};
