import { close, live, Memory, OPEN, watch } from '@ts-c/syscall';
import { EPOLL, EPOLL_CTL, epollCreate1, epollCtl, epollEventSize } from './calls.ts';
import type { Source } from './queue.ts';

/**
 * Tells when a file descriptor has something exceptional, `POLLPRI` of poll(2): the kernel's way to say that the content of a file has
 * changed. The event loop only waits for what is readable or writable; but an epoll(7) instance is itself readable as soon as one of
 * its own files has what it asks for. So the descriptor goes into an instance of its own, and that is what the event loop waits for.
 *
 * Nothing is ever collected from the instance. It asks the file anew each time that it is asked itself, and what has been dealt with (the
 * changed file is read again) is no longer there. A pressure trigger even counts its event as delivered by that question alone.
 *
 * Dispose of it before the descriptor is closed.
 */
export class PriorityWatch implements Source {
  readonly #epoll: number;
  readonly #handle: ReturnType<typeof watch>;
  #isOpen = true;

  /** @throws {SystemError} where the descriptor is of a kind that can't be polled (`EPERM`), or there are too many (`EMFILE`). */
  constructor(fd: number, listener: () => void) {
    const epoll = Number(live.call(epollCreate1, OPEN.CLOEXEC));
    try {
      // The event loop first: from here on each event of the file wakes it.
      this.#handle = watch(epoll, { readable: true }, listener);
      try {
        const event = new Memory(epollEventSize).set('u32', 0, EPOLL.PRI);
        live.call(epollCtl, epoll, EPOLL_CTL.ADD, fd, event);
      } catch (error) {
        this.#handle.close();
        throw error;
      }
    } catch (error) {
      live.call(close, epoll);
      throw error;
    }
    this.#epoll = epoll;
  }

  ref(): void {
    this.#handle.ref();
  }

  unref(): void {
    this.#handle.unref();
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#handle.close();
    live.call(close, this.#epoll);
  }
}
