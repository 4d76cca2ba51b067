import { closeSync } from 'node:fs';
import { errnoNumber, isErrno, live, Memory, POLL, pollfd, ppoll } from '@ts-c/syscall';
import { checkTarget, within, type NamespaceTarget } from '@ts-c/namespaces';
import { sendto } from './calls.ts';
import { closedError } from './closed-error.ts';
import { Exchange } from './exchange.ts';
import { messagesOf, NLM_F, refuseSlots, writeMessage } from './message.ts';
import { NetlinkError } from './netlink-error.ts';
import { openSocket, type SocketOptions } from './open-socket.ts';
import { Readiness } from './readiness.ts';
import { Receiver } from './receiver.ts';
import type { Request } from './request.ts';
import { nextSequence } from './sequence.ts';
import { Writer } from './writer.ts';

/** Options of {@link NetlinkSocket.open}. */
export interface OpenOptions extends SocketOptions {
  /** The network namespace: a path, a pid or a pidfd; the calling thread's own unless given. Needs CAP_SYS_ADMIN to enter. */
  readonly namespace?: NamespaceTarget | undefined;
}

/** What may end waiting. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How often a dump is repeated that changes got in the way of. */
const attempts = 16;
/** How many requests of a batch wait for their answers at a time: so many answers fit into the kernel's buffer as it is by default. */
const atOnce = 64;

/**
 * A socket to the kernel, netlink(7). The kernel answers requests at once, so there is each of them twice: `requestSync`, and `request`,
 * which lets the event loop have its turn during long answers. Requests of both kinds may overlap.
 *
 * A socket belongs to the network namespace in which it was opened, wherever it is used afterwards.
 *
 * @example
 * using socket = NetlinkSocket.open({ namespace: { pid } });
 * for (const link of socket.dumpSync(request(getLink, {}))) console.log(link.name);
 */
export class NetlinkSocket implements Disposable {
  /** The file descriptor; -1 once closed. */
  #fd: number;
  readonly #receiver: Receiver;
  readonly #readiness: Readiness;
  readonly #exchanges = new Map<number, Exchange>();
  // The kernel has one dump at a time per socket; it goes on also when nobody wants it any more.
  #dump: Exchange | undefined;
  #lastDump: Promise<unknown> = Promise.resolve();

  private constructor(fd: number) {
    this.#fd = fd;
    this.#receiver = new Receiver(fd);
    this.#readiness = new Readiness(fd);
  }

  /**
   * Opens a socket.
   *
   * @throws {SystemError} where the namespace may not be entered, or the kernel has no such protocol.
   */
  static open({ namespace, ...options }: OpenOptions = {}): NetlinkSocket {
    const open = (): number => Number(openSocket(live, options));
    if (namespace !== undefined) checkTarget('namespace', namespace);
    return new NetlinkSocket(namespace === undefined ? open() : within('net', namespace, open));
  }

  /** Its file descriptor, for options of one's own. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @returns what the kernel answered, besides that it is done: for a request of one thing, that thing.
   * @throws {NetlinkError} where the kernel refuses.
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where a value does not fit: nothing has been sent.
   */
  requestSync<T>(request: Request<T>): readonly T[] {
    const exchange = this.#send([request])[0] as Exchange<T>;
    this.#finishSync(exchange);
    return exchange.result();
  }

  /** {@link NetlinkSocket.requestSync} for the event loop. An aborted request may have been granted already. */
  async request<T>(request: Request<T>, { signal }: WaitOptions = {}): Promise<readonly T[]> {
    signal?.throwIfAborted();
    const exchange = this.#send([request])[0] as Exchange<T>;
    await this.#finish(exchange, signal);
    return exchange.result();
  }

  /**
   * Asks for everything of a kind. Where things change meanwhile, it asks again.
   *
   * @throws {NetlinkError} where the kernel refuses; `EINTR` where there was no end of changes.
   */
  dumpSync<T>(request: Request<T>): readonly T[] {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#dump) this.#finishSync(this.#dump);
      const exchange = this.#startDump(request);
      this.#finishSync(exchange);
      const result = dumped(exchange, attempt);
      if (result) return result;
    }
  }

  /** {@link NetlinkSocket.dumpSync} for the event loop. */
  async dump<T>(request: Request<T>, { signal }: WaitOptions = {}): Promise<readonly T[]> {
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      const before = this.#lastDump;
      let endTurn = nothing;
      this.#lastDump = new Promise<void>((resolve) => (endTurn = resolve));
      try {
        await before;
        while (this.#dump && !this.#dump.isDone) await this.#finish(this.#dump, signal);
        signal?.throwIfAborted();
        const exchange = this.#startDump(request);
        await this.#finish(exchange, signal);
        const result = dumped(exchange, attempt);
        if (result) return result;
      } finally {
        endTurn();
      }
    }
  }

  /**
   * Sends many requests together, which takes less time than one by one. All are tried, also behind one that the kernel refuses.
   *
   * @returns what was answered to each.
   * @throws {NetlinkError} the first refusal.
   */
  batchSync(requests: readonly Request[]): readonly (readonly unknown[])[] {
    const exchanges: Exchange[] = [];
    for (let from = 0; from < requests.length; from += atOnce) {
      const sent = this.#send(requests.slice(from, from + atOnce));
      for (const exchange of sent) this.#finishSync(exchange);
      exchanges.push(...sent);
    }
    return exchanges.map((exchange) => exchange.result());
  }

  /** {@link NetlinkSocket.batchSync} for the event loop. */
  async batch(
    requests: readonly Request[],
    { signal }: WaitOptions = {},
  ): Promise<readonly (readonly unknown[])[]> {
    const exchanges: Exchange[] = [];
    for (let from = 0; from < requests.length; from += atOnce) {
      signal?.throwIfAborted();
      const sent = this.#send(requests.slice(from, from + atOnce));
      for (const exchange of sent) await this.#finish(exchange, signal);
      exchanges.push(...sent);
    }
    return exchanges.map((exchange) => exchange.result());
  }

  /**
   * Sends requests as one datagram, for protocols that take or leave it as a whole, such as nftables. Requests are sent as they are:
   * which of them are acknowledged is up to their flags. It is over when all of those are, or any is refused.
   *
   * @throws {NetlinkError} the first refusal.
   */
  transactSync(requests: readonly Request[]): readonly (readonly unknown[])[] {
    const exchanges = this.#send(requests, 0);
    const acknowledged = exchanges.filter((each) => each.request.flags & NLM_F.ACK);
    try {
      while (
        acknowledged.some((each) => !each.isDone) &&
        !exchanges.some((each) => each.error !== undefined)
      )
        this.#receiveSync();
      // Answers of the rest of it are there already.
      while (this.#receive());
    } finally {
      for (const { sequence } of exchanges) this.#exchanges.delete(sequence);
    }
    const failed = exchanges.find((each) => each.error !== undefined);
    if (failed?.error) throw failed.error;
    return exchanges.map((each) => each.replies);
  }

  /** Closes it. Requests that still wait end with `ERR_NETLINK_CLOSED`. */
  close(): void {
    if (this.#fd === -1) return;
    for (const exchange of this.#exchanges.values()) exchange.fail(closedError());
    this.#exchanges.clear();
    this.#readiness.close(closedError);
    closeSync(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #send(requests: readonly Request[], more: number = NLM_F.ACK): readonly Exchange[] {
    if (this.#fd === -1) throw closedError();
    const writer = new Writer(512);
    const starts: {
      readonly request: Request;
      readonly sequence: number;
      readonly start: number;
    }[] = [];
    for (const request of requests) {
      const sequence = nextSequence();
      const { operation, flags, body } = request;
      starts.push({ request, sequence, start: writer.length });
      writeMessage(writer, operation.codec, {
        type: operation.type,
        flags: NLM_F.REQUEST | flags | (operation.hasOneAnswer && more === NLM_F.ACK ? 0 : more),
        sequence,
        body: body as never,
      });
    }
    refuseSlots(writer);
    const bytes = writer.bytes();
    const exchanges = starts.map(
      ({ request, sequence, start }, index) =>
        new Exchange(request, sequence, bytes.subarray(start, starts[index + 1]?.start)),
    );
    for (const exchange of exchanges) this.#exchanges.set(exchange.sequence, exchange);
    try {
      live.call(sendto, this.#fd, new Memory(bytes), bytes.length, 0, null, 0);
    } catch (error) {
      for (const { sequence } of exchanges) this.#exchanges.delete(sequence);
      throw error;
    }
    return exchanges;
  }

  #startDump<T>(request: Request<T>): Exchange<T> {
    const exchange = this.#send([request], NLM_F.DUMP)[0] as Exchange<T>;
    this.#dump = exchange;
    return exchange;
  }

  #finishSync(exchange: Exchange): void {
    while (!exchange.isDone) this.#receiveSync();
    this.#exchanges.delete(exchange.sequence);
  }

  async #finish(exchange: Exchange, signal: AbortSignal | undefined): Promise<void> {
    let isFirst = true;
    try {
      while (!exchange.isDone) {
        // The answer is there already, but during a long one everybody else has a turn in between.
        if (!isFirst) await new Promise(setImmediate);
        isFirst = false;
        signal?.throwIfAborted();
        if (!exchange.isDone && !this.#receive()) await this.#readiness.wait(signal);
      }
    } finally {
      exchange.abandon();
      // A dump goes on to its end.
      if (exchange.isDone || exchange !== this.#dump) this.#exchanges.delete(exchange.sequence);
    }
  }

  /** Receives a datagram and waits for it, with everything else. */
  #receiveSync(): void {
    if (this.#receive()) return;
    const set = new Memory(pollfd.size)
      .set('i32', pollfd.fd, this.#fd)
      .set('u16', pollfd.events, POLL.IN);
    live.attempt(['EINTR'], () => live.call(ppoll, set, 1, null, null, 0));
  }

  /** Takes the next datagram, if there is one, and passes its messages on. */
  #receive(): boolean {
    if (this.#fd === -1) throw closedError();
    let datagram: Buffer | undefined;
    try {
      datagram = this.#receiver.receive();
    } catch (error) {
      // Which answers are lost is not known.
      if (isErrno(error, 'ENOBUFS')) this.#failAll();
      else throw error;
      return true;
    }
    if (!datagram) return false;
    for (const header of messagesOf(datagram))
      this.#exchanges.get(header.sequence)?.take(datagram, header);
    // It may have been for somebody else who waits.
    this.#readiness.wake();
    return true;
  }

  #failAll(): void {
    for (const exchange of this.#exchanges.values())
      exchange.fail(
        new NetlinkError({ errno: errnoNumber('ENOBUFS') }, exchange.request.operation.name, {
          reason: 'more answers than the receive buffer holds',
        }),
      );
  }
}

/** What a dump gave; nothing where it has to be repeated. */
function dumped<T>(exchange: Exchange<T>, attempt: number): readonly T[] | undefined {
  const result = exchange.result();
  if (!exchange.isInterrupted) return result;
  if (attempt < attempts) return undefined;
  throw new NetlinkError({ errno: errnoNumber('EINTR') }, exchange.request.operation.name, {
    reason: `things changed during each of ${attempts} dumps`,
  });
}

const nothing = (): void => {};
