import { checkInteger, isErrno, SystemError } from '@ts-c/syscall';
import { familyOf, type Family } from '../container/cidr.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import { inNamespace } from '../objects/in-namespace.ts';
import { indexOf, withSocket, type ObjectOptions } from '../objects/session.ts';
import { EchoSocket } from './echo-socket.ts';
import { PingError } from './ping-error.ts';

/** Options of {@link ping}. */
export interface PingOptions extends ObjectOptions {
  /** Milliseconds to wait for the answer, 5000 unless given. */
  readonly timeout?: number | undefined;
  /** Bytes that are sent there and back, beside headers: 56 unless given. */
  readonly size?: number | undefined;
}

/** The answer to a {@link ping}. */
export interface PingReply {
  /** Who has answered. */
  readonly address: string;
  /** From the request until the kernel had the answer. */
  readonly milliseconds: number;
  /** What is left of the number of routers that the answer could pass; for IPv6 the hop limit. */
  readonly ttl: number | undefined;
}

interface Destination {
  readonly address: string;
  readonly family: Family;
  /** The device that a link-local address is behind. */
  readonly zone: string | undefined;
}

const mostBytes = 65_507;
const remedy =
  'it takes CAP_NET_RAW, or a group in the range of net.ipv4.ping_group_range in that network namespace';

/**
 * Asks a machine whether it is there, by ICMP: one echo request and its answer, as ping(8) does. On the event loop: no thread waits.
 *
 * Needs CAP_NET_RAW, or that `net.ipv4.ping_group_range` allows a group of this process: icmp(7).
 *
 * @param address IPv4 or IPv6; a link-local one with its device, `fe80::1%eth0`.
 * @throws {PingError} `ETIMEDOUT` where nobody answers in time; `ENETUNREACH` where there is no route, `EHOSTUNREACH` where the machine,
 * or a router on the way, does not know a neighbour; `EPERM` where pinging is not allowed.
 * @throws {SystemError} where the namespace may not be entered.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit.
 *
 * @example
 * const { milliseconds } = await ping('10.0.0.2', { namespace: box, timeout: 1000 });
 */
export async function ping(address: string, options: PingOptions = {}): Promise<PingReply> {
  const { namespace, signal, timeout = 5000, size = 56 } = options;
  const destination = toDestination(address);
  checkInteger('timeout', timeout, 1, 2 ** 31 - 1);
  checkInteger('size', size, 0, mostBytes);
  signal?.throwIfAborted();
  const { zone } = destination;
  const scope =
    zone === undefined
      ? 0
      : await withSocket(options, (socket, wait) =>
          indexOf(socket, 'address', toDevice(zone), wait),
        );
  using socket = inNamespace(namespace, () => open(address, destination.family, size));
  const ending = endOf(address, timeout, signal);
  try {
    socket.send(destination.address, scope);
    for (;;) {
      const received = socket.receive();
      if (received && 'errno' in received)
        throw new PingError(received.errno, address, { from: received.from });
      if (received) {
        const { ttl, nanoseconds } = received;
        return { address, milliseconds: Number(nanoseconds) / 1e6, ttl };
      }
      await socket.wait(ending.signal);
    }
  } catch (error) {
    if (!(error instanceof SystemError) || error instanceof PingError) throw error;
    throw new PingError(-error.errno, address);
  } finally {
    ending.clear();
  }
}

function open(address: string, family: Family, size: number): EchoSocket {
  try {
    return EchoSocket.open(family, size);
  } catch (error) {
    if (isErrno(error, 'EPERM', 'EACCES')) throw new PingError('EPERM', address, { remedy });
    if (error instanceof SystemError) throw new PingError(-error.errno, address);
    throw error;
  }
}

function toDestination(text: string): Destination {
  const [, address = '', zone] = /^([^%]*)(?:%(.+))?$/.exec(text) ?? [];
  const family = typeof text === 'string' ? familyOf(address) : undefined;
  if (!family || (zone !== undefined && family === 4))
    throw invalid(
      `address: expected an IPv4 or IPv6 address without a prefix, got ${describe(text)}`,
    );
  if (zone === undefined && /^fe[89ab]/i.test(address))
    throw invalid(
      `address: expected the device behind a link-local address, such as ${address}%eth0, got ${describe(text)}`,
    );
  return { address, family, zone };
}

/** A zone is the name of a device, or its index. */
const toDevice = (zone: string): string | number => (/^\d+$/.test(zone) ? Number(zone) : zone);

/** What ends the waiting, and how to end that. */
function endOf(
  address: string,
  timeout: number,
  signal: AbortSignal | undefined,
): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new PingError('ETIMEDOUT', address)), timeout);
  signal?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}
