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

/** A Program that stops in front of one of its calls, so that it can be killed right there. It goes on when its starter is gone, or after a while. */
export class PausingProgram extends Program {
  readonly #at: number;
  #count = 0;

  /** @param at The number of the call to stop in front of, from 1. */
  constructor(at: number) {
    super();
    this.#at = at;
  }

  override call<const P extends readonly Parameter[]>(
    made: Syscall<P>,
    ...args: Arguments<P>
  ): Value {
    this.#pause();
    return super.call(made, ...args);
  }

  override try<const P extends readonly Parameter[]>(
    made: Syscall<P>,
    ...args: Arguments<P>
  ): Value {
    this.#pause();
    return super.try(made, ...args);
  }

  #pause(): void {
    this.#count += 1;
    if (this.#count !== this.#at) return;
    // No events are asked for; that the other end is closed is told in any case, and lets it go on. So does time, for a child whose
    // supervisor is gone would have noticed soon.
    const timeout = new Memory(16).set('i64', 0, 4);
    super.try(ppoll, new Memory(8).set('i32', 0, this.reportFd), 1, timeout, null, 8);
  }
}
