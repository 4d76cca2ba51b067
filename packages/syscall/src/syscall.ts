import type { SyscallName } from './numbers.ts';
import type { Parameter } from './parameter.ts';

/** A system call as a package declares it: its name and what its arguments are. */
export interface Syscall<P extends readonly Parameter[] = readonly Parameter[]> {
  readonly name: SyscallName;
  readonly parameters: P;
  /** What kind of number it returns; it names the slot in a listing. */
  readonly returns: Returns;
}

/** The kind of number that a call returns: a file descriptor, a process id, another number, or 0 for success. */
export type Returns = 'fd' | 'pid' | 'n' | '0';

/**
 * Declares a system call.
 *
 * @example
 * export const umount2 = syscall('umount2', [path('target'), flags('flags', MNT)]);
 */
export function syscall<const P extends readonly Parameter[]>(
  name: SyscallName,
  parameters: P,
  returns: Returns = '0',
): Syscall<P> {
  if (parameters.length > 6)
    throw new TypeError(`${name}: a system call has six arguments at most`);
  return { name, parameters, returns };
}
