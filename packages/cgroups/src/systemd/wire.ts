import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type * as Client from '@jellybrick/dbus-next';
import type { Message, MessageBus } from '@jellybrick/dbus-next';

/** What a wait ends with, apart from what is waited for. */
export interface WaitOptions {
  /** Milliseconds; 30000 by default. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A signal of the manager. */
export interface ManagerSignal {
  readonly member: string;
  readonly body: readonly unknown[];
}

/** The name of systemd on a bus. */
export const systemd1 = 'org.freedesktop.systemd1';

/** The object that manages the units. */
export const manager = {
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
};

const usualTimeout = 30_000;

/** A call of a method; it goes to systemd unless it says otherwise. */
export interface Call {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
  readonly destination?: string;
}

/** The D-Bus side of it: messages without introspection, and an end to every wait. */
export class Wire {
  readonly address: string;
  readonly #client: typeof Client;
  readonly #bus: MessageBus;
  /** What waits, to be told of the loss of the connection. */
  readonly #waits = new Set<Deferred<never>>();
  #loss: Error | undefined;
  readonly #greeting = deferred<void>();

  constructor(client: typeof Client, address: string) {
    this.#client = client;
    this.address = address;
    // Whose message this is, the kernel tells the bus (EXTERNAL); a cookie in the home directory or none would be no proof to systemd.
    this.#bus = client.sessionBus({ busAddress: address, authMethods: ['EXTERNAL'] });
    this.#bus.on('connect', () => this.#greeting.resolve());
    // The client's types leave this event out.
    EventEmitter.prototype.on.call(this.#bus, 'error', (error: unknown) => {
      if (this.#isNoBus(error)) this.#greeting.resolve();
      else this.#greeting.reject(error);
      if (!(error instanceof client.DBusError)) this.#lose(error);
    });
  }

  /** systemd's own socket has no bus behind it: nobody there knows the greeting, and none is needed. */
  #isNoBus(error: unknown): boolean {
    return (
      this.address.endsWith('/systemd/private') &&
      error instanceof this.#client.DBusError &&
      error.type.startsWith('org.freedesktop.DBus.Error.Unknown')
    );
  }

  async greet(options: WaitOptions): Promise<void> {
    await this.wait(this.#greeting.promise, options);
    this.#socket?.once('close', () => this.#lose(new Error('the connection was closed')));
  }

  async subscribe(options: WaitOptions): Promise<void> {
    if (this.#bus.name !== null) {
      const rule = `type='signal',sender='${systemd1}',path='${manager.path}',interface='${manager.interface}',member='JobRemoved'`;
      await this.call(
        {
          destination: 'org.freedesktop.DBus',
          path: '/org/freedesktop/DBus',
          interface: 'org.freedesktop.DBus',
          member: 'AddMatch',
          signature: 's',
          body: [rule],
        },
        options,
      );
    }
    await this.call({ ...manager, member: 'Subscribe' }, options);
  }

  async call(call: Call, options: WaitOptions): Promise<readonly unknown[]> {
    const { body = [], signature = '', ...rest } = call;
    const message = new this.#client.Message({
      destination: systemd1,
      ...rest,
      signature,
      body: [...body],
    });
    const reply = await this.wait(this.#bus.call(message), options);
    return reply?.body ?? [];
  }

  async property(
    path: string,
    ofInterface: string,
    name: string,
    options: WaitOptions,
  ): Promise<unknown> {
    const [value] = await this.call(
      {
        path,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Get',
        signature: 'ss',
        body: [ofInterface, name],
      },
      options,
    );
    return value instanceof this.#client.Variant ? value.value : value;
  }

  variant(signature: string, value: unknown): unknown {
    return new this.#client.Variant(signature, value);
  }

  listen(listener: (signal: ManagerSignal) => void): () => void {
    const onMessage = (message: Message): void => {
      if (message.type !== this.#client.MessageType.SIGNAL) return;
      if (message.path !== manager.path || message.interface !== manager.interface) return;
      listener({ member: message.member, body: message.body });
    };
    this.#bus.on('message', onMessage);
    return () => this.#bus.off('message', onMessage);
  }

  async wait<Result>(promise: Promise<Result>, options: WaitOptions): Promise<Result> {
    const { signal, timeout = usualTimeout } = options;
    // Whoever loses the race is nobody's business any more.
    promise.catch(ignore);
    signal?.throwIfAborted();
    if (this.#loss) throw this.#loss;
    const end = deferred<never>();
    const onAbort = (): void => end.reject(signal?.reason);
    const onTimeout = (): void => end.reject(new Error(`no answer within ${timeout} ms`));
    const timer = setTimeout(onTimeout, timeout);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waits.add(end);
    try {
      return await Promise.race([promise, end.promise]);
    } finally {
      this.#waits.delete(end);
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #lose(reason: unknown): void {
    this.#loss ??= reason instanceof Error ? reason : new Error(String(reason));
    for (const wait of this.#waits) wait.reject(this.#loss);
  }

  close(): void {
    this.#lose(new Error('the connection was closed'));
    // The client only says good-bye, which is no end where nobody answers.
    this.#socket?.destroy();
    this.#bus.disconnect();
  }

  /** The client keeps its socket to itself, but nothing else tells that the other side has gone. */
  get #socket(): Socket | undefined {
    const connection: unknown = Reflect.get(this.#bus, '_connection');
    if (typeof connection !== 'object' || connection === null) return undefined;
    const stream: unknown = Reflect.get(connection, 'stream');
    return stream instanceof Socket ? stream : undefined;
  }
}

interface Deferred<Result> {
  readonly promise: Promise<Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** A promise that is settled from outside. That nobody waits for it any more is no error. */
function deferred<Result>(): Deferred<Result> {
  let resolve: Deferred<Result>['resolve'] = ignore;
  let reject: Deferred<Result>['reject'] = ignore;
  const promise = new Promise<Result>((onResult, onError) => {
    resolve = onResult;
    reject = onError;
  });
  promise.catch(ignore);
  return { promise, resolve, reject };
}

function ignore(): void {
  // Nothing.
}
