import {
  Memory,
  memory,
  Program,
  syscall,
  uint,
  ulong,
  type Arguments,
  type Parameter,
  type Syscall,
  type Value,
} from '@ts-c/syscall';

const ppoll = syscall('ppoll', [
  memory('fds'),
  uint('nfds'),
  memory('tmo_p'),
  memory('sigmask'),
  ulong('sigsetsize'),
]);

const POLLRDHUP = 0x2000;

/**
 * A Program that stands still in front of one of its calls, so that it can be killed right there, whichever of its processes comes that way. It goes on when its
 * starter is gone, or has closed its side.
 */
export class PausingProgram extends Program {
  readonly #at: number;
  #count = 0;

  /** @param at The number of the call to stop in front of, from 1. Beyond the last it does not stop. */
  constructor(at: number) {
    super();
    this.#at = at;
  }

  /** How many calls have been written down. */
  get count(): number {
    return this.#count;
  }

  override call<const P extends readonly Parameter[]>(
    call: Syscall<P>,
    ...args: Arguments<P>
  ): Value {
    this.#pause();
    return super.call(call, ...args);
  }

  override try<const P extends readonly Parameter[]>(
    call: Syscall<P>,
    ...args: Arguments<P>
  ): Value {
    this.#pause();
    return super.try(call, ...args);
  }

  #pause(): void {
    this.#count += 1;
    if (this.#count !== this.#at) return;
    const fds = new Memory(8).set('i32', 0, this.reportFd).set('u16', 4, POLLRDHUP);
    super.try(ppoll, fds, 1, null, null, 8);
  }
}
