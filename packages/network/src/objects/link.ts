import { attributes } from '../netlink/attributes.ts';
import type { Operation } from '../netlink/request.ts';
import { u8 } from '../netlink/numbers.ts';
import type { Codec, Output } from '../netlink/codec.ts';
import { invalid } from '../netlink/invalid.ts';
import type { bridgePortData } from '../route/bridge-messages.ts';
import { getLink, IFF, linkAttributes, linkHeader } from '../route/link-messages.ts';
import type { linkStatistics } from '../route/statistics.ts';
import { fromData, type LinkData } from './link-data.ts';
import {
  addressGenerationModes,
  linkFlags,
  linkTypes,
  operationalStates,
  type AddressGenerationMode,
  type LinkFlag,
  type LinkType,
  type OperationalState,
} from './link-types.ts';

/** 64-bit counters of a link, as it sees them itself. */
export type LinkStatistics = Output<typeof linkStatistics>;

/** A link: a network interface. What the kernel does not tell is undefined. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly alternativeNames: readonly string[];
  readonly alias: string | undefined;
  /** `veth`, `bridge`, `vlan`; undefined for those that nobody has made, such as `lo`. */
  readonly kind: string | undefined;
  /** What its kind says of it. */
  readonly data: LinkData | undefined;
  /** Hardware type, `ARPHRD_*`. */
  readonly type: LinkType | number;
  /** Is it meant to be up? */
  readonly up: boolean;
  readonly flags: readonly LinkFlag[];
  readonly operationalState: OperationalState | number | undefined;
  readonly linkMode: number | undefined;
  readonly carrier: boolean | undefined;
  readonly carrierChanges: number | undefined;
  /** Bytes. */
  readonly mtu: number | undefined;
  readonly minMtu: number | undefined;
  readonly maxMtu: number | undefined;
  readonly address: string | undefined;
  readonly broadcast: string | undefined;
  readonly permanentAddress: string | undefined;
  /** The bridge, bond or VRF that it is a port of; `master` where that can be seen. */
  readonly master: string | undefined;
  readonly masterIndex: number | undefined;
  /** What kind of thing it is a port of: `bridge`. */
  readonly portKind: string | undefined;
  /** What the bridge says of the port. */
  readonly port: Output<typeof bridgePortData> | Uint8Array | undefined;
  /** The other end of a veth, what a vlan or macvlan is on; `link` where that is in the same namespace. */
  readonly link: string | undefined;
  readonly linkIndex: number | undefined;
  /** The id of the namespace that `linkIndex` is in, where that is another one. */
  readonly linkNamespaceId: number | undefined;
  readonly group: number | undefined;
  readonly qdisc: string | undefined;
  readonly txQueueLength: number | undefined;
  readonly txQueues: number | undefined;
  readonly rxQueues: number | undefined;
  readonly promiscuity: number | undefined;
  readonly allMulticast: number | undefined;
  readonly gsoMaxSize: number | undefined;
  readonly gsoMaxSegments: number | undefined;
  readonly tsoMaxSize: number | undefined;
  readonly tsoMaxSegments: number | undefined;
  readonly groMaxSize: number | undefined;
  readonly protocolDown: boolean | undefined;
  readonly physicalPortName: string | undefined;
  readonly physicalPortId: Uint8Array | undefined;
  readonly physicalSwitchId: Uint8Array | undefined;
  readonly parentDeviceName: string | undefined;
  readonly parentDeviceBus: string | undefined;
  readonly addressGenerationMode: AddressGenerationMode | number | undefined;
  /** Unless `statistics: false` was asked for. */
  readonly statistics: LinkStatistics | undefined;
}

/** A link that is still to be told the names of others. */
export type DraftLink = { -readonly [K in Later]: Link[K] } & Omit<Link, Later>;
type Later = 'master' | 'link' | 'statistics';

const attributesOfLink = [
  'name',
  'properties',
  'alias',
  'info',
  'operationalState',
  'linkMode',
  'carrier',
  'carrierChanges',
  'mtu',
  'minMtu',
  'maxMtu',
  'address',
  'broadcast',
  'permanentAddress',
  'master',
  'link',
  'linkNamespaceId',
  'group',
  'qdisc',
  'txQueueLength',
  'txQueues',
  'rxQueues',
  'promiscuity',
  'allMulticast',
  'gsoMaxSize',
  'gsoMaxSegments',
  'tsoMaxSize',
  'tsoMaxSegments',
  'groMaxSize',
  'protocolDown',
  'physicalPortName',
  'physicalPortId',
  'physicalSwitchId',
  'parentDeviceName',
  'parentDeviceBus',
] as const;
const pick = linkAttributes.picker(attributesOfLink);
const pickStatistics = linkAttributes.picker(['statistics']);

type GetDraft = Operation<Parameters<typeof getLink.codec.write>[1], DraftLink>;

/** Asks for links, and reads no more of the answers than a {@link Link} has. */
export const getDraft: GetDraft = {
  ...getLink,
  reply: {
    read(bytes, start, end) {
      const link = readLink(bytes, start, end);
      link.statistics = pickStatistics(bytes, start + linkHeader.size, end)[0];
      return link;
    },
  },
};

/** The same without statistics. */
export const getDraftOnly: GetDraft = { ...getLink, reply: { read: readLink } };

const none: readonly string[] = Object.freeze([]);

function readLink(bytes: Buffer, start: number, end: number): DraftLink {
  const { type, index, flags } = linkHeader.read(bytes, start, end);
  const [
    name,
    properties,
    alias,
    info,
    operationalState,
    linkMode,
    carrier,
    carrierChanges,
    mtu,
    minMtu,
    maxMtu,
    address,
    broadcast,
    permanentAddress,
    master,
    link,
    linkNamespaceId,
    group,
    qdisc,
    txQueueLength,
    txQueues,
    rxQueues,
    promiscuity,
    allMulticast,
    gsoMaxSize,
    gsoMaxSegments,
    tsoMaxSize,
    tsoMaxSegments,
    groMaxSize,
    protocolDown,
    physicalPortName,
    physicalPortId,
    physicalSwitchId,
    parentDeviceName,
    parentDeviceBus,
  ] = pick(bytes, start + linkHeader.size, end);
  return {
    index,
    name: name ?? '',
    alternativeNames: properties?.alternativeNames ?? none,
    alias,
    kind: info?.kind,
    data: info?.data && fromData(info.kind, info.data),
    type: linkTypes.toName(type),
    up: (flags & IFF.UP) !== 0,
    flags: linkFlags.toNames(flags),
    operationalState:
      operationalState === undefined ? undefined : operationalStates.toName(operationalState),
    linkMode,
    carrier: carrier === undefined ? undefined : carrier !== 0,
    carrierChanges,
    mtu,
    minMtu,
    maxMtu,
    address,
    broadcast,
    permanentAddress,
    master: undefined,
    masterIndex: master,
    portKind: info?.slaveKind,
    port: info?.slaveData,
    link: undefined,
    linkIndex: link,
    linkNamespaceId,
    group,
    qdisc,
    txQueueLength,
    txQueues,
    rxQueues,
    promiscuity,
    allMulticast,
    gsoMaxSize,
    gsoMaxSegments,
    tsoMaxSize,
    tsoMaxSegments,
    groMaxSize,
    protocolDown: protocolDown === undefined ? undefined : protocolDown !== 0,
    physicalPortName,
    physicalPortId,
    physicalSwitchId,
    parentDeviceName,
    parentDeviceBus,
    addressGenerationMode: readGenerationMode(bytes, start + linkHeader.size, end),
    statistics: undefined,
  };
}

// Of all that address families say, which is a lot, one number.
const pickInet6 = attributes({ generation: [8, u8] }).picker(['generation']);
const pickFamily = attributes({ inet6: [10, reads(pickInet6)] }).picker(['inet6']);
const pickFamilies = attributes({ families: [26, reads(pickFamily)] }).picker(['families']);

function readGenerationMode(
  bytes: Buffer,
  start: number,
  end: number,
): AddressGenerationMode | number | undefined {
  const mode = pickFamilies(bytes, start, end)[0];
  return mode === undefined ? undefined : addressGenerationModes.toName(mode);
}

/** A codec that only reads, the first of what is picked. */
function reads<T>(
  first: (bytes: Buffer, start: number, end: number) => readonly [T],
): Codec<T, never> {
  return {
    what: 'attributes of a family',
    read: (bytes, start, end) => first(bytes, start, end)[0],
    write: refuse,
  };
}

function refuse(_writer: unknown, _value: never, name: string): never {
  throw invalid(`${name}: expected nothing, as it can only be read`);
}
