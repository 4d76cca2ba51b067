import { closeSync } from 'node:fs';
import { isErrno, live } from '@ts-c/syscall';
import { within } from '@ts-c/namespaces';
import { messagesOf, type MessageHeader } from './message.ts';
import { address, AF_NETLINK, bind } from './calls.ts';
import { closedError } from './closed-error.ts';
import { openSocket } from './open-socket.ts';
import { Readiness } from './readiness.ts';
import { Receiver } from './receiver.ts';
import type { OpenOptions } from './socket.ts';

/** A datagram of events. */
export interface Events {
  readonly bytes: Buffer;
  readonly headers: readonly MessageHeader[];
}

/** A socket that only listens. Which groups it listens to is up to whoever opens it: `NETLINK_ADD_MEMBERSHIP`. */
export class EventSocket {
  readonly fd: number;
  readonly #receiver: Receiver;
  readonly #readiness: Readiness;
  #isOpen = true;

  private constructor(fd: number) {
    this.fd = fd;
    this.#receiver = new Receiver(fd);
    this.#readiness = new Readiness(fd);
  }

  /** @throws {SystemError} where the namespace may not be entered. */
  static open({ namespace, ...options }: OpenOptions): EventSocket {
    const open = (): number => Number(openSocket(live, options));
    const fd = namespace === undefined ? open() : within('net', namespace, open);
    // A socket without a port has the one of the kernel itself, who is not told of what it does.
    const own = address.make({ family: AF_NETLINK });
    try {
      live.call(bind, fd, own, own.size);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return new EventSocket(fd);
  }

  /**
   * Waits for the next datagram, a copy of it; or for the news that some have been lost.
   *
   * @throws the reason of the signal, or an error `ERR_NETLINK_CLOSED`.
   */
  async next(signal?: AbortSignal): Promise<Events | 'overrun'> {
    for (;;) {
      signal?.throwIfAborted();
      if (!this.#isOpen) throw closedError();
      const received = this.#receive();
      if (received === 'overrun') return received;
      if (received) {
        const bytes = Buffer.from(received);
        return { bytes, headers: [...messagesOf(bytes)] };
      }
      await this.#readiness.wait(signal);
    }
  }

  /** Drops everything that has come until now. */
  discard(): void {
    while (this.#isOpen && this.#receive());
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#readiness.close(closedError);
    closeSync(this.fd);
  }

  #receive(): Buffer | 'overrun' | undefined {
    try {
      return this.#receiver.receive();
    } catch (error) {
      if (isErrno(error, 'ENOBUFS')) return 'overrun';
      throw error;
    }
  }
}
