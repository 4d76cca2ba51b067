import { bits, names, type BitOf, type NameOf } from './names.ts';

/** Flags of a link, by their names in netdevice(7). */
export const linkFlags = bits({
  loopback: 0x8,
  broadcast: 0x2,
  pointopoint: 0x10,
  multicast: 0x1000,
  noarp: 0x80,
  allmulti: 0x200,
  promisc: 0x100,
  master: 0x400,
  slave: 0x800,
  debug: 0x4,
  dynamic: 0x8000,
  automedia: 0x4000,
  portsel: 0x2000,
  notrailers: 0x20,
  up: 0x1,
  running: 0x40,
  'lower-up': 0x10000,
  dormant: 0x20000,
  echo: 0x40000,
});
export type LinkFlag = BitOf<typeof linkFlags>;

/** Hardware types, `ARPHRD_*`. */
export const linkTypes = names({
  ether: 1,
  infiniband: 32,
  none: 0xfffe,
  ppp: 512,
  tunnel: 768,
  tunnel6: 769,
  loopback: 772,
  sit: 776,
  ipgre: 778,
  ip6gre: 823,
  can: 280,
  netlink: 824,
  rawip: 519,
  vsockmon: 826,
});
export type LinkType = NameOf<typeof linkTypes>;

/** `IF_OPER_*`, RFC 2863. */
export const operationalStates = names({
  unknown: 0,
  'not-present': 1,
  down: 2,
  'lower-layer-down': 3,
  testing: 4,
  dormant: 5,
  up: 6,
});
export type OperationalState = NameOf<typeof operationalStates>;

/** How a link makes its IPv6 address, `IN6_ADDR_GEN_MODE_*`. */
export const addressGenerationModes = names({
  eui64: 0,
  none: 1,
  'stable-secret': 2,
  random: 3,
});
export type AddressGenerationMode = NameOf<typeof addressGenerationModes>;
