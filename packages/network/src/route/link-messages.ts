import { selected } from '../netlink/arrays.ts';
import { attributes, NLA_F_NESTED, repeated } from '../netlink/attributes.ts';
import { body } from '../netlink/message.ts';
import { i32, u16, u32, u64, u8 } from '../netlink/numbers.ts';
import { operation } from '../netlink/request.ts';
import { padding, struct } from '../netlink/struct.ts';
import { bytes, linkAddress, string } from '../netlink/texts.ts';
import { bridgeData, bridgePortData } from './bridge-messages.ts';
import { ipvlanData, macvlanData, tunData, vlanData, vxlanData } from './link-kinds.ts';
import { linkStatistics } from './statistics.ts';
import { RTM } from './types.ts';

/** Flags of a link, `IFF_*`: netdevice(7). */
export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  DEBUG: 0x4,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  NOTRAILERS: 0x20,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  ALLMULTI: 0x200,
  MASTER: 0x400,
  SLAVE: 0x800,
  MULTICAST: 0x1000,
  PORTSEL: 0x2000,
  AUTOMEDIA: 0x4000,
  DYNAMIC: 0x8000,
  LOWER_UP: 0x10000,
  DORMANT: 0x20000,
  ECHO: 0x40000,
} as const;

/** `struct ifinfomsg`: `change` says which flags a request is about. */
export const linkHeader = struct('ifinfomsg', {
  family: u8,
  pad: padding(1),
  type: u16,
  index: i32,
  flags: u32,
  change: u32,
});

const map = struct('rtnl_link_ifmap', {
  memoryStart: u64,
  memoryEnd: u64,
  baseAddress: u64,
  irq: u16,
  dma: u8,
  port: u8,
  pad: padding(4),
});

/** Attributes that are of no concern here, as bytes. */
const flaggedBytes = { ...bytes, typeFlags: NLA_F_NESTED };

const propertyList = attributes({ alternativeNames: [53, repeated(string)] }, { flagged: true });

/** What the messages of a link and of a veth's peer share, `IFLA_*`. */
const shared = {
  address: [1, linkAddress],
  broadcast: [2, linkAddress],
  name: [3, string],
  mtu: [4, u32],
  link: [5, i32],
  qdisc: [6, string],
  // The same counters in 32 bits, which overflow.
  statistics32: [7, bytes],
  master: [10, u32],
  txQueueLength: [13, u32],
  map: [14, map],
  operationalState: [16, u8],
  linkMode: [17, u8],
  namespacePid: [19, u32],
  alias: [20, string],
  virtualFunctionCount: [21, u32],
  statistics: [23, linkStatistics],
  afSpecific: [26, bytes],
  group: [27, u32],
  namespaceFd: [28, u32],
  extendedMask: [29, u32],
  promiscuity: [30, u32],
  txQueues: [31, u32],
  rxQueues: [32, u32],
  carrier: [33, u8],
  physicalPortId: [34, bytes],
  carrierChanges: [35, u32],
  physicalSwitchId: [36, bytes],
  linkNamespaceId: [37, i32],
  physicalPortName: [38, string],
  protocolDown: [39, u8],
  gsoMaxSegments: [40, u32],
  gsoMaxSize: [41, u32],
  xdp: [43, bytes],
  event: [44, u32],
  newNamespaceId: [45, i32],
  targetNamespaceId: [46, i32],
  carrierUpCount: [47, u32],
  carrierDownCount: [48, u32],
  newIndex: [49, i32],
  minMtu: [50, u32],
  maxMtu: [51, u32],
  properties: [52, propertyList],
  alternativeName: [53, string],
  permanentAddress: [54, linkAddress],
  parentDeviceName: [56, string],
  parentDeviceBus: [57, string],
  groMaxSize: [58, u32],
  tsoMaxSize: [59, u32],
  tsoMaxSegments: [60, u32],
  allMulticast: [61, u32],
  gsoIpv4MaxSize: [63, u32],
  groIpv4MaxSize: [64, u32],
  dpllPin: [65, flaggedBytes],
  maxPacingOffloadHorizon: [66, u32],
  isNamespaceImmutable: [67, u8],
  headroom: [68, u16],
  tailroom: [69, u16],
} as const;

/** The other end of a veth pair, as it is created. */
const peer = body('peer', linkHeader, attributes({ ...shared, info: [18, bytes] }));

/** What there is to say of a kind of link, by the kind: `IFLA_INFO_DATA`. */
const kinds = {
  veth: attributes({ peer: [1, peer] }),
  bridge: bridgeData,
  vlan: vlanData,
  macvlan: macvlanData,
  macvtap: macvlanData,
  ipvlan: ipvlanData,
  vxlan: vxlanData,
  tun: tunData,
} as const;

/** Kinds of link with data of their own that are declared. */
export type LinkKind = keyof typeof kinds;

/** `IFLA_LINKINFO`: what kind of link it is. */
const linkInfo = attributes({
  kind: [1, string],
  data: [2, selected('kind', kinds)],
  xstats: [3, bytes],
  slaveKind: [4, string],
  slaveData: [5, selected('slaveKind', { bridge: bridgePortData })],
});

/** All attributes of a link, `IFLA_*`. */
export const linkAttributes = attributes({
  ...shared,
  info: [18, linkInfo],
  // Of a message about the ports of a bridge.
  protocolInfo: [12, bytes],
  virtualFunctions: [22, bytes],
  virtualFunctionPorts: [24, bytes],
  ownVirtualFunctionPort: [25, bytes],
  devlinkPort: [62, bytes],
});

/** A link: a network interface, by netlink. */
export const linkMessage = body('link', linkHeader, linkAttributes);

/** Which answers a request for links wants besides, `RTEXT_FILTER_*`. */
export const EXTENDED = { VF: 1, BRVLAN: 2, BRVLAN_COMPRESSED: 4, SKIP_STATS: 8 } as const;

/** Makes a link, or changes one: with `NLM_F.CREATE`, and `EXCL`. */
export const newLink = operation('RTM_NEWLINK', RTM.NEWLINK, linkMessage);
/** Changes a link. */
export const setLink = operation('RTM_SETLINK', RTM.SETLINK, linkMessage);
/** Deletes a link. */
export const deleteLink = operation('RTM_DELLINK', RTM.DELLINK, linkMessage);
/** Gives a link more names: `properties`. */
export const newLinkProperty = operation('RTM_NEWLINKPROP', RTM.NEWLINKPROP, linkMessage);
/** Takes such names from a link. */
export const deleteLinkProperty = operation('RTM_DELLINKPROP', RTM.DELLINKPROP, linkMessage);
/** Asks for a link, or in a dump for all. */
export const getLink = {
  ...operation('RTM_GETLINK', RTM.GETLINK, linkMessage),
  hasOneAnswer: true,
};
