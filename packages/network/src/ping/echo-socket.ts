import { closeSync } from 'node:fs';
import { isErrno, live, Memory, MSG, recvmsg, SystemError } from '@ts-c/syscall';
import type { Family } from '../container/cidr.ts';
import { sendto, setsockopt, socket, SOCK_CLOEXEC } from '../netlink/calls.ts';
import { parseIp } from '../netlink/ip.ts';
import { setOption } from '../netlink/open-socket.ts';
import { Readiness } from '../netlink/readiness.ts';
import { AF } from '../route/types.ts';
import { clockGettime, CLOCK_REALTIME, connect, LEVEL, OPTION, SOCK } from './calls.ts';
import { headerSize, isOf, REPLY, withoutIpHeader, writeRequest, type Echo } from './packet.ts';
import { Receiving, type Received, type Refusal } from './received.ts';

/** An answer. */
export interface Answer {
  readonly ttl: number | undefined;
  /** From the request to the answer. */
  readonly nanoseconds: bigint;
}

/** The header of IP with all of its options. */
const longestIpHeader = 60;

/** A socket for one echo request and its answer: icmp(7) where that is allowed, else raw(7). */
export class EchoSocket implements Disposable {
  readonly #fd: number;
  readonly #isRaw: boolean;
  readonly #echo: Echo;
  readonly #size: number;
  readonly #readiness: Readiness;
  #sent = 0n;

  private constructor(fd: number, family: Family, isRaw: boolean, size: number) {
    this.#fd = fd;
    this.#isRaw = isRaw;
    this.#size = size;
    this.#readiness = new Readiness(fd);
    this.#echo = { family, id: random16(), sequence: random16() };
  }

  /**
   * Opens one in the network namespace that this thread is in.
   *
   * @param size How many bytes a request has behind its header.
   * @throws {SystemError} `EPERM` where neither kind of socket is allowed.
   */
  static open(family: Family, size: number): EchoSocket {
    const { fd, isRaw } = openEither(family);
    const echo = new EchoSocket(fd, family, isRaw, size);
    try {
      echo.#configure();
    } catch (error) {
      echo[Symbol.dispose]();
      throw error;
    }
    return echo;
  }

  #configure(): void {
    const set = (level: number, option: number): void =>
      setOption(live, this.#fd, level, option, 1);
    set(LEVEL.SOCKET, OPTION.SOCKET.TIMESTAMPNS);
    const isFour = this.#echo.family === 4;
    if (isFour) {
      set(LEVEL.IP, OPTION.IP.RECVERR);
      set(LEVEL.IP, OPTION.IP.RECVTTL);
    } else {
      set(LEVEL.IPV6, OPTION.IPV6.RECVERR);
      set(LEVEL.IPV6, OPTION.IPV6.RECVHOPLIMIT);
    }
    if (!this.#isRaw) return;
    // Of all that is said by ICMP only answers. A bit that is set is a type that is not passed on.
    const filter = new Memory(new Uint8Array(isFour ? 4 : 32).fill(0xff));
    const reply = REPLY[this.#echo.family];
    filter.bytes[reply >> 3] = 0xff & ~(1 << (reply & 7));
    if (isFour)
      live.call(setsockopt, this.#fd, LEVEL.RAW, OPTION.RAW.ICMP_FILTER, filter, filter.size);
    else live.call(setsockopt, this.#fd, LEVEL.ICMPV6, OPTION.ICMPV6.FILTER, filter, filter.size);
  }

  /**
   * Sends the request. From here on nobody else is heard.
   *
   * @param scope The index of the device that a link-local address is behind; 0 for others.
   * @throws {SystemError} such as `ENETUNREACH`.
   */
  send(address: string, scope: number): void {
    const destination = toSocketAddress(this.#echo.family, address, scope);
    live.call(connect, this.#fd, destination, destination.size);
    const request = writeRequest(this.#echo, this.#size);
    this.#sent = now();
    live.call(sendto, this.#fd, new Memory(request), request.length, MSG.DONTWAIT, null, 0);
  }

  /**
   * The answer, or that there can't be one. Undefined where neither has come yet.
   *
   * @throws {SystemError} where something is wrong here.
   */
  receive(): Answer | Refusal | undefined {
    for (;;) {
      let received: Received | undefined;
      try {
        received = this.#receive(MSG.DONTWAIT);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        const refusal = this.#refusal();
        if (refusal === 'none') throw error;
        if (refusal) return refusal;
        continue;
      }
      if (!received) return undefined;
      const { ttl, time = now() } = received;
      const isIp = this.#isRaw && this.#echo.family === 4;
      const bytes = isIp ? withoutIpHeader(received.bytes) : received.bytes;
      if (isOf(bytes, this.#echo, 'reply', !this.#isRaw))
        return { ttl, nanoseconds: time - this.#sent };
    }
  }

  /** Waits until there may be something to receive. */
  wait(signal: AbortSignal): Promise<void> {
    return this.#readiness.wait(signal);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  /**
   * What has been said of the request. To the same address others may send, too, of which a raw socket is told as well; `none` where it is
   * no packet at all that the error was about.
   */
  #refusal(): Refusal | 'none' | undefined {
    let found: Refusal | undefined;
    let isNone = true;
    for (;;) {
      const received = this.#receive(MSG.DONTWAIT | MSG.ERRQUEUE);
      if (!received) return isNone ? 'none' : found;
      isNone = false;
      const { bytes, refusal } = received;
      if (refusal && (!refusal.from || isOf(bytes, this.#echo, 'request', !this.#isRaw)))
        found ??= refusal;
    }
  }

  #receive(flags: number): Received | undefined {
    const receiving = new Receiving(headerSize + this.#size + longestIpHeader);
    try {
      const length = live.call(recvmsg, this.#fd, receiving.header, flags);
      return receiving.read(this.#echo.family, Number(length));
    } catch (error) {
      if (isErrno(error, 'EAGAIN')) return undefined;
      throw error;
    }
  }
}

function openEither(family: Family): { readonly fd: number; readonly isRaw: boolean } {
  const domain = family === 4 ? AF.INET : AF.INET6;
  const protocol = family === 4 ? LEVEL.ICMP : LEVEL.ICMPV6;
  const open = (type: number): number =>
    Number(live.call(socket, domain, type | SOCK_CLOEXEC, protocol));
  let [opened, isRaw] = [-1, false];
  // Which groups may is up to net.ipv4.ping_group_range; in a new network namespace there are none.
  live.attempt(
    ['EACCES', 'EPERM', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'],
    () => (opened = open(SOCK.DGRAM)),
    () => ([opened, isRaw] = [open(SOCK.RAW), true]),
  );
  return { fd: opened, isRaw };
}

/** `struct sockaddr_in` of ip(7), `struct sockaddr_in6` of ipv6(7). */
function toSocketAddress(family: Family, address: string, scope: number): Memory {
  if (family === 4) return new Memory(16).set('u16', 0, AF.INET).write(4, parseIp(address));
  return new Memory(28).set('u16', 0, AF.INET6).write(8, parseIp(address)).set('u32', 24, scope);
}

function now(): bigint {
  const time = new Memory(16);
  live.call(clockGettime, CLOCK_REALTIME, time);
  return BigInt(time.get('i64', 0)) * 1_000_000_000n + BigInt(time.get('i64', 8));
}

const random16 = (): number => Math.floor(Math.random() * 0x1_0000);
