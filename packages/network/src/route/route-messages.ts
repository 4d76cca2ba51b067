import { attributes } from '../netlink/attributes.ts';
import { ip } from '../netlink/ip.ts';
import { body } from '../netlink/message.ts';
import { i32, u16, u32, u64, u8 } from '../netlink/numbers.ts';
import { operation } from '../netlink/request.ts';
import { struct } from '../netlink/struct.ts';
import { bytes, string } from '../netlink/texts.ts';
import { nexthopList } from './nexthops.ts';
import { RTM } from './types.ts';
import { via } from './via.ts';

/** Tables of routes, `RT_TABLE_*`. */
export const TABLE = { UNSPEC: 0, COMPAT: 252, DEFAULT: 253, MAIN: 254, LOCAL: 255 } as const;

/** Who made a route, `RTPROT_*`. */
export const ROUTE_PROTOCOL = {
  UNSPEC: 0,
  REDIRECT: 1,
  KERNEL: 2,
  BOOT: 3,
  STATIC: 4,
  RA: 9,
  DHCP: 16,
} as const;

/** What a route does, `RTN_*`. */
export const ROUTE_TYPE = {
  UNSPEC: 0,
  UNICAST: 1,
  LOCAL: 2,
  BROADCAST: 3,
  ANYCAST: 4,
  MULTICAST: 5,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
  THROW: 9,
  NAT: 10,
} as const;

/** Flags of a route: `RTM_F_*` and, in the lowest bits, `RTNH_F_*`. */
export const ROUTE_FLAG = {
  DEAD: 1,
  PERVASIVE: 2,
  ONLINK: 4,
  OFFLOAD: 8,
  LINKDOWN: 16,
  UNRESOLVED: 32,
  NOTIFY: 0x100,
  CLONED: 0x200,
  EQUALIZE: 0x400,
  PREFIX: 0x800,
  LOOKUP_TABLE: 0x1000,
  FIB_MATCH: 0x2000,
} as const;

/** `RTAX_*`: numbers that go with a route. */
const metrics = attributes({
  lock: [1, u32],
  mtu: [2, u32],
  window: [3, u32],
  rtt: [4, u32],
  rttVariance: [5, u32],
  ssthresh: [6, u32],
  cwnd: [7, u32],
  advmss: [8, u32],
  reordering: [9, u32],
  hopLimit: [10, u32],
  initcwnd: [11, u32],
  features: [12, u32],
  rtoMin: [13, u32],
  initrwnd: [14, u32],
  quickack: [15, u32],
  congestionControl: [16, string],
  fastopenNoCookie: [17, u32],
});

/** `struct rtmsg`. */
export const routeHeader = struct('rtmsg', {
  family: u8,
  destinationLength: u8,
  sourceLength: u8,
  tos: u8,
  /** The table, where it is below 256; `TABLE.COMPAT` otherwise. */
  shortTable: u8,
  protocol: u8,
  scope: u8,
  type: u8,
  flags: u32,
});

/** All attributes of a route, `RTA_*`. */
export const routeAttributes = attributes({
  destination: [1, ip],
  source: [2, ip],
  inputInterface: [3, u32],
  outputInterface: [4, u32],
  gateway: [5, ip],
  priority: [6, u32],
  preferredSource: [7, ip],
  metrics: [8, metrics],
  multipath: [9, nexthopList],
  flow: [11, u32],
  cacheInfo: [
    12,
    struct('rta_cacheinfo', {
      references: u32,
      lastUse: u32,
      expires: i32,
      error: u32,
      used: u32,
      id: u32,
      timestamp: u32,
      timestampAge: u32,
    }),
  ],
  table: [15, u32],
  mark: [16, u32],
  multicastStatistics: [
    17,
    struct('rta_mfc_stats', { packets: u64, bytes: u64, wrongInterface: u64 }),
  ],
  via: [18, via],
  newDestination: [19, bytes],
  preference: [20, u8],
  encapsulationType: [21, u16],
  encapsulation: [22, bytes],
  expires: [23, u32],
  uid: [25, u32],
  ttlPropagate: [26, u8],
  ipProtocol: [27, u8],
  nexthopId: [30, u32],
});

/** A route, by netlink. */
export const routeMessage = body('route', routeHeader, routeAttributes);

/** Adds a route: with `NLM_F.CREATE`, and `EXCL`, `REPLACE` or `APPEND`. */
export const newRoute = operation('RTM_NEWROUTE', RTM.NEWROUTE, routeMessage);
/** Deletes a route. */
export const deleteRoute = operation('RTM_DELROUTE', RTM.DELROUTE, routeMessage);
/** Asks for the route to a destination, or in a dump for all. */
export const getRoute = operation('RTM_GETROUTE', RTM.GETROUTE, routeMessage);
