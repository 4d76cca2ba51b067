import type { NamespaceTarget } from '@ts-c/namespaces';
import { request } from '../netlink/request.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { getLink, IFF } from '../route/link-messages.ts';

/** Counters of a container's devices, under the keys of libcontainer 1.1.0. Those that are 0 are left out, as there. */
export interface NetworkStatistics {
  readonly rx_bytes?: Count;
  readonly rx_packets?: Count;
  readonly rx_errors?: Count;
  readonly rx_dropped?: Count;
  readonly tx_bytes?: Count;
  readonly tx_packets?: Count;
  readonly tx_errors?: Count;
  readonly tx_dropped?: Count;
}

/** A bigint only where a number would not be exact. */
export type Count = number | bigint;

/** The counters of one device. */
export interface LinkCounters {
  readonly rxBytes: bigint;
  readonly rxPackets: bigint;
  readonly rxErrors: bigint;
  readonly rxDropped: bigint;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
  readonly txErrors: bigint;
  readonly txDropped: bigint;
}

/** Where to look. */
export interface StatisticsOptions {
  /** The container's network namespace: all of its devices but `lo` are added up. Needs CAP_SYS_ADMIN to enter. */
  readonly namespace?: NamespaceTarget | undefined;
  /** The end of its veth that is outside, `veth_host` of the state, where the namespace may not be entered. */
  readonly vethHost?: string | undefined;
}

const keys = {
  rx_bytes: 'rxBytes',
  rx_packets: 'rxPackets',
  rx_errors: 'rxErrors',
  rx_dropped: 'rxDropped',
  tx_bytes: 'txBytes',
  tx_packets: 'txPackets',
  tx_errors: 'txErrors',
  tx_dropped: 'txDropped',
} as const satisfies Record<keyof NetworkStatistics, keyof LinkCounters>;

/**
 * What a container has received and sent, as it sees it itself: `rx` is what came to the container. libcontainer 1.1.0 told the view of
 * the veth's end outside, where both are exchanged: its `rx_bytes` are our `tx_bytes`.
 *
 * @throws {SystemError} where the namespace may not be entered; `ENODEV` where there is no such veth.
 */
export function networkStatistics({ namespace, vethHost }: StatisticsOptions): NetworkStatistics {
  if (namespace === undefined) {
    if (!vethHost) return {};
    using socket = NetlinkSocket.open();
    const [link] = socket.requestSync(request(getLink, { name: vethHost }));
    return link?.statistics ? toStatistics([exchange(link.statistics)]) : {};
  }
  using socket = NetlinkSocket.open({ namespace });
  const links = socket.dumpSync(request(getLink, {}));
  return toStatistics(
    links.flatMap(({ flags, statistics }) =>
      statistics && !(flags & IFF.LOOPBACK) ? [statistics] : [],
    ),
  );
}

/** Counters added up, under their keys. */
export function toStatistics(list: readonly LinkCounters[]): NetworkStatistics {
  const result: Partial<Record<keyof NetworkStatistics, Count>> = {};
  for (const [key, name] of Object.entries(keys) as [keyof typeof keys, keyof LinkCounters][]) {
    const sum = list.reduce((total, counters) => total + counters[name], 0n);
    if (sum > 0n) result[key] = sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum;
  }
  return result;
}

/** What one end of a veth has sent the other has received. */
function exchange(counters: LinkCounters): LinkCounters {
  return {
    rxBytes: counters.txBytes,
    rxPackets: counters.txPackets,
    rxErrors: counters.txErrors,
    rxDropped: counters.txDropped,
    txBytes: counters.rxBytes,
    txPackets: counters.rxPackets,
    txErrors: counters.rxErrors,
    txDropped: counters.rxDropped,
  };
}
