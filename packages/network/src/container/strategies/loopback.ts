import { request } from '../../netlink/request.ts';
import { sendRequest } from '../../netlink/send-request.ts';
import { IFF, setLink } from '../../route/link-messages.ts';
import type { Kernel, Value } from '@ts-c/syscall';

/** `lo` is the first device of every network namespace. */
const loopbackIndex = 1;

/**
 * Brings `lo` up; its addresses come by themselves. Its MTU is left alone: libcontainer 1.1.0 set that of the configuration, and where
 * there was none a useless 0.
 */
export function bringLoopbackUp(kernel: Kernel, socket: Value): void {
  const body = { index: loopbackIndex, flags: IFF.UP, change: IFF.UP };
  sendRequest(kernel, socket, request(setLink, body));
}
