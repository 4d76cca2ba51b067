import type { ErrnoCode, Kernel, Problem } from '@ts-c/syscall';

/** What the kernel may say to steps of cleaning up. */
const refusals: readonly ErrnoCode[] = [
  'EPERM',
  'ENOENT',
  'EBADF',
  'EACCES',
  'EBUSY',
  'EEXIST',
  'ENODEV',
  'ENXIO',
  'ESRCH',
  'ENOTDIR',
  'EINVAL',
  'EROFS',
  'ENOTEMPTY',
  'EOPNOTSUPP',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'ENOMEM',
  'ENFILE',
  'EMFILE',
  'EAGAIN',
  'EINTR',
];

/** Does `body` as far as the kernel lets it: what it refuses to remove, somebody else removes later, or has removed. */
export function asFarAsPossible(kernel: Kernel, body: () => void): void {
  kernel.attempt(refusals, body);
}

/** Fails with a problem: what led here has decided it. */
export function fail(kernel: Kernel, problem: Problem): void {
  kernel.expect(0, { equals: 1 }, problem);
}
