import { hostArch } from '../arch.ts';
import { errnoNumber } from '../errno.ts';
import { SystemError, isErrno } from '../error.ts';
import type { Kernel, Problem, Test } from '../kernel.ts';
import { Memory } from '../memory.ts';
import { syscallNumber } from '../numbers.ts';
import { pathsOf } from '../paths.ts';
import { Slot, type Value } from '../value.ts';
import { Block } from './block.ts';
import { koffi, rawCall, type RawArgument } from './koffi.ts';

interface Section {
  readonly owner: string;
  readonly title: string;
}

let section: Section | undefined;
// Paths behind open file descriptors, for the sake of errors about calls that are given a descriptor alone.
const origins = new Map<number, string>();

/**
 * The Kernel that makes each call at once, on the calling thread.
 *
 * Namespaces and credentials belong to threads: a call that changes them changes this thread of Node alone.
 */
export const live: Kernel = {
  call(syscall, ...args) {
    const arch = hostArch();
    const blocks: Block[] = [];
    const raw = syscall.parameters.map((parameter, index): RawArgument => {
      const value = (args as readonly unknown[])[index];
      parameter.check(value);
      if (value instanceof Slot)
        throw new TypeError(`${parameter.name}: a slot has no value outside of its Program`);
      if (value instanceof Memory) {
        if (value.pointers.length === 0 && value.translations.length === 0)
          return emptySafe(value.bytes);
        const block = new Block(value, arch);
        blocks.push(block);
        return block.address;
      }
      if (parameter.translate) return parameter.translate(BigInt(value as number | bigint), arch);
      return value as RawArgument;
    });
    const result = rawCall(syscallNumber(syscall.name, arch), raw);
    for (const block of blocks) block.free();
    const paths = pathsOf(syscall, args, (fd) => origins.get(Number(fd)));
    if (result < 0 && result >= -4095) {
      throw new SystemError({
        errno: -Number(result),
        syscall: syscall.name,
        ...paths,
        ...section,
      });
    }
    if (syscall.name === 'close') origins.delete(Number(args[0]));
    if (syscall.returns === 'fd' && paths.path !== undefined)
      origins.set(Number(result), paths.path);
    return result;
  },

  attempt(codes, body, otherwise) {
    codes.forEach(errnoNumber);
    try {
      body();
    } catch (error) {
      if (!isErrno(error, ...codes)) throw error;
      otherwise?.();
    }
  },

  load: (memory, offset, size) => memory.get(size === 4 ? 'i32' : 'i64', offset),

  expect(actual, test, problem) {
    if (!passes(actual, test)) throw problemError(problem);
  },

  refuse(actual, test, problem) {
    if (passes(actual, test)) throw problemError(problem);
  },

  ensure(body, cleanup) {
    try {
      return body();
    } finally {
      cleanup();
    }
  },

  section(owner, title, body) {
    const outer = section;
    section = { owner, title };
    try {
      return body();
    } finally {
      section = outer;
    }
  },
};

// koffi passes a null pointer for an empty buffer, and the kernel checks pointers even where the length is 0.
function emptySafe(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength > 0 ? bytes : new Uint8Array(8).subarray(0, 8);
}

/** Watches a file descriptor from the event loop; no thread of the pool waits. Close the handle to end it. */
export function watch(
  fd: number,
  options: { readable?: boolean; writable?: boolean; disconnect?: boolean },
  listener: (status: number, events: number) => void,
): { ref(): void; unref(): void; close(): void } {
  return koffi().node.poll(fd, options, listener);
}

function passes(actual: Value, { equals, mask = -1n }: Test): boolean {
  if (actual instanceof Slot) throw new TypeError('a slot has no value outside of its Program');
  return BigInt.asUintN(64, BigInt(actual) & BigInt(mask)) === BigInt.asUintN(64, BigInt(equals));
}

function problemError({ code, message }: Problem): Error {
  return Object.assign(new Error(message), { code, ...section });
}
