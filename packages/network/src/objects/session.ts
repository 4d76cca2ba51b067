import type { NamespaceTarget } from '@ts-c/namespaces';
import { isErrno } from '@ts-c/syscall';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { request, type Operation } from '../netlink/request.ts';
import { NetlinkSocket, type WaitOptions } from '../netlink/socket.ts';
import { EXTENDED, getLink, type linkMessage } from '../route/link-messages.ts';
import { checkDevice } from './check.ts';

/** Where to work, and what may end it. */
export interface ObjectOptions extends WaitOptions {
  /**
   * The network namespace: a path, a pid or a pidfd, which needs CAP_SYS_ADMIN to enter; or an open socket, which saves opening one
   * for each request. The calling thread's own unless given.
   */
  readonly namespace?: NamespaceTarget | NetlinkSocket | undefined;
}

/** A device by its name, one of its alternative names, or its index. */
export type Device = string | number;

/** Does something with a socket in the namespace that the options say. */
export async function withSocket<T>(
  { namespace, signal }: ObjectOptions,
  body: (socket: NetlinkSocket, wait: WaitOptions) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const wait = { signal };
  if (namespace instanceof NetlinkSocket) return body(namespace, wait);
  using socket = NetlinkSocket.open({ namespace });
  return await body(socket, wait);
}

/** Asks for a link, and takes no more out of the answer than its index. */
const getIndex: Operation<Parameters<typeof linkMessage.write>[1], number> = {
  ...getLink,
  reply: { read: (bytes, start) => bytes.readInt32LE(start + 4) },
};

/** What names a device in a request. */
export function nameAttribute(device: string): { name: string } | { alternativeName: string } {
  return Buffer.byteLength(device) > 15 ? { alternativeName: device } : { name: device };
}

/**
 * The index of a device: of its name, the kernel says it.
 *
 * @param field What the device is, in errors.
 * @throws {NetlinkError} `ENODEV`, with the name in it, where there is none.
 */
export async function indexOf(
  socket: NetlinkSocket,
  field: string,
  device: Device,
  wait: WaitOptions,
): Promise<number> {
  checkDevice(field, device);
  if (typeof device === 'number') return device;
  const wanted = request(getIndex, {
    ...nameAttribute(device),
    extendedMask: EXTENDED.SKIP_STATS,
  });
  try {
    const [index] = await socket.request(wanted, wait);
    return index as number;
  } catch (error) {
    throw withDevice(error, device);
  }
}

/** The same error, with the device in it that it is about, or what else it is about, and what that was to get. */
export function withDevice(error: unknown, device: Device, dest?: string): unknown {
  if (!(error instanceof NetlinkError) || error.path !== undefined) return error;
  const info = { errno: -error.errno, path: String(device), dest };
  return new NetlinkError(info, error.request, error);
}

/** The same error, with more to say where the kernel does not support what was asked for: it seldom says what that is. */
export function withReason(error: unknown, reason: (given: string | undefined) => string): unknown {
  if (!(error instanceof NetlinkError) || error.code !== 'EOPNOTSUPP') return error;
  const { path, dest, missing, attribute } = error;
  const info = { errno: -error.errno, path, dest };
  return new NetlinkError(info, error.request, {
    missing,
    attribute,
    reason: reason(error.reason),
  });
}

/** Asks for a list, which is empty where the kernel has nothing to list from: a table of routes that nobody has made, for instance. */
export async function orNothing<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EOPNOTSUPP')) return [];
    throw error;
  }
}
