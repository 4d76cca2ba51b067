/** What events come from. Node's event loop keeps running for it only while somebody waits for the next event. */
export interface Source {
  ref(): void;
  unref(): void;
  [Symbol.dispose](): void;
}

/** Events, as `for await` takes them. Watching begins when it is made, and ends with the loop. */
export interface EventStream<T> extends AsyncIterableIterator<T, undefined, undefined> {
  /** The next event. Calls that come before their event are answered in order. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends it: nothing is watched any more, no file stays open. */
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): EventStream<T>;
  /** The same as {@link EventStream.return}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where a source puts its events. */
export interface Sink<T> {
  push(event: T): void;
  /** There will be no more: the cgroup is gone. */
  end(): void;
  fail(error: unknown): void;
}

/** How to end a stream from outside. */
export interface EventOptions {
  /** Ends it: what has happened until then is still handed out, then the call for more is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** How many events wait for a slow reader. */
const capacity = 64;

const done = { done: true, value: undefined } as const;

/**
 * A queue between a source of events and `for await`. It holds so many events and no more: beyond them the last is replaced by its
 * successor, so that a slow reader sees the latest state. Events are states and running totals, none says what only it says.
 */
export class EventQueue<T> implements EventStream<T>, Sink<T> {
  readonly #events: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #signal: AbortSignal | undefined;
  #source: Source | undefined;
  #isOpen = true;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param start Begins to watch. It may put in events at once, and even end.
   * @throws what `start` does; and the signal's reason, where it is aborted already.
   */
  constructor(start: (sink: Sink<T>) => Source, { signal }: EventOptions = {}) {
    signal?.throwIfAborted();
    const source = start(this);
    if (this.#isOpen) {
      source.unref();
      this.#source = source;
      signal?.addEventListener('abort', this.#abort);
    } else {
      source[Symbol.dispose]();
    }
    this.#signal = signal;
  }

  push(event: T): void {
    if (!this.#isOpen) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve({ done: false, value: event });
    else if (this.#events.length < capacity) this.#events.push(event);
    else this.#events[capacity - 1] = event;
    if (this.#waiters.length === 0) this.#source?.unref();
  }

  end(): void {
    this.#close();
  }

  fail(error: unknown): void {
    if (!this.#isOpen) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter.reject(error);
    else this.#failure = { error };
    this.#close();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#events.length > 0) {
      return Promise.resolve({ done: false, value: this.#events.shift() as T });
    }
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (!this.#isOpen) return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#source?.ref();
    });
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#events.length = 0;
    this.#failure = undefined;
    this.#close();
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #abort = (): void => this.fail(this.#signal?.reason);

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#source?.[Symbol.dispose]();
    this.#source = undefined;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(done);
  }
}

/** Does what a source calls back for; what it throws ends the stream, not the process. */
export function guarded(sink: Sink<never>, body: () => void): () => void {
  return () => {
    try {
      body();
    } catch (error) {
      sink.fail(error);
    }
  };
}
