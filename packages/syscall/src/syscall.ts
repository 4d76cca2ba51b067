import { invalid } from './check.ts';
import { Memory } from './memory.ts';
import type { SyscallName } from './numbers.ts';
import type { Parameter } from './parameter.ts';
import { Slot } from './value.ts';

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
 * Declares a system call, with every argument that the kernel reads: what is not declared is whatever was there before.
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

/**
 * Refuses arguments that may not cross into the kernel.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the argument.
 */
export function checkArguments({ name, parameters }: Syscall, args: readonly unknown[]): void {
  if (args.length !== parameters.length)
    throw invalid(name, `${parameters.length} arguments`, args.length);
  for (const [index, parameter] of parameters.entries()) {
    const value = args[index];
    parameter.check(value);
    if (parameter.sizeOf === undefined || value instanceof Slot) continue;
    const whole = args[parameters.findIndex((other) => other.name === parameter.sizeOf)];
    if (whole instanceof Memory && (value as number | bigint) > whole.size)
      throw invalid(
        parameter.name,
        `at most the ${whole.size} bytes of '${parameter.sizeOf}'`,
        value,
      );
  }
}

/** Writes a call as strace does. */
export function formatCall({ name, parameters }: Syscall, args: readonly unknown[]): string {
  return `${name}(${formatArguments(parameters, args).join(', ')})`;
}

/** Writes each argument of a call. */
export function formatArguments(
  parameters: readonly Parameter[],
  args: readonly unknown[],
): string[] {
  return parameters.map((parameter, index) => parameter.format(args[index]));
}
