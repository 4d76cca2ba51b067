import { fd, flags, int, memory, oneOf, OPEN, syscall, uint } from '@ts-c/syscall';

/** Events of epoll_ctl(2). */
export const EPOLL = { PRI: 2 } as const;
/** Operations of epoll_ctl(2). */
export const EPOLL_CTL = { ADD: 1 } as const;
/** Size of `struct epoll_event` where it is largest: x86-64 packs it into 12 bytes. Its events are the first 4 everywhere. */
export const epollEventSize = 16;

/** epoll_create1(2). */
export const epollCreate1 = syscall(
  'epoll_create1',
  [flags('flags', { EPOLL_CLOEXEC: OPEN.CLOEXEC })],
  'fd',
);
/** epoll_ctl(2). */
export const epollCtl = syscall('epoll_ctl', [
  fd('epfd'),
  oneOf('op', { EPOLL_CTL_ADD: EPOLL_CTL.ADD }),
  int('fd'),
  memory('event', epollEventSize),
]);

/** Flags of eventfd(2). Without `EFD_SEMAPHORE` one read takes all that has been counted. */
export const EFD = { CLOEXEC: OPEN.CLOEXEC, NONBLOCK: OPEN.NONBLOCK } as const;
/** eventfd(2). */
export const eventfd2 = syscall(
  'eventfd2',
  [uint('initval'), flags('flags', { EFD_CLOEXEC: EFD.CLOEXEC, EFD_NONBLOCK: EFD.NONBLOCK })],
  'fd',
);
