import { closeSync, constants, openSync } from 'node:fs';
import { fd, live, memory, Memory, oneOf, syscall, uint } from '@ts-c/syscall';
import { inNamespace } from './in-namespace.ts';
import type { ObjectOptions } from './session.ts';

/** A device whose packets (`tun`) or frames (`tap`) a program reads and writes. It lasts until it is deleted. */
export interface TunSpec {
  readonly kind: 'tun' | 'tap';
  /** The uid that may open it without CAP_NET_ADMIN. */
  readonly owner?: number | undefined;
  /** The gid that may. */
  readonly ownerGroup?: number | undefined;
  /** Does each packet have four bytes in front that say what it is? Not unless given. */
  readonly packetInformation?: boolean | undefined;
  readonly virtualNetHeader?: boolean | undefined;
  readonly multiQueue?: boolean | undefined;
}

const request = {
  TUNSETIFF: 0x400454ca,
  TUNSETPERSIST: 0x400454cb,
  TUNSETOWNER: 0x400454cc,
  TUNSETGROUP: 0x400454ce,
} as const;
const ioctl = syscall('ioctl', [fd('fd'), oneOf('op', request), memory('argp')]);
const ioctlNumber = syscall('ioctl', [fd('fd'), oneOf('op', request), uint('arg')]);
const IFF_TUN = 1;
const IFF_TAP = 2;
const IFF_MULTI_QUEUE = 0x100;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
/** Size of `struct ifreq`, and where its flags are. */
const ifreqSize = 40;
const flagsOffset = 16;

/**
 * Makes a tun or tap that persists, by ioctl(2) on `/dev/net/tun`. Its name has been checked.
 *
 * @throws {SystemError} `EBUSY` where there is one of the name that is in use.
 * @throws {Error} `ENOENT` where there is no `/dev/net/tun`.
 */
export function createTun(
  spec: TunSpec & { readonly name: string },
  { namespace }: ObjectOptions,
): void {
  inNamespace(namespace, () => make(spec));
}

function make(spec: TunSpec & { readonly name: string }): void {
  const { kind, name, owner, ownerGroup, packetInformation, virtualNetHeader, multiQueue } = spec;
  const flags =
    (kind === 'tun' ? IFF_TUN : IFF_TAP) |
    (packetInformation ? 0 : IFF_NO_PI) |
    (virtualNetHeader ? IFF_VNET_HDR : 0) |
    (multiQueue ? IFF_MULTI_QUEUE : 0);
  const ifreq = new Memory(ifreqSize).set('u16', flagsOffset, flags);
  Buffer.from(name).copy(ifreq.bytes);
  const device = openSync('/dev/net/tun', constants.O_RDWR);
  try {
    live.call(ioctl, device, request.TUNSETIFF, ifreq);
    if (owner !== undefined) live.call(ioctlNumber, device, request.TUNSETOWNER, owner);
    if (ownerGroup !== undefined) live.call(ioctlNumber, device, request.TUNSETGROUP, ownerGroup);
    live.call(ioctlNumber, device, request.TUNSETPERSIST, 1);
  } finally {
    closeSync(device);
  }
}
