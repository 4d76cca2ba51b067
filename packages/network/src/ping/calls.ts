import { fd, memory, oneOf, sizeOf, syscall } from '@ts-c/syscall';

/** Types of sockets that speak ICMP: icmp(7), raw(7). */
export const SOCK = { DGRAM: 2, RAW: 3 } as const;
/** Protocols, which are levels of options too: ip(7), ipv6(7), raw(7). */
export const LEVEL = { SOCKET: 1, IP: 0, IPV6: 41, ICMP: 1, ICMPV6: 58, RAW: 255 } as const;
/** Options by their level; where one asks for a control message that has another number, that is the second. */
export const OPTION = {
  SOCKET: { TIMESTAMPNS: 35 },
  IP: { RECVERR: 11, RECVTTL: 12, TTL: 2 },
  IPV6: { RECVERR: 25, RECVHOPLIMIT: 51, HOPLIMIT: 52 },
  RAW: { ICMP_FILTER: 1 },
  ICMPV6: { FILTER: 1 },
} as const;

/** connect(2). */
export const connect = syscall('connect', [
  fd('sockfd'),
  memory('addr'),
  sizeOf('addrlen', 'addr'),
]);
const CLOCK = { CLOCK_REALTIME: 0 } as const;
/** `CLOCK_REALTIME`, in which the kernel says when something has come. */
export const CLOCK_REALTIME = CLOCK.CLOCK_REALTIME;
/** clock_gettime(2): fills seconds and nanoseconds, 8 bytes each. */
export const clockGettime = syscall('clock_gettime', [oneOf('clockid', CLOCK), memory('tp', 16)]);
