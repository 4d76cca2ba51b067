import { Memory, type Kernel, type Value } from '@ts-c/syscall';
import {
  AF_NETLINK,
  NETLINK,
  OPTION,
  setsockopt,
  SO,
  SOCK_CLOEXEC,
  SOCK_RAW,
  socket,
  SOL,
} from './calls.ts';

/** Options of a socket. */
export interface SocketOptions {
  /** `NETLINK.ROUTE` unless given. */
  readonly protocol?: number;
  /** How many bytes of answers and events the kernel keeps, at most what `net.core.rmem_max` says without CAP_NET_ADMIN. */
  readonly receiveBuffer?: number | undefined;
  /** How many bytes a message may have, at most what `net.core.wmem_max` says without CAP_NET_ADMIN. */
  readonly sendBuffer?: number | undefined;
}

/**
 * Opens a netlink(7) socket in the network namespace that the calling thread, or the running Program, is in. It stays there.
 *
 * Where the kernel knows them, extended acknowledgements and strict checks are on.
 *
 * @throws {SystemError} `EAFNOSUPPORT`, `EPROTONOSUPPORT` where the kernel has no such thing.
 */
export function openSocket(
  kernel: Kernel,
  { protocol = NETLINK.ROUTE, receiveBuffer, sendBuffer }: SocketOptions = {},
): Value {
  const opened = kernel.call(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  for (const option of [OPTION.CAP_ACK, OPTION.EXT_ACK, OPTION.GET_STRICT_CHK])
    kernel.attempt(['ENOPROTOOPT'], () => setOption(kernel, opened, SOL.NETLINK, option, 1));
  if (receiveBuffer !== undefined)
    setBuffer(kernel, opened, [SO.RCVBUFFORCE, SO.RCVBUF], receiveBuffer);
  if (sendBuffer !== undefined) setBuffer(kernel, opened, [SO.SNDBUFFORCE, SO.SNDBUF], sendBuffer);
  return opened;
}

/** Sets an option of a socket that is an int. */
export function setOption(
  kernel: Kernel,
  opened: Value,
  level: number,
  option: number,
  value: number,
): void {
  kernel.call(setsockopt, opened, level, option, new Memory(4).set('i32', 0, value), 4);
}

function setBuffer(
  kernel: Kernel,
  opened: Value,
  [force, option]: readonly [number, number],
  size: number,
): void {
  kernel.attempt(
    ['EPERM'],
    () => setOption(kernel, opened, SOL.SOCKET, force, size),
    () => setOption(kernel, opened, SOL.SOCKET, option, size),
  );
}
