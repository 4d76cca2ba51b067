import { bits, names, type BitOf, type NameOf } from './names.ts';

/** Tables of routes. */
export const tables = names({ main: 254, local: 255, default: 253 });
/** A table of routes by name or number. */
export type Table = NameOf<typeof tables> | number;

/** How far addresses and routes are of use. */
export const scopes = names({ global: 0, site: 200, link: 253, host: 254, nowhere: 255 });
export type Scope = NameOf<typeof scopes>;

/** Who made a route or a rule. */
export const protocols = names({
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  mrouted: 17,
  keepalived: 18,
  babel: 42,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
});
export type Protocol = NameOf<typeof protocols>;

/** What a route does with a packet. */
export const routeTypes = names({
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
});
export type RouteType = NameOf<typeof routeTypes>;

/** Flags of a route or of one of its ways. */
export const routeFlags = bits({
  dead: 1,
  pervasive: 2,
  onlink: 4,
  offload: 8,
  linkdown: 16,
  unresolved: 32,
  trap: 64,
  notify: 0x100,
  cloned: 0x200,
  'rt-offload': 0x4000,
  'rt-trap': 0x8000,
});
export type RouteFlag = BitOf<typeof routeFlags>;

/** Which of several routers is preferred, RFC 4191. */
export const preferences = names({ medium: 0, high: 1, low: 3 });
export type Preference = NameOf<typeof preferences>;
