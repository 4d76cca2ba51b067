import { close, live, isErrno, Memory, watch } from '@ts-c/syscall';
import { iovec, messageFlags, msghdr, recvmsg, rights, socketpair } from './calls.ts';

/** A pair of sockets on which a Program hands a file descriptor back to the process that started it. */
export class DescriptorChannel implements Disposable {
  readonly #ends: [ours: number, theirs: number];
  readonly #closed = new Set<number>();

  constructor() {
    const ends = new Memory(8);
    live.call(socketpair, 1, 5 | 0o2000000, 0, ends);
    this.#ends = [Number(ends.get('i32', 0)), Number(ends.get('i32', 4))];
  }

  /** The end for the Program, to be put into its `stdio`. Once that has been started, {@link receive} closes it here. */
  get childEnd(): number {
    return this.#ends[1];
  }

  /**
   * Waits for a descriptor, by the event loop. It is close-on-exec, and the caller's to close.
   *
   * @throws {Error} where the other end is closed without sending any, or `signal` says so.
   */
  async receive({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    const [ours, theirs] = this.#ends;
    // Without this end here, its last copy going away tells that nobody will send.
    this.#close(theirs);
    return new Promise((resolve, reject) => {
      const handle = watch(ours, { readable: true, disconnect: true }, () => {
        try {
          settle(() => resolve(receiveNow(ours)));
        } catch (error) {
          if (!isErrno(error, 'EAGAIN')) settle(() => reject(error));
        }
      });
      const abort = (): void => settle(() => reject(signal?.reason));
      const settle = (body: () => void): void => {
        body();
        handle.close();
        signal?.removeEventListener('abort', abort);
      };
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
    });
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) this.#close(end);
  }

  #close(end: number): void {
    if (this.#closed.has(end)) return;
    this.#closed.add(end);
    live.call(close, end);
  }
}

function receiveNow(socket: number): number {
  const control = new Memory(rights.size);
  const message = msghdr.make({
    msg_iov: iovec.make({ iov_base: new Memory(1), iov_len: 1 }),
    msg_iovlen: 1,
    msg_control: control,
    msg_controllen: rights.size,
  });
  const count = live.call(
    recvmsg,
    socket,
    message,
    messageFlags.MSG_DONTWAIT | messageFlags.MSG_CMSG_CLOEXEC,
  );
  if (Number(count) === 0 || control.get('u64', 0) === 0n)
    throw new Error('the other end was closed and sent no descriptor');
  return Number(control.get('i32', rights.offsets.fd));
}
