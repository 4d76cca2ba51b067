import {
  iovec,
  live,
  Memory,
  MSG,
  msghdr,
  recvmsg,
  sendmsg,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { descriptorMessage, rightsHeader } from './calls.ts';
import { owner } from './owner.ts';

/**
 * Sends a file descriptor to whoever has the other end of a socket: `SCM_RIGHTS` of unix(7). One byte goes with it. Both descriptors
 * stay open here.
 *
 * @throws {SystemError} `EPIPE` or `ECONNRESET` where nobody has the other end.
 */
export function sendDescriptor(kernel: Kernel, socket: Value, descriptor: Value): void {
  kernel.section(owner, 'a descriptor, to the runtime', () => {
    const message = makeMessage(descriptorMessage.make({ ...rightsHeader, fd: descriptor }));
    kernel.call(sendmsg, socket, message, MSG.NOSIGNAL);
  });
}

/**
 * Receives a file descriptor that is there already; it is close-on-exec.
 *
 * @throws {SystemError} `EAGAIN` where there is none yet.
 * @throws {Error} `ERR_NO_DESCRIPTOR` where none will come, or a message came without.
 */
export function receiveDescriptor(socket: number): number {
  const control = new Memory(descriptorMessage.size);
  const message = makeMessage(control);
  const received = live.section(owner, 'a descriptor, from a Program', () =>
    live.call(recvmsg, socket, message, MSG.DONTWAIT | MSG.CMSG_CLOEXEC),
  );
  const { cmsg_len, cmsg_level, cmsg_type } = descriptorMessage.offsets;
  const isRights =
    control.get('u64', cmsg_len) === BigInt(rightsHeader.cmsg_len) &&
    control.get('i32', cmsg_level) === rightsHeader.cmsg_level &&
    control.get('i32', cmsg_type) === rightsHeader.cmsg_type;
  if (isRights) return Number(control.get('i32', descriptorMessage.offsets.fd));
  const what = Number(received) === 0 ? 'the other end was closed' : 'a message came';
  throw Object.assign(new Error(`${what}, and no file descriptor with it`), {
    code: 'ERR_NO_DESCRIPTOR',
  });
}

// The control message has room for one descriptor exactly. Any others that come along are closed by the kernel.
function makeMessage(control: Memory): Memory {
  const byte = new Memory(1);
  byte.describe = () => '"\\0"';
  return msghdr.make({
    msg_iov: iovec.make({ iov_base: byte, iov_len: byte.size }),
    msg_iovlen: 1,
    msg_control: control,
    msg_controllen: rightsHeader.cmsg_len,
  });
}
