import type { Codec } from './codec.ts';
import type { BodyCodec } from './message.ts';
import type { Declarations } from './attributes.ts';
import type { Fields } from './struct.ts';

/** What can be asked of the kernel: a type of message, what it holds, and what the answers hold. */
export interface Operation<I = unknown, T = unknown> {
  /** Its name in C, for errors: `RTM_NEWLINK`. */
  readonly name: string;
  readonly type: number;
  readonly codec: Codec<unknown, I>;
  /** What answers hold; they may come with other types than the request has. */
  readonly reply: Pick<Codec<T>, 'read'>;
  /** Is a request, unless it is a dump, granted with one message? Then it needs no acknowledgement besides. */
  readonly hasOneAnswer?: boolean;
}

/** A request, not yet sent. */
export interface Request<T = unknown> {
  readonly operation: Operation<never, T>;
  readonly flags: number;
  readonly body: unknown;
}

/** Declares an operation whose answers hold what its requests do. */
export function operation<F extends Fields, D extends Declarations>(
  name: string,
  type: number,
  codec: BodyCodec<F, D>,
): Operation<Parameters<BodyCodec<F, D>['write']>[1], ReturnType<BodyCodec<F, D>['read']>> {
  return { name, type, codec, reply: codec };
}

/**
 * A request, to be sent over a socket or from a Program.
 *
 * @param flags More of `NLM_F`: `CREATE`, `EXCL`, `REPLACE`. How it is sent takes care of the rest.
 */
export function request<I, T>(of: Operation<I, T>, body: I, flags = 0): Request<T> {
  return { operation: of, flags, body };
}
