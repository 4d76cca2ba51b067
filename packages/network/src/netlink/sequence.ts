import { live, type Kernel } from '@ts-c/syscall';

const last = new WeakMap<Kernel, number>();

/**
 * The next sequence number of a request: from 1, unique in this thread for a long time. A Program has numbers of its own, so that the
 * same requests are the same Program.
 */
export function nextSequence(kernel: Kernel = live): number {
  const next = ((last.get(kernel) ?? 0) % 0x7fff_ffff) + 1;
  last.set(kernel, next);
  return next;
}
