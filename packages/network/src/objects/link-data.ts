import type { Input, Output } from '../netlink/codec.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import { bridgeData, bridgePortData } from '../route/bridge-messages.ts';
import { ipvlanData, macvlanData, vlanData, vxlanData, type tunData } from '../route/link-kinds.ts';
import { checkAddress } from './check.ts';
import { names, type NameOf } from './names.ts';

const vlanProtocols = names({ '802.1q': 0x8100, '802.1ad': 0x88a8 });
const macvlanModes = names({ private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 });
const ipvlanModes = names({ l2: 0, l3: 1, l3s: 2 });
const tunTypes = names({ tun: 1, tap: 2 });

export type VlanProtocol = NameOf<typeof vlanProtocols>;
export type MacvlanMode = NameOf<typeof macvlanModes>;
export type IpvlanMode = NameOf<typeof ipvlanModes>;

/** What a bridge is told. Times are in hundredths of a second. */
export type BridgeOptions = Omit<Input<typeof bridgeData>, 'vlanProtocol' | `#${string}`> & {
  readonly vlanProtocol?: VlanProtocol | undefined;
};
/** What a port of a bridge is told. */
export type BridgePortOptions = Omit<Input<typeof bridgePortData>, `#${string}`>;

export interface VlanOptions {
  /** From 0 to 4095. */
  readonly id?: number | undefined;
  readonly protocol?: VlanProtocol | undefined;
}

export interface MacvlanOptions {
  /** `bridge` when it is made, unless given. */
  readonly mode?: MacvlanMode | undefined;
  readonly broadcastQueueLength?: number | undefined;
}

export interface IpvlanOptions {
  readonly mode?: IpvlanMode | undefined;
  /** Who may talk to whom: `IPVLAN_FLAG`. */
  readonly flags?: number | undefined;
}

export interface VxlanOptions extends Omit<
  Input<typeof vxlanData>,
  'group' | 'group6' | 'local' | 'local6' | 'link' | `#${string}`
> {
  /** The other end, or a multicast group, of either family. */
  readonly remote?: string | undefined;
  /** The address to send from. */
  readonly local?: string | undefined;
}

/** What there is to say of a link by its kind, in messages. */
type Data = Readonly<Record<string, unknown>>;

/** The data of a kind with its words in place of numbers. */
export type LinkData =
  | (Omit<Output<typeof bridgeData>, 'vlanProtocol'> & {
      readonly vlanProtocol?: VlanProtocol | number;
    })
  | (Omit<Output<typeof vlanData>, 'protocol'> & { readonly protocol?: VlanProtocol | number })
  | (Omit<Output<typeof macvlanData>, 'mode'> & { readonly mode?: MacvlanMode | number })
  | (Omit<Output<typeof ipvlanData>, 'mode'> & { readonly mode?: IpvlanMode | number })
  | Output<typeof vxlanData>
  | (Omit<Output<typeof tunData>, 'type'> & { readonly type?: 'tun' | 'tap' | number })
  | Uint8Array;

/** Which of the data are words, by the kind. */
const words: Readonly<Record<string, readonly [key: string, table: typeof macvlanModes | Table]>> =
  {
    bridge: ['vlanProtocol', vlanProtocols],
    vlan: ['protocol', vlanProtocols],
    macvlan: ['mode', macvlanModes],
    macvtap: ['mode', macvlanModes],
    ipvlan: ['mode', ipvlanModes],
    tun: ['type', tunTypes],
  };
type Table = typeof vlanProtocols | typeof ipvlanModes | typeof tunTypes;

/** From a message. */
export function fromData(kind: string | undefined, data: unknown): LinkData | undefined {
  const [key, table] = (kind !== undefined && words[kind]) || [];
  if (!key || !table || typeof data !== 'object' || data === null || !(key in data))
    return data as LinkData | undefined;
  const named: unknown = { ...data, [key]: table.toName((data as Data)[key] as number) };
  return named as LinkData;
}

const nothing = { has: () => false };
/** What is declared of each kind, of a port of a bridge, and of the peer of a veth. */
const declared: Readonly<Record<string, { has(name: string): boolean }>> = {
  veth: nothing,
  peer: nothing,
  dummy: nothing,
  ifb: nothing,
  bridge: bridgeData,
  vlan: vlanData,
  macvlan: macvlanData,
  macvtap: macvlanData,
  ipvlan: ipvlanData,
  vxlan: vxlanData,
  port: bridgePortData,
};

/**
 * Refuses options that a kind of link, or what belongs to one, does not have.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the first.
 */
export function checkOptions(kind: string, options: Data, prefix = ''): void {
  for (const [key, value] of Object.entries(options))
    if (value !== undefined && declared[kind]?.has(key) === false)
      throw invalid(`${prefix}${key}: expected an option that a ${kind} has`);
}

/** For a message. */
export function toData(kind: string, options: Data, isNew: boolean): Data | undefined {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  if (!isNew && given.length === 0) return undefined;
  let data: Record<string, unknown> = Object.fromEntries(given);
  if (kind === 'vxlan') data = toVxlan(data);
  if (isNew && (kind === 'macvlan' || kind === 'macvtap')) data['mode'] ??= 'bridge';
  if (isNew && (kind === 'vlan' || kind === 'vxlan') && data['id'] === undefined)
    throw invalid(`id: expected the number of the ${kind}, got undefined`);
  if (kind === 'vlan' && (data['id'] as number) > 4095)
    throw invalid(`id: expected a number from 0 to 4095, got ${describe(data['id'])}`);
  checkOptions(kind, data);
  const [key, table] = words[kind] ?? [];
  if (key && table && data[key] !== undefined)
    data[key] = (table as typeof macvlanModes).toNumber(key, data[key] as MacvlanMode);
  return Object.keys(data).length > 0 ? data : undefined;
}

function toVxlan({ remote, local, ...rest }: Data): Record<string, unknown> {
  const data: Record<string, unknown> = { ...rest };
  const family = remote === undefined ? undefined : checkAddress('remote', remote as string);
  if (family) data[family === 4 ? 'group' : 'group6'] = remote;
  if (local !== undefined)
    data[checkAddress('local', local as string, family) === 4 ? 'local' : 'local6'] = local;
  return data;
}
