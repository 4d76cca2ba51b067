import type { Syscall } from './syscall.ts';
import { Slot, type Value } from './value.ts';

/** The paths that a call is about. */
export interface Paths {
  readonly path?: string;
  readonly dest?: string;
}

/**
 * Finds the paths of a call for its error message. A call that is given a file descriptor and an empty path is about what was
 * opened, so the descriptor's own path is taken.
 */
export function pathsOf(
  syscall: Syscall,
  args: readonly unknown[],
  origin: (fd: Value) => string | undefined,
): Paths {
  const found: { path?: string; dest?: string } = {};
  let opened: string | undefined;
  syscall.parameters.forEach((parameter, index) => {
    const value = args[index];
    if (parameter.role === 'fd') {
      opened = value instanceof Slot ? value.origin : origin(value as Value);
      if (!syscall.parameters[index + 1]?.role && opened !== undefined && found.path === undefined)
        found.path = opened;
    } else if (parameter.role === 'path' || parameter.role === 'dest') {
      const text = value === '' ? opened : join(opened, value);
      if (text !== undefined) found[parameter.role] = text;
      opened = undefined;
    }
  });
  return found;
}

function join(directory: string | undefined, value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (directory === undefined || value.startsWith('/')) return value;
  return `${directory.replace(/\/$/, '')}/${value}`;
}
