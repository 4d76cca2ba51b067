import { iovec, Memory, msghdr } from '@ts-c/syscall';
import type { Family } from '../container/cidr.ts';
import { formatIPv4, formatIPv6 } from '../netlink/ip.ts';
import { LEVEL, OPTION } from './calls.ts';

/** What the kernel says of a packet that could not get through, `struct sock_extended_err` of ip(7). */
export interface Refusal {
  readonly errno: number;
  /** Whose word that is; undefined where it is this machine's own. */
  readonly from: string | undefined;
}

/** A packet, with what the kernel has to say of it. */
export interface Received {
  readonly bytes: Buffer;
  /** How many more routers it could have passed. */
  readonly ttl: number | undefined;
  /** When it came, in nanoseconds of `CLOCK_REALTIME`. */
  readonly time: bigint | undefined;
  readonly refusal: Refusal | undefined;
}

/** Memory that recvmsg(2) fills. */
export class Receiving {
  readonly #data: Memory;
  readonly #control = new Memory(512);
  readonly header: Memory;

  /** @param size How many bytes of the packet are wanted. */
  constructor(size: number) {
    this.#data = new Memory(size);
    const vector = iovec.make({ iov_base: this.#data, iov_len: size });
    this.header = msghdr.make({
      msg_iov: vector,
      msg_iovlen: 1,
      msg_control: this.#control,
      msg_controllen: this.#control.size,
    });
  }

  /** Reads what has been filled in. */
  read(family: Family, length: number): Received {
    const level = family === 4 ? LEVEL.IP : LEVEL.IPV6;
    const hops = family === 4 ? OPTION.IP.TTL : OPTION.IPV6.HOPLIMIT;
    const error = family === 4 ? OPTION.IP.RECVERR : OPTION.IPV6.RECVERR;
    let [ttl, time, refusal]: [number?, bigint?, Refusal?] = [];
    for (const { level: of, type, data } of this.#messages()) {
      if (of === LEVEL.SOCKET && type === OPTION.SOCKET.TIMESTAMPNS)
        time = data.readBigInt64LE(0) * 1_000_000_000n + data.readBigInt64LE(8);
      else if (of === level && type === hops) ttl = data.readInt32LE(0);
      else if (of === level && type === error) refusal = readRefusal(data);
    }
    return { bytes: asBuffer(this.#data).subarray(0, length), ttl, time, refusal };
  }

  /** Control messages one after the other, cmsg(3). */
  *#messages(): Generator<{ level: number; type: number; data: Buffer }> {
    const length = Number(this.header.get('u64', msghdr.offsets.msg_controllen));
    const bytes = asBuffer(this.#control).subarray(0, length);
    for (let at = 0; at + 16 <= bytes.length;) {
      const size = Number(bytes.readBigUInt64LE(at));
      if (size < 16) return;
      yield {
        level: bytes.readInt32LE(at + 8),
        type: bytes.readInt32LE(at + 12),
        data: bytes.subarray(at + 16, at + size),
      };
      at += (size + 7) & ~7;
    }
  }
}

/** `SO_EE_ORIGIN_*`: by what somebody says so. All others are this machine itself. */
const ORIGIN = { ICMP: 2, ICMP6: 3 } as const;

function readRefusal(bytes: Buffer): Refusal {
  const errno = bytes.readUInt32LE(0);
  const origin = bytes.readUInt8(4);
  // Behind the struct is the address of who says so: a struct sockaddr_in or sockaddr_in6.
  if (origin === ORIGIN.ICMP) return { errno, from: formatIPv4(bytes, 20) };
  return { errno, from: origin === ORIGIN.ICMP6 ? formatIPv6(bytes, 24) : undefined };
}

function asBuffer({ bytes: { buffer, byteOffset, byteLength } }: Memory): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
