import { attributes } from '../netlink/attributes.ts';
import { ip } from '../netlink/ip.ts';
import { body } from '../netlink/message.ts';
import { i32, u32, u8 } from '../netlink/numbers.ts';
import { operation } from '../netlink/request.ts';
import { struct } from '../netlink/struct.ts';
import { string } from '../netlink/texts.ts';
import { RTM } from './types.ts';

/** Flags of an address, `IFA_F_*`. */
export const IFA_F = {
  SECONDARY: 0x1,
  NODAD: 0x2,
  OPTIMISTIC: 0x4,
  DADFAILED: 0x8,
  HOMEADDRESS: 0x10,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
  PERMANENT: 0x80,
  MANAGETEMPADDR: 0x100,
  NOPREFIXROUTE: 0x200,
  MCAUTOJOIN: 0x400,
  STABLE_PRIVACY: 0x800,
} as const;

/** How far addresses and routes are of use, `RT_SCOPE_*`. */
export const SCOPE = { UNIVERSE: 0, SITE: 200, LINK: 253, HOST: 254, NOWHERE: 255 } as const;

/** An address of a link: `struct ifaddrmsg` and `IFA_*`. Lifetimes are in seconds, 4294967295 is forever. */
export const addressMessage = body(
  'address',
  struct('ifaddrmsg', {
    family: u8,
    prefixLength: u8,
    /** The lowest eight of the flags. */
    shortFlags: u8,
    scope: u8,
    index: u32,
  }),
  attributes({
    /** Of a point-to-point link the peer's; otherwise the same as `local`. */
    address: [1, ip],
    local: [2, ip],
    label: [3, string],
    broadcast: [4, ip],
    anycast: [5, ip],
    cacheInfo: [
      6,
      struct('ifa_cacheinfo', { preferred: u32, valid: u32, created: u32, updated: u32 }),
    ],
    multicast: [7, ip],
    flags: [8, u32],
    routePriority: [9, u32],
    targetNamespaceId: [10, i32],
    protocol: [11, u8],
  }),
);

/** Adds an address to a link: with `NLM_F.CREATE`, and `EXCL` or `REPLACE`. */
export const newAddress = operation('RTM_NEWADDR', RTM.NEWADDR, addressMessage);
/** Removes an address from a link. */
export const deleteAddress = operation('RTM_DELADDR', RTM.DELADDR, addressMessage);
/** Asks for addresses, in a dump. */
export const getAddress = operation('RTM_GETADDR', RTM.GETADDR, addressMessage);
