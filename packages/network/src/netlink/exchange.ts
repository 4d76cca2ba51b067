import { errnoNumber } from '@ts-c/syscall';
import { NetlinkError, readAnswer } from './netlink-error.ts';
import { NLM_F, NLMSG, type MessageHeader } from './message.ts';
import type { Request } from './request.ts';

/** A request that has been sent, and what has come of it so far. */
export class Exchange<T = unknown> {
  readonly request: Request<T>;
  readonly sequence: number;
  /** What has been answered. */
  readonly replies: T[] = [];
  error: Error | undefined;
  isDone = false;
  /** Things changed while they were listed: some may be missing, or be there twice. */
  isInterrupted = false;
  readonly #bytes: Buffer;
  #isWanted = true;

  constructor(request: Request<T>, sequence: number, bytes: Buffer) {
    this.request = request;
    this.sequence = sequence;
    this.#bytes = bytes;
  }

  /** Ends it with an error, unless it has ended. */
  fail(error: Error): void {
    if (this.isDone) return;
    this.error = error;
    this.isDone = true;
  }

  /** Nobody wants its answers any more. */
  abandon(): void {
    this.#isWanted = false;
  }

  /** Takes a message with its sequence number. */
  take(bytes: Buffer, header: MessageHeader): void {
    if (this.isDone) return;
    if (header.flags & NLM_F.DUMP_INTR) this.isInterrupted = true;
    try {
      this.#take(bytes, header);
    } catch (error) {
      // What follows belongs to it still: it is over when the kernel says so.
      this.error ??= error as Error;
      this.isDone =
        header.type === NLMSG.ERROR || header.type === NLMSG.DONE || this.#isOnly(header);
    }
  }

  /** Is an answer the only one? */
  #isOnly({ flags }: MessageHeader): boolean {
    return this.request.operation.hasOneAnswer === true && (flags & NLM_F.MULTI) === 0;
  }

  #take(bytes: Buffer, header: MessageHeader): void {
    const { operation } = this.request;
    if (header.type === NLMSG.NOOP) return;
    if (header.type === NLMSG.OVERRUN) {
      this.fail(new NetlinkError({ errno: errnoNumber('ENOBUFS') }, operation.name));
      return;
    }
    if (header.type !== NLMSG.ERROR && header.type !== NLMSG.DONE) {
      if (this.#isWanted)
        this.replies.push(operation.reply.read(bytes, header.bodyStart, header.end));
      this.isDone = this.#isOnly(header);
      return;
    }
    const { codec, name } = operation;
    const { errno, ...explanation } = readAnswer(bytes, header, { bytes: this.#bytes, codec });
    if (errno !== 0) {
      this.fail(new NetlinkError({ errno }, name, explanation));
      return;
    }
    this.isDone = true;
  }

  /**
   * What came of it.
   *
   * @throws {NetlinkError} where the kernel refused.
   */
  result(): readonly T[] {
    if (this.error) throw this.error;
    return this.replies;
  }
}
