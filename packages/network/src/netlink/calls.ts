import {
  defineStruct,
  fd,
  flags,
  int,
  memory,
  MSG,
  OPEN,
  prefixed,
  sizeOf,
  syscall,
  uint,
} from '@ts-c/syscall';

/** Families, types and protocols of the sockets: netlink(7). */
export const AF_NETLINK = 16;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = OPEN.CLOEXEC;
/** Protocols of netlink: what a socket is for. */
export const NETLINK = { ROUTE: 0, NETFILTER: 12, GENERIC: 16 } as const;

export const SOL = { SOCKET: 1, NETLINK: 270 } as const;
export const SO = { SNDBUF: 7, RCVBUF: 8, SNDBUFFORCE: 32, RCVBUFFORCE: 33 } as const;
/** Options of a netlink socket. */
export const OPTION = {
  ADD_MEMBERSHIP: 1,
  CAP_ACK: 10,
  EXT_ACK: 11,
  GET_STRICT_CHK: 12,
} as const;

const messageFlags = prefixed('MSG_', MSG);

/** socket(2). */
export const socket = syscall('socket', [int('domain'), uint('type'), int('protocol')], 'fd');
/** bind(2). */
export const bind = syscall('bind', [fd('sockfd'), memory('addr'), sizeOf('addrlen', 'addr')]);
/** `struct sockaddr_nl`: a port that is 0 is one of the kernel's choice. */
export const address = defineStruct('sockaddr_nl', {
  family: { type: 'u16' },
  pad: { type: 'u16' },
  port: { type: 'u32' },
  groups: { type: 'u32' },
});
/** setsockopt(2). */
export const setsockopt = syscall('setsockopt', [
  fd('sockfd'),
  int('level'),
  int('optname'),
  memory('optval'),
  sizeOf('optlen', 'optval'),
]);
/** sendto(2). */
export const sendto = syscall(
  'sendto',
  [
    fd('sockfd'),
    memory('buf'),
    sizeOf('len', 'buf'),
    flags('flags', messageFlags),
    memory('dest_addr'),
    uint('addrlen'),
  ],
  'n',
);
/** recvfrom(2). */
export const recvfrom = syscall(
  'recvfrom',
  [
    fd('sockfd'),
    memory('buf'),
    sizeOf('size', 'buf'),
    flags('flags', messageFlags),
    memory('src_addr'),
    memory('addrlen'),
  ],
  'n',
);
