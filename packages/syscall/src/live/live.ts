import { readlinkSync } from 'node:fs';
import { hostArch } from '../arch.ts';
import { errnoNumber } from '../errno.ts';
import { answerError, isErrno, problemError, SystemError } from '../error.ts';
import type { Kernel, Test } from '../kernel.ts';
import { everyMemory, Memory } from '../memory.ts';
import { syscallNumber } from '../numbers.ts';
import { pathsOf } from '../paths.ts';
import { checkArguments } from '../syscall.ts';
import { formatValue, Slot, type Value } from '../value.ts';
import { Block } from './block.ts';
import { koffi, rawCall, type PollEvents, type RawArgument } from './koffi.ts';

interface Section {
  readonly owner: string;
  readonly title: string;
}

let section: Section | undefined;

/**
 * The Kernel that makes each call at once, on the calling thread.
 *
 * Namespaces and credentials belong to threads: a call that changes them changes this thread of Node alone.
 */
export const live: Kernel = {
  call(syscall, ...args) {
    checkArguments(syscall, args);
    args.forEach(refuseSlots);
    const arch = hostArch();
    const memories = args.filter((value): value is Memory => value instanceof Memory);
    const block = memories.some(isLinked) ? new Block(memories, arch) : undefined;
    let result: number | bigint;
    try {
      const raw = syscall.parameters.map((parameter, index): RawArgument => {
        const value = args[index];
        if (value instanceof Memory) return block ? block.address(value) : addressable(value.bytes);
        if (parameter.translate) return parameter.translate(BigInt(value as number | bigint), arch);
        return value as RawArgument;
      });
      result = rawCall(syscallNumber(syscall.name, arch), raw);
    } finally {
      block?.free();
    }
    if (result < 0 && result >= -4095) {
      throw new SystemError({
        errno: -Number(result),
        syscall: syscall.name,
        ...pathsOf(syscall, args, openPath),
        ...section,
      });
    }
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
    if (!passes(actual, test)) throw problemError(problem, section);
  },

  refuse(actual, test, problem) {
    if (passes(actual, test)) throw problemError(problem, section);
  },

  check(result, answer) {
    const error = -Number(BigInt.asIntN(32, plain(result)));
    if (error < 1 || error > 4095) return;
    const info = { errno: error, syscall: answer.syscall, ...section };
    throw answerError(answer, info, answer.memory?.bytes ?? new Uint8Array());
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

function refuseSlots(value: unknown): void {
  if (value instanceof Slot || (value instanceof Memory && everyMemory(value).some(hasSlots)))
    throw new TypeError('a slot has no value outside of its Program');
}

const hasSlots = (memory: Memory): boolean => memory.patches.length > 0;
const isLinked = (memory: Memory): boolean =>
  memory.pointers.length > 0 || memory.translations.length > 0;

// koffi passes a null pointer for an empty buffer, and the kernel checks pointers even where the length is 0.
function addressable(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength > 0 ? bytes : new Uint8Array(8);
}

/** The path behind a file descriptor, for the error of a call that was given no other. */
function openPath(fd: Value): string | undefined {
  try {
    const path = readlinkSync(`/proc/thread-self/fd/${formatValue(fd)}`);
    return path.startsWith('/') ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Watches a file descriptor from the event loop; no thread of the pool waits. Close the handle to end it, before the descriptor
 * itself is closed. There can be one watch of a descriptor at a time, and the descriptor becomes `O_NONBLOCK`.
 */
export function watch(
  fd: number,
  options: { readable?: boolean; writable?: boolean; disconnect?: boolean },
  listener: (status: number, events: PollEvents) => void,
): { ref(): void; unref(): void; close(): void } {
  let isOpen = true;
  const handle = koffi().node.poll(fd, options, (status, events) => {
    // koffi calls from outside of Node's own callbacks: nothing would run what the listener puts off, its ticks and its promises.
    setImmediate(() => {
      if (isOpen) listener(status, events);
    });
  });
  return {
    ref: () => void (isOpen && handle.ref()),
    unref: () => void (isOpen && handle.unref()),
    close: () => {
      isOpen = false;
      handle.close();
    },
  };
}

function passes(actual: Value, { equals, mask = -1n }: Test): boolean {
  return BigInt.asUintN(64, plain(actual) & BigInt(mask)) === BigInt.asUintN(64, BigInt(equals));
}

function plain(value: Value): bigint {
  if (value instanceof Slot) throw new TypeError('a slot has no value outside of its Program');
  return BigInt(value);
}
