import { watch } from '@ts-c/syscall';

/** Waits on the event loop until a socket can be read; no thread of the pool waits with it. */
export class Readiness {
  readonly #fd: number;
  #handle: { close(): void } | undefined;
  #waiting: { resolve(): void; reject(error: unknown): void }[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Resolves when there is something to read.
   *
   * @throws the reason of the signal, or what {@link Readiness.close} was given.
   */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== waiter);
        if (this.#waiting.length === 0) this.#stop();
        reject(signal?.reason as Error);
      };
      const forget = (): void => signal?.removeEventListener('abort', abort);
      const waiter = {
        resolve: (): void => (forget(), resolve()),
        reject: (error: unknown): void => (forget(), reject(error)),
      };
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiter);
      this.#handle ??= watch(this.#fd, { readable: true, disconnect: true }, () => {
        this.#stop();
        for (const each of this.#waiting.splice(0)) each.resolve();
      });
    });
  }

  /** Ends all waiting: there may be nothing to read any more, as it has been read. */
  wake(): void {
    if (this.#waiting.length === 0) return;
    this.#stop();
    for (const each of this.#waiting.splice(0)) each.resolve();
  }

  /** Ends all waiting with an error, which is made only where somebody waits; before the descriptor is closed. */
  close(error: () => Error): void {
    this.#stop();
    for (const each of this.#waiting.splice(0)) each.reject(error());
  }

  #stop(): void {
    this.#handle?.close();
    this.#handle = undefined;
  }
}
