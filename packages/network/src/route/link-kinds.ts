import { attributes, repeated } from '../netlink/attributes.ts';
import { ipv4, ipv6 } from '../netlink/ip.ts';
import { be16, bool, u16, u32, u8 } from '../netlink/numbers.ts';
import { struct } from '../netlink/struct.ts';
import { bytes, flag, linkAddress } from '../netlink/texts.ts';

/** Protocols of a VLAN, `ETH_P_*`. */
export const VLAN_PROTOCOL = { DOT1Q: 0x8100, DOT1AD: 0x88a8 } as const;

const qosMapping = struct('ifla_vlan_qos_mapping', { from: u32, to: u32 });
const qosMap = attributes({ mappings: [1, repeated(qosMapping)] });

/** `IFLA_VLAN_*`. */
export const vlanData = attributes({
  id: [1, u16],
  flags: [2, struct('ifla_vlan_flags', { flags: u32, mask: u32 })],
  egressQos: [3, qosMap],
  ingressQos: [4, qosMap],
  protocol: [5, be16],
});

/** Modes of a macvlan. */
export const MACVLAN_MODE = { PRIVATE: 1, VEPA: 2, BRIDGE: 4, PASSTHRU: 8, SOURCE: 16 } as const;

const macvlanAddresses = attributes({ addresses: [4, repeated(linkAddress)] });

/** `IFLA_MACVLAN_*`. */
export const macvlanData = attributes({
  mode: [1, u32],
  flags: [2, u16],
  addressMode: [3, u32],
  address: [4, linkAddress],
  addresses: [5, macvlanAddresses],
  addressCount: [6, u32],
  broadcastQueueLength: [7, u32],
  usedBroadcastQueueLength: [8, u32],
});

/** Modes of an ipvlan, and its flags. */
export const IPVLAN_MODE = { L2: 0, L3: 1, L3S: 2 } as const;
export const IPVLAN_FLAG = { PRIVATE: 1, VEPA: 2 } as const;

/** `IFLA_IPVLAN_*`. */
export const ipvlanData = attributes({ mode: [1, u16], flags: [2, u16] });

/** `IFLA_VXLAN_*`. Ports are in network order. */
export const vxlanData = attributes({
  id: [1, u32],
  group: [2, ipv4],
  link: [3, u32],
  local: [4, ipv4],
  ttl: [5, u8],
  tos: [6, u8],
  learning: [7, bool],
  ageing: [8, u32],
  limit: [9, u32],
  portRange: [10, struct('ifla_vxlan_port_range', { low: be16, high: be16 })],
  proxy: [11, bool],
  routeShortCircuit: [12, bool],
  l2Miss: [13, bool],
  l3Miss: [14, bool],
  port: [15, be16],
  group6: [16, ipv6],
  local6: [17, ipv6],
  udpChecksum: [18, bool],
  udpZeroChecksum6Tx: [19, bool],
  udpZeroChecksum6Rx: [20, bool],
  remoteChecksumTx: [21, bool],
  remoteChecksumRx: [22, bool],
  groupPolicy: [23, flag],
  remoteChecksumNoPartial: [24, flag],
  collectMetadata: [25, bool],
  label: [26, bytes],
  genericProtocolExtension: [27, flag],
  ttlInherit: [28, bool],
  dontFragment: [29, u8],
});

/** Types of a tun. */
export const TUN_TYPE = { TUN: 1, TAP: 2 } as const;

/** `IFLA_TUN_*`; a tun can only be asked for, it is made by ioctl(2) on `/dev/net/tun`. */
export const tunData = attributes({
  owner: [1, u32],
  group: [2, u32],
  type: [3, u8],
  packetInformation: [4, bool],
  virtualNetHeader: [5, bool],
  isPersistent: [6, bool],
  isMultiQueue: [7, bool],
  queues: [8, u32],
  disabledQueues: [9, u32],
});
