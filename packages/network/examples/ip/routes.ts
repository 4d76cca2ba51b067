import type { Nexthop, RouteEntry, RouteMetrics } from '@ts-c/network';
import { withoutHost, type Detail, type JsonObject } from './json.ts';

/** The keys of metrics, in the order of their numbers. */
const metricKeys: Readonly<Partial<Record<keyof RouteMetrics, string>>> = {
  mtu: 'mtu',
  window: 'window',
  rtt: 'rtt',
  rttVariance: 'rttvar',
  ssthresh: 'ssthresh',
  cwnd: 'cwnd',
  advmss: 'advmss',
  reordering: 'reordering',
  hopLimit: 'hoplimit',
  initcwnd: 'initcwnd',
  rtoMin: 'rto_min',
  initrwnd: 'initrwnd',
  quickack: 'quickack',
  congestionControl: 'congestion',
};

/** Routes in the format of `ip -j route`; with their tables where those of all were asked for. */
export function routesToJson(
  routes: readonly RouteEntry[],
  { details }: Detail,
  withTable: boolean,
): JsonObject[] {
  return routes.map((route) => {
    const { type, protocol, scope, table, metrics, nexthops } = route;
    return {
      type: type !== 'unicast' || details ? String(type) : undefined,
      dst: withoutHost(route.destination),
      from: route.source && withoutHost(route.source),
      nhid: route.nexthopId,
      tos: route.tos === undefined ? undefined : `0x${route.tos.toString(16).padStart(2, '0')}`,
      ...gatewayOf(route.family, route.via),
      dev: route.device,
      table: withTable && (table !== 'main' || details) ? String(table) : undefined,
      protocol: protocol !== 'boot' || details ? String(protocol) : undefined,
      scope: scope !== 'global' || details ? String(scope) : undefined,
      prefsrc: route.preferredSource,
      metric: route.metric,
      flags: flagsOf(route.flags),
      expires: route.expires === undefined ? undefined : Math.trunc(route.expires),
      error: route.error,
      metrics: metrics && [metricsOf(metrics)],
      pref: route.preference === undefined ? undefined : String(route.preference),
      nexthops: nexthops?.map((each) => nexthopToJson(route.family, each)),
    };
  });
}

function nexthopToJson(family: 4 | 6, { via, device, weight, flags }: Nexthop): JsonObject {
  return { ...gatewayOf(family, via), dev: device, weight, flags: flagsOf(flags) };
}

/** A gateway of another family than the route is told in another way. */
function gatewayOf(family: 4 | 6, via: string | undefined): JsonObject {
  if (via === undefined) return {};
  const isIPv6 = via.includes(':');
  if (isIPv6 === (family === 6)) return { gateway: via };
  return { via: { family: isIPv6 ? 'inet6' : 'inet', host: via } };
}

const order = [
  'dead',
  'onlink',
  'pervasive',
  'offload',
  'trap',
  'notify',
  'linkdown',
  'unresolved',
];

const flagsOf = (flags: readonly string[]): string[] =>
  order.filter((each) => flags.includes(each));

function metricsOf(metrics: RouteMetrics): JsonObject {
  return Object.fromEntries(
    Object.entries(metricKeys).flatMap(([name, key]) => {
      const value = metrics[name as keyof RouteMetrics];
      if (value === undefined) return [];
      const divisor = name === 'rtt' ? 8 : name === 'rttVariance' ? 4 : 1;
      return [[key, typeof value === 'number' ? Math.trunc(value / divisor) : value]];
    }),
  );
}
