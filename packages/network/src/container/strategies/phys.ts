import { request } from '../../netlink/request.ts';
import { sendRequest } from '../../netlink/send-request.ts';
import { setLink } from '../../route/link-messages.ts';
import { indexOf, numberOf } from '../bridge.ts';
import type { Attach, PhysPlan } from '../device.ts';

/**
 * Moves a device of the host into the container. The kernel takes it down on the way, and gives a device of hardware back to the
 * first network namespace when that of the container ends: under the name that it has by then.
 */
export const attachPhys: Attach<PhysPlan> = (kernel, socket, device, pid) => {
  const { name, parent, mac } = device;
  const body = {
    index: indexOf(kernel, socket, parent),
    namespacePid: numberOf(pid),
    ...(name === parent ? {} : { name }),
    ...(mac === undefined ? {} : { address: mac }),
  };
  sendRequest(kernel, socket, request(setLink, body));
};
