import type { NamespaceTarget } from '@ts-c/namespaces';
import { live } from '@ts-c/syscall';
import type { Codec, Output } from '../netlink/codec.ts';
import { OPTION, SOL } from '../netlink/calls.ts';
import { EventSocket } from '../netlink/event-socket.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import type { MessageHeader } from '../netlink/message.ts';
import { setOption } from '../netlink/open-socket.ts';
import { request } from '../netlink/request.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { getAddress, addressMessage } from './address-messages.ts';
import { getLink, linkMessage } from './link-messages.ts';
import { getNeighbour, neighbourMessage } from './neighbour-messages.ts';
import { getRoute, routeMessage } from './route-messages.ts';
import { getRule, ruleMessage } from './rule-messages.ts';
import { RTM } from './types.ts';

/** Everything there is to watch: the groups that tell of it, the types of its messages, and how to ask for all. */
const kinds = {
  link: { groups: [1], new: RTM.NEWLINK, delete: RTM.DELLINK, codec: linkMessage, get: getLink },
  neighbour: {
    groups: [3],
    new: RTM.NEWNEIGH,
    delete: RTM.DELNEIGH,
    codec: neighbourMessage,
    get: getNeighbour,
  },
  address: {
    groups: [5, 9],
    new: RTM.NEWADDR,
    delete: RTM.DELADDR,
    codec: addressMessage,
    get: getAddress,
  },
  route: {
    groups: [7, 11],
    new: RTM.NEWROUTE,
    delete: RTM.DELROUTE,
    codec: routeMessage,
    get: getRoute,
  },
  rule: {
    groups: [8, 19],
    new: RTM.NEWRULE,
    delete: RTM.DELRULE,
    codec: ruleMessage,
    get: getRule,
  },
} as const;

/** What can be watched. `link` tells of the ports of a bridge as well, in messages of the family `AF.BRIDGE`. */
export type WatchKind = keyof typeof kinds;

/** A thing that {@link watch} tells of, with its kind. */
export type WatchedObject<K extends WatchKind = WatchKind> = {
  [N in K]: { readonly kind: N; readonly message: Output<(typeof kinds)[N]['codec']> };
}[K];

/** Something has been added or changed, or has been deleted. */
export type Change<K extends WatchKind = WatchKind> = WatchedObject<K> & {
  readonly event: 'new' | 'delete';
};

/** More happened at once than the kernel keeps: changes have been lost, and this is how things are now. */
export interface Overrun<K extends WatchKind = WatchKind> {
  readonly event: 'overrun';
  readonly current: readonly WatchedObject<K>[];
}

/** Options of {@link watch}. */
export interface WatchOptions {
  /** Ends it: the loop throws the reason. */
  readonly signal?: AbortSignal | undefined;
  /** The network namespace: a path, a pid or a pidfd; the calling thread's own unless given. */
  readonly namespace?: NamespaceTarget | undefined;
  /** How many bytes of changes the kernel keeps until they are read; see socket(7) about `SO_RCVBUF`. */
  readonly receiveBuffer?: number | undefined;
}

/**
 * Tells of changes of the network as they happen, rtnetlink(7). It listens from the moment of the call on, not only once the loop
 * begins; it holds two file descriptors until the loop is left or {@link WatchOptions.signal} aborts it.
 *
 * Where the kernel had to drop changes, there is one event `overrun` with everything as it is now.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for a kind that there is not, or none.
 * @throws {SystemError} where the namespace may not be entered.
 *
 * @example
 * for await (const change of watch(['link', 'address']))
 *   if (change.event !== 'overrun') console.log(change.event, change.kind, change.message);
 */
export function watch<K extends WatchKind>(
  what: readonly K[],
  { signal, ...options }: WatchOptions = {},
): AsyncIterableIterator<Change<K> | Overrun<K>> & AsyncDisposable {
  if (!Array.isArray(what) || what.length === 0 || what.some((kind) => !Object.hasOwn(kinds, kind)))
    throw invalid(
      `watch: expected some of ${Object.keys(kinds).join(', ')}, got ${Array.isArray(what) ? JSON.stringify(what) : describe(what)}`,
    );
  signal?.throwIfAborted();
  const wanted = [...new Set<WatchKind>(what)];
  // In the same namespace, for what has been lost.
  const asking = NetlinkSocket.open(options);
  let events: EventSocket;
  try {
    events = EventSocket.open(options);
  } catch (error) {
    asking.close();
    throw error;
  }
  const close = (): void => {
    events.close();
    asking.close();
  };
  try {
    for (const kind of wanted)
      for (const group of kinds[kind].groups)
        setOption(live, events.fd, SOL.NETLINK, OPTION.ADD_MEMBERSHIP, group);
  } catch (error) {
    close();
    throw error;
  }
  const changes = follow(events, asking, wanted, signal) as AsyncGenerator<
    Change<K> | Overrun<K>,
    void
  >;
  return closing(changes, close, signal);
}

async function* follow(
  events: EventSocket,
  asking: NetlinkSocket,
  wanted: readonly WatchKind[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Change | Overrun, void> {
  for (;;) {
    const received = await events.next(signal);
    if (received === 'overrun') {
      // Whatever is still in the buffer is older than what is asked for now.
      events.discard();
      const current: WatchedObject[] = [];
      for (const kind of wanted) {
        const all = kinds[kind].get as unknown as Parameters<typeof request>[0];
        const messages = await asking.dump(request(all, {}), { signal });
        for (const message of messages) current.push({ kind, message } as WatchedObject);
      }
      yield { event: 'overrun', current };
      continue;
    }
    for (const header of received.headers) {
      const change = changeOf(wanted, received.bytes, header);
      if (change) yield change;
    }
  }
}

function changeOf(
  wanted: readonly WatchKind[],
  bytes: Buffer,
  { type, bodyStart, end }: MessageHeader,
): Change | undefined {
  const kind = wanted.find((each) => kinds[each].new === type || kinds[each].delete === type);
  if (!kind) return undefined;
  const { delete: deleted, codec } = kinds[kind];
  const message = (codec as Codec).read(bytes, bodyStart, end);
  return { event: type === deleted ? 'delete' : 'new', kind, message } as Change;
}

/** Iterates, and closes when that ends in any way: also where it has not begun. */
function closing<T>(
  inner: AsyncGenerator<T, void>,
  close: () => void,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T> & AsyncDisposable {
  // A loop that has not begun, or is busy, notices nothing by itself.
  signal?.addEventListener('abort', close, { once: true });
  const end = (): void => {
    signal?.removeEventListener('abort', close);
    close();
  };
  const done = { done: true, value: undefined } as const;
  let isLeft = false;
  const iterator: AsyncIterableIterator<T> & AsyncDisposable = {
    async next() {
      try {
        if (isLeft) return done;
        signal?.throwIfAborted();
        return await inner.next();
      } catch (error) {
        end();
        // Left while it waited.
        if (isLeft && !signal?.aborted) return done;
        isLeft = true;
        throw signal?.aborted ? (signal.reason as Error) : error;
      }
    },
    async return() {
      isLeft = true;
      // First: what waits inside ends by it.
      end();
      await inner.return().catch(() => {});
      return done;
    },
    async [Symbol.asyncDispose]() {
      await iterator.return?.();
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
