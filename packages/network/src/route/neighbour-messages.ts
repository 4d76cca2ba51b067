import { attributes } from '../netlink/attributes.ts';
import { ip } from '../netlink/ip.ts';
import { body } from '../netlink/message.ts';
import { be16, i32, u16, u32, u8 } from '../netlink/numbers.ts';
import { operation } from '../netlink/request.ts';
import { padding, struct } from '../netlink/struct.ts';
import { bytes, linkAddress } from '../netlink/texts.ts';
import { RTM } from './types.ts';

/** States of a neighbour, `NUD_*`. */
export const NUD = {
  NONE: 0,
  INCOMPLETE: 0x1,
  REACHABLE: 0x2,
  STALE: 0x4,
  DELAY: 0x8,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;

/** Flags of a neighbour, `NTF_*`. */
export const NTF = {
  USE: 0x1,
  SELF: 0x2,
  MASTER: 0x4,
  PROXY: 0x8,
  EXT_LEARNED: 0x10,
  OFFLOADED: 0x20,
  STICKY: 0x40,
  ROUTER: 0x80,
} as const;

/** A neighbour: `struct ndmsg` and `NDA_*`. Of the family `AF.BRIDGE` it is an entry of a bridge's table. */
export const neighbourMessage = body(
  'neighbour',
  struct('ndmsg', {
    family: u8,
    pad: padding(3),
    index: i32,
    state: u16,
    flags: u8,
    type: u8,
  }),
  attributes({
    destination: [1, ip],
    linkAddress: [2, linkAddress],
    cacheInfo: [
      3,
      struct('nda_cacheinfo', { confirmed: u32, used: u32, updated: u32, references: u32 }),
    ],
    probes: [4, u32],
    vlan: [5, u16],
    port: [6, be16],
    vni: [7, u32],
    interface: [8, u32],
    master: [9, u32],
    linkNamespaceId: [10, i32],
    sourceVni: [11, u32],
    protocol: [12, u8],
    nexthopId: [13, u32],
    fdbExtended: [14, bytes],
    extendedFlags: [15, u32],
    stateMask: [16, u16],
    flagsMask: [17, u32],
  }),
);

/** Adds a neighbour: with `NLM_F.CREATE`, and `EXCL` or `REPLACE`. */
export const newNeighbour = operation('RTM_NEWNEIGH', RTM.NEWNEIGH, neighbourMessage);
/** Deletes a neighbour. */
export const deleteNeighbour = operation('RTM_DELNEIGH', RTM.DELNEIGH, neighbourMessage);
/** Asks for a neighbour, or in a dump for all. */
export const getNeighbour = operation('RTM_GETNEIGH', RTM.GETNEIGH, neighbourMessage);
