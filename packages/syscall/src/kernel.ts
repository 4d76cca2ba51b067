import type { ErrnoCode } from './errno.ts';
import type { SystemError, SystemErrorInfo } from './error.ts';
import type { Memory } from './memory.ts';
import type { Arguments, Parameter } from './parameter.ts';
import type { Syscall } from './syscall.ts';
import type { Value } from './value.ts';

/** A condition on a number: its bits under `mask` (all of them, unless given) equal `equals`. */
export interface Test {
  readonly equals: number | bigint;
  readonly mask?: number | bigint;
}

/** What to say when an expectation does not hold. */
export interface Problem {
  /** A code in Node's style: `ERR_NOT_PROCFS`; or one of the kernel's. */
  readonly code: string;
  readonly message: string;
  /** Where the code is one of the kernel's: the call and the path that it is about, as in Node's own errors. */
  readonly syscall?: string;
  readonly path?: string;
}

/** What the kernel answered in memory, for the error where it refuses. */
export interface Answer {
  /** What takes the place of the call's name in the error: `netlink`. */
  readonly syscall: string;
  /** What was asked for, for listings and for the step of the error. */
  readonly call: string;
  /** What the answer is in. A Program that fails sends a copy of it. */
  readonly memory?: Memory;
  /** Makes the error of what else that memory says. */
  readonly explain?: (info: SystemErrorInfo, bytes: Buffer) => SystemError;
}

/**
 * Where system calls go. `live` makes them at once, on this thread; a `Program` writes them down. Each operation of ts-c is one
 * function on a Kernel, so that the same code does a thing now or as a step of a container.
 */
export interface Kernel {
  /**
   * Makes a system call.
   *
   * @returns its result; in a Program the Slot that stands for it.
   * @throws {TypeError} where an argument is out of range or holds a NUL.
   * @throws {SystemError} where the kernel refuses. A Program reports that when it runs.
   */
  call<const P extends readonly Parameter[]>(syscall: Syscall<P>, ...args: Arguments<P>): Value;

  /** Does `body`; where a call in it fails with one of these errors, the rest of `body` is left out and `otherwise` done instead. */
  attempt(codes: readonly ErrnoCode[], body: () => void, otherwise?: () => void): void;

  /** A number out of memory that an earlier call has filled, such as a file descriptor of pipe2(2). */
  load(memory: Memory, offset: number, size: 4 | 8): Value;

  /**
   * Goes on only if the number passes the test: what has been opened is what it should be.
   *
   * @throws {Error} the problem, where it does not.
   */
  expect(actual: Value, test: Test, problem: Problem): void;

  /**
   * Goes on unless the number passes the test: the opposite of {@link Kernel.expect}.
   *
   * @throws {Error} the problem, where it does.
   */
  refuse(actual: Value, test: Test, problem: Problem): void;

  /**
   * Goes on unless the number, of which 32 bits count, is an error of the kernel with a minus sign: an answer that came in memory, such
   * as that of netlink(7). An `attempt` around it sees to it as it does to the refusal of a call.
   *
   * @throws {SystemError} where it is one. A Program reports that when it runs.
   */
  check(result: Value, answer: Answer): void;

  /**
   * Does `body`, then `cleanup`, also when `body` failed. (A Program that fails outside of any `attempt` ends without it: the kernel
   * closes what it had open.)
   */
  ensure<T>(body: () => T, cleanup: () => void): T;

  /** Says what the calls in `body` are for, and which package makes them: for listings and errors. */
  section<T>(owner: string, title: string, body: () => T): T;
}
