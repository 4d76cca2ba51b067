import { close } from './calls.ts';
import type { Kernel } from './kernel.ts';
import type { Value } from './value.ts';

/** Hands on a descriptor that has been opened, and closes it afterwards, also where that failed: see {@link Kernel.ensure}. */
export function withDescriptor<D extends Value, T>(
  kernel: Kernel,
  descriptor: D,
  body: (descriptor: D) => T,
): T {
  return kernel.ensure(
    () => body(descriptor),
    () => void kernel.call(close, descriptor),
  );
}
