import type { Kernel, Problem } from '@ts-c/syscall';

/** Fails with a problem, in any case: what led here has decided it. */
export function fail(kernel: Kernel, problem: Problem): void {
  kernel.expect(0, { equals: 1 }, problem);
}
