import { AF_UNIX, close, isErrno, live, Memory, SOCK, socketpair, watch } from '@ts-c/syscall';
import { receiveDescriptor } from './descriptor.ts';

/**
 * A pair of sockets, unix(7), on which a Program hands a file descriptor to the process that has started it.
 *
 * It has two descriptors open. {@link receive} closes the Program's end; disposing of it closes what is open still, and ends a
 * `receive` that waits. A descriptor that has been received is not part of it.
 *
 * @example
 * using channel = new DescriptorChannel();
 * spawn(program, { stdio: ['ignore', 'ignore', 'ignore', channel.childEnd] }); // descriptor 4 of the Program; 3 is for reports
 * const terminal = new Terminal(await channel.receive());
 */
export class DescriptorChannel implements Disposable {
  readonly #ours: number;
  readonly #theirs: number;
  readonly #open: Set<number>;
  readonly #disposed = new AbortController();

  /** @throws {SystemError} `EMFILE` where this process has too many descriptors. */
  constructor() {
    const ends = new Memory(8);
    live.call(socketpair, AF_UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC, 0, ends);
    this.#ours = Number(ends.get('i32', 0));
    this.#theirs = Number(ends.get('i32', 4));
    this.#open = new Set([this.#ours, this.#theirs]);
  }

  /**
   * The end for the Program, to be put into its `stdio`: child_process.spawn makes a copy of it.
   *
   * @throws {Error} `ERR_CHANNEL_CLOSED` once it is closed here.
   */
  get childEnd(): number {
    if (!this.#open.has(this.#theirs)) throw closed();
    return this.#theirs;
  }

  /**
   * Waits for a descriptor, on the event loop. To be called when the Program has been started: the copy of its end in this process
   * is closed, so that the Program's end can be told.
   *
   * @returns a file descriptor, close-on-exec, the caller's to close.
   * @throws {Error} `ERR_NO_DESCRIPTOR` where every process that has the other end is gone and has sent none; `ERR_CHANNEL_CLOSED`
   * where the channel was disposed of; `signal.reason` where that is aborted.
   */
  async receive({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    if (!this.#open.has(this.#ours)) throw closed();
    this.#close(this.#theirs);
    signal?.throwIfAborted();
    const disposed = this.#disposed.signal;
    const stop = signal ? AbortSignal.any([signal, disposed]) : disposed;
    return new Promise((resolve, reject) => {
      const handle = watch(this.#ours, { readable: true, disconnect: true }, () => {
        try {
          resolve(receiveDescriptor(this.#ours));
        } catch (error) {
          if (isErrno(error, 'EAGAIN', 'EINTR')) return;
          reject(error);
        }
        end();
      });
      const abort = (): void => {
        end();
        reject(stop.reason);
      };
      const end = (): void => {
        handle.close();
        stop.removeEventListener('abort', abort);
      };
      stop.addEventListener('abort', abort);
    });
  }

  [Symbol.dispose](): void {
    // A watch has to end before its descriptor does.
    this.#disposed.abort(closed());
    this.#close(this.#ours);
    this.#close(this.#theirs);
  }

  #close(end: number): void {
    if (this.#open.delete(end)) live.call(close, end);
  }
}

function closed(): Error {
  return Object.assign(new Error('this channel is closed'), { code: 'ERR_CHANNEL_CLOSED' });
}
