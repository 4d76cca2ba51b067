import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type * as Client from '@jellybrick/dbus-next';
import type { Message, MessageBus } from '@jellybrick/dbus-next';
import type { WaitOptions } from './wait.ts';

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
  readonly #waits = new Set<(reason: Error) => void>();
  #loss: Error | undefined;
  /** systemd's own socket has no bus behind it: nobody there answers the client's greeting, and signals come unasked. */
  readonly #hasBus: boolean;

  constructor(client: typeof Client, address: string) {
    this.#client = client;
    this.address = address;
    this.#hasBus = !address.endsWith('/systemd/private');
    // Whose message this is, the kernel tells the bus (EXTERNAL); a cookie in the home directory or none would be no proof to systemd.
    this.#bus = client.sessionBus({ busAddress: address, authMethods: ['EXTERNAL'] });
    // The client's types leave this event out.
    EventEmitter.prototype.on.call(this.#bus, 'error', (error: unknown) => {
      if (this.#hasBus || !(error instanceof client.DBusError)) this.#lose(error);
    });
  }

  /** Asks for the signals of the manager, and to be told of the end of the connection. */
  async subscribe(options: WaitOptions): Promise<void> {
    this.#socket?.once('close', () => this.#lose(new Error('the connection was closed')));
    if (this.#hasBus) {
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
    let stop = ignore;
    const end = new Promise<never>((_resolve, reject) => {
      const onAbort = (): void => reject(toError(signal?.reason));
      const timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms`)), timeout);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waits.add(reject);
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waits.delete(reject);
      };
    });
    try {
      return await Promise.race([promise, end]);
    } finally {
      stop();
    }
  }

  #lose(reason: unknown): void {
    this.#loss ??= toError(reason);
    for (const fail of this.#waits) fail(this.#loss);
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

function ignore(): void {
  // Nothing.
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
