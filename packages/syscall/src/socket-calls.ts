import { OPEN, prefixed } from './calls.ts';
import { fd, flags, memory, oneOf, uint } from './parameter.ts';
import { defineStruct } from './struct.ts';
import { syscall } from './syscall.ts';

/** A family of sockets: those of this machine, unix(7). */
export const AF_UNIX = 1;
/** Types of socket(2), and what may be or-ed to them. */
export const SOCK = { STREAM: 1, SEQPACKET: 5, CLOEXEC: OPEN.CLOEXEC } as const;
/** socketpair(2): fills memory with two file descriptors of 32 bits. */
export const socketpair = syscall('socketpair', [
  oneOf('domain', { AF_UNIX }),
  uint('type'),
  uint('protocol'),
  memory('sv', 8),
]);

/** `struct iovec`. */
export const iovec = defineStruct('iovec', {
  iov_base: { type: 'pointer' },
  iov_len: { type: 'u64' },
});
/** `struct msghdr`. */
export const msghdr = defineStruct('msghdr', {
  msg_name: { type: 'pointer' },
  msg_namelen: { type: 'u32' },
  msg_iov: { type: 'pointer' },
  msg_iovlen: { type: 'u64' },
  msg_control: { type: 'pointer' },
  msg_controllen: { type: 'u64' },
  msg_flags: { type: 'i32' },
});
/** Flags of send(2) and recv(2). */
export const MSG = {
  PEEK: 2,
  TRUNC: 0x20,
  DONTWAIT: 0x40,
  ERRQUEUE: 0x2000,
  NOSIGNAL: 0x4000,
  CMSG_CLOEXEC: 0x40000000,
} as const;
const messageFlags = flags('flags', prefixed('MSG_', MSG));
/** sendmsg(2). */
export const sendmsg = syscall('sendmsg', [fd('sockfd'), memory('msg', msghdr.size), messageFlags]);
/** recvmsg(2). */
export const recvmsg = syscall(
  'recvmsg',
  [fd('sockfd'), memory('msg', msghdr.size), messageFlags],
  'n',
);
