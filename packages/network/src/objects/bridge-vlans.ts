import { checkInteger } from '@ts-c/syscall';
import { attributes, repeated } from '../netlink/attributes.ts';
import { u16 } from '../netlink/numbers.ts';
import { request } from '../netlink/request.ts';
import { struct } from '../netlink/struct.ts';
import { Writer } from '../netlink/writer.ts';
import {
  deleteLink,
  EXTENDED,
  getLink,
  linkAttributes,
  linkHeader,
  setLink,
} from '../route/link-messages.ts';
import { AF } from '../route/types.ts';
import type { Operation } from '../netlink/request.ts';
import {
  indexOf,
  withDevice,
  withReason,
  withSocket,
  type Device,
  type ObjectOptions,
} from './session.ts';

/** A VLAN that a port of a bridge, or the bridge itself, has a part in. */
export interface BridgeVlan {
  /** From 1 to 4094. */
  readonly id: number;
  /** Is what comes in without a tag of this VLAN? */
  readonly isDefault: boolean;
  /** Does it leave without a tag? */
  readonly isUntagged: boolean;
}

/** Where a VLAN is set. */
export interface BridgeVlanOptions extends ObjectOptions {
  /** Is what comes in without a tag of this VLAN? */
  readonly isDefault?: boolean | undefined;
  /** Does it leave without a tag? */
  readonly isUntagged?: boolean | undefined;
}

const FLAG = { MASTER: 1, PVID: 2, UNTAGGED: 4, RANGE_BEGIN: 8, RANGE_END: 16 } as const;
/** In a message: is it for the bridge itself? */
const SELF = 2;

/** `IFLA_AF_SPEC` of a port, `IFLA_BRIDGE_*`. */
const vlanInfo = struct('bridge_vlan_info', { flags: u16, id: u16 });
const bridgeSpec = attributes({ flags: [0, u16], vlans: [2, repeated(vlanInfo)] });
const pickSpec = linkAttributes.picker(['afSpecific']);

/** Asks for ports of bridges, and reads their VLANs. */
const getVlans: Operation<
  Parameters<typeof getLink.codec.write>[1],
  readonly [index: number, vlans: readonly BridgeVlan[]]
> = {
  ...getLink,
  reply: {
    read(bytes, start, end) {
      const { index } = linkHeader.read(bytes, start, end);
      const [spec] = pickSpec(bytes, start + linkHeader.size, end);
      return [index, spec ? toVlans(Buffer.from(spec)) : []];
    },
  },
};

/**
 * Lists the VLANs of a port of a bridge, or of a bridge itself; bridge(8).
 *
 * @throws {NetlinkError} `ENODEV` where there is no such device. One that is no port has none.
 */
export async function listBridgeVlans(
  device: Device,
  options: ObjectOptions = {},
): Promise<readonly BridgeVlan[]> {
  return withSocket(options, async (socket, wait) => {
    const index = await indexOf(socket, 'device', device, wait);
    const wanted = request(getVlans, { family: AF.BRIDGE, extendedMask: EXTENDED.BRVLAN });
    const all = await socket.dump(wanted, wait);
    return all.find(([each]) => each === index)?.[1] ?? [];
  });
}

/**
 * Lets a port of a bridge take part in a VLAN, or changes how it does. It matters once the bridge has `vlanFiltering`.
 *
 * @throws {NetlinkError} `EOPNOTSUPP` for a device that is neither a port nor a bridge, and where the kernel is built without it.
 *
 * @example
 * await addBridgeVlan('a', 7, { isDefault: true, isUntagged: true });
 */
export async function addBridgeVlan(
  device: Device,
  id: number,
  options: BridgeVlanOptions = {},
): Promise<void> {
  const flags = (options.isDefault ? FLAG.PVID : 0) | (options.isUntagged ? FLAG.UNTAGGED : 0);
  await send(setLink, device, id, flags, options);
}

/** Ends the part of a port of a bridge in a VLAN. */
export async function deleteBridgeVlan(
  device: Device,
  id: number,
  options: ObjectOptions = {},
): Promise<void> {
  await send(deleteLink, device, id, 0, options);
}

async function send(
  operation: typeof setLink,
  device: Device,
  id: number,
  flags: number,
  options: ObjectOptions,
): Promise<void> {
  checkInteger('id', id, 1, 4094);
  await withSocket(options, async (socket, wait) => {
    const index = await indexOf(socket, 'device', device, wait);
    const [link] = await socket.request(
      request(getLink, { index, extendedMask: EXTENDED.SKIP_STATS }),
      wait,
    );
    const isBridge = link?.info?.kind === 'bridge';
    const spec = new Writer();
    bridgeSpec.write(
      spec,
      {
        ...(isBridge ? { flags: SELF } : {}),
        vlans: [{ flags: flags | (isBridge ? FLAG.MASTER : 0), id }],
      },
      'vlans',
    );
    const body = { family: AF.BRIDGE, index, afSpecific: new Uint8Array(spec.bytes()) };
    try {
      await socket.request(request(operation, body), wait);
    } catch (error) {
      throw withReason(
        withDevice(error, device),
        (given) => given ?? 'no bridge and no port of one, or a kernel without VLAN filtering',
      );
    }
  });
}

function toVlans(spec: Buffer): BridgeVlan[] {
  const result: BridgeVlan[] = [];
  let first = 0;
  for (const { flags, id } of bridgeSpec.read(spec, 0, spec.length).vlans ?? []) {
    if (flags & FLAG.RANGE_BEGIN) {
      first = id;
      continue;
    }
    for (let each = flags & FLAG.RANGE_END ? first : id; each <= id; each += 1)
      result.push({
        id: each,
        isDefault: (flags & FLAG.PVID) !== 0,
        isUntagged: (flags & FLAG.UNTAGGED) !== 0,
      });
  }
  return result;
}
