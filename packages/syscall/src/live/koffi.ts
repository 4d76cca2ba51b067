import { createRequire } from 'node:module';
import process from 'node:process';

/** The part of koffi that ts-c uses. */
export interface Koffi {
  load(path: null): {
    func(
      name: string,
      result: string,
      parameters: readonly string[],
    ): (...args: unknown[]) => unknown;
  };
  errno(): number;
  alloc(type: string, length: number): bigint;
  free(pointer: bigint): void;
  view(pointer: bigint, length: number): ArrayBuffer;
  readonly node: {
    poll(
      fd: number,
      options: { readable?: boolean; writable?: boolean; disconnect?: boolean },
      callback: (status: number, events: PollEvents) => void,
    ): PollHandle;
  };
}

/** What a file descriptor is ready for. */
export interface PollEvents {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly disconnect: boolean;
}

/** A watch of koffi's on a file descriptor, driven by the event loop. */
interface PollHandle {
  ref(): void;
  unref(): void;
  stop(): void;
  close(): void;
}

/** The raw system call: libc's syscall(2) with a string, a buffer, an address or a number for each argument. */
export type RawCall = (number: number, args: readonly RawArgument[]) => number | bigint;

/** What crosses into C. A bigint is a number or an address; addresses only ever come from koffi itself. */
export type RawArgument = number | bigint | string | Uint8Array | null;

let loaded: Koffi | undefined;

/** Loads koffi, at the first use and not at import. */
export function koffi(): Koffi {
  if (loaded) return loaded;
  if (process.platform !== 'linux') {
    const message = `ts-c makes system calls of Linux, and this is ${process.platform}`;
    throw Object.assign(new Error(message), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
  }
  const require = createRequire(import.meta.url);
  loaded = require('koffi') as Koffi;
  return loaded;
}

type Native = (...args: unknown[]) => number | bigint;
const natives = new Map<string, Native>();

// A signature per shape of call: fixed arguments are as fast as koffi gets, and libc's syscall() reads them the same way.
function native(shape: string): Native {
  let found = natives.get(shape);
  if (!found) {
    const types = [...shape].map((kind) =>
      kind === 's' ? 'str' : kind === 'p' ? 'void *' : 'int64',
    );
    found = koffi()
      .load(null)
      .func('syscall', 'int64', ['int64', ...types]) as Native;
    natives.set(shape, found);
  }
  return found;
}

function kindOf(argument: RawArgument): string {
  if (typeof argument === 'string') return 's';
  return argument === null || argument instanceof Uint8Array ? 'p' : 'n';
}

/**
 * Makes a system call.
 *
 * @returns its result, or minus the error number.
 */
export const rawCall: RawCall = (number, args) => {
  const call = native(args.map(kindOf).join(''));
  const { errno } = koffi();
  const result = call(number, ...args);
  // Nothing may come in between: any call of Node's may change errno.
  if (result === -1 || result === -1n) return -errno();
  return result;
};
