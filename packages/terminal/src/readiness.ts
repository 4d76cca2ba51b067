import { watch } from '@ts-c/syscall';

/** What a file descriptor is waited for. */
interface Interest {
  readonly readable: boolean;
  readonly writable: boolean;
}

/** What is done about what was waited for. */
export interface ReadinessListener {
  readable(): void;
  writable(): void;
  failed(error: Error): void;
}

/** Waits on the event loop until a file descriptor can be read or written, for as long as somebody wants to know. */
export class Readiness {
  readonly #fd: number;
  readonly #listener: ReadinessListener;
  #interest: Interest = { readable: false, writable: false };
  #handle: ReturnType<typeof watch> | undefined;
  #closed = false;

  constructor(fd: number, listener: ReadinessListener) {
    this.#fd = fd;
    this.#listener = listener;
  }

  /** Says what to wait for from now on; what is not mentioned stays as it was. */
  want(change: Partial<Interest>): void {
    const interest = { ...this.#interest, ...change };
    const { readable, writable } = interest;
    if (this.#closed) return;
    if (readable === this.#interest.readable && writable === this.#interest.writable) return;
    this.#interest = interest;
    // There can be one watch of a descriptor only, for what is wanted of it in all.
    this.#handle?.close();
    this.#handle =
      readable || writable
        ? watch(this.#fd, interest, (status, events) => this.#onEvents(status, events))
        : undefined;
  }

  /** Ends the waiting; to be called before the descriptor is closed. */
  close(): void {
    this.#closed = true;
    this.#handle?.close();
    this.#handle = undefined;
  }

  #onEvents(status: number, events: Interest): void {
    try {
      if (status < 0) throw new Error(`a file descriptor can't be watched: error ${-status}`);
      if (events.writable && this.#interest.writable) this.#listener.writable();
      // A hang-up counts as readable: reading tells about it.
      if (events.readable && this.#interest.readable) this.#listener.readable();
    } catch (error) {
      this.#listener.failed(error as Error);
    }
  }
}
