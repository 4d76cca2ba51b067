import type { Address, Link, LinkStatistics } from '@ts-c/network';
import type { Detail, JsonObject } from './json.ts';
import { dataOf, portOf } from './link-data.ts';

const upper = (name: string): string => name.toUpperCase().replaceAll('-', '_');

/** Links in the format of `ip -j link`; with their addresses, in that of `ip -j address`. */
export function linksToJson(
  links: readonly Link[],
  detail: Detail,
  addresses?: readonly Address[],
): JsonObject[] {
  const byIndex = new Map(links.map((link) => [link.index, link]));
  return links.flatMap((link) => {
    const thing = linkToJson(link, detail, byIndex, addresses !== undefined);
    if (!addresses) return [thing];
    const own = addresses.filter(({ index }) => index === link.index);
    if (detail.family !== undefined && own.length === 0) return [];
    return [{ ...thing, addr_info: own.map(addressToJson) }];
  });
}

function linkToJson(
  link: Link,
  { details, statistics, family }: Detail,
  others: ReadonlyMap<number, Link>,
  isAddress: boolean,
): JsonObject {
  const nameOf = (index: number): string | undefined => others.get(index)?.name;
  const isElsewhere = link.linkNamespaceId !== undefined;
  const other = link.linkIndex && !isElsewhere ? others.get(link.linkIndex) : undefined;
  const { permanentAddress } = link;
  const addresses = {
    link_type: link.type,
    address: link.address,
    broadcast: link.broadcast,
    link_pointtopoint:
      link.broadcast !== undefined && link.flags.includes('pointopoint') ? true : undefined,
    permaddr: permanentAddress === link.address ? undefined : permanentAddress,
  };
  return {
    ifindex: link.index,
    ...(link.linkIndex === undefined
      ? {}
      : link.linkIndex === 0
        ? { link: null }
        : isElsewhere
          ? { link_index: link.linkIndex }
          : { link: other?.name ?? `if${link.linkIndex}` }),
    ifname: link.name,
    flags: flagsOf(link, other),
    mtu: link.mtu,
    qdisc: link.qdisc,
    master: link.master,
    operstate: operationalState(link),
    linkmode: isAddress ? undefined : link.linkMode === 1 ? 'DORMANT' : 'DEFAULT',
    group: link.group === 0 ? 'default' : String(link.group),
    txqlen: link.txQueueLength || undefined,
    ...(family === undefined || details ? addresses : {}),
    link_netnsid: link.linkNamespaceId,
    proto_down: link.protocolDown ? true : undefined,
    ...(details ? detailsOf(link, nameOf, isAddress) : {}),
    ifalias: isAddress && !details ? undefined : link.alias,
    stats64:
      statistics && !isAddress && link.statistics ? statisticsOf(link.statistics) : undefined,
    altnames: link.alternativeNames.length > 0 ? link.alternativeNames : undefined,
  };
}

function detailsOf(
  link: Link,
  nameOf: (index: number) => string | undefined,
  isAddress: boolean,
): JsonObject {
  const [data, port] = [dataOf(link, nameOf), portOf(link)];
  const linkInfo = {
    info_kind: link.kind,
    info_data: data,
    info_slave_kind: link.portKind,
    info_slave_data: port,
  };
  return {
    promiscuity: link.promiscuity,
    allmulti: link.allMulticast,
    min_mtu: link.minMtu,
    max_mtu: link.maxMtu,
    linkinfo: link.kind || link.portKind ? linkInfo : undefined,
    inet6_addr_gen_mode: isAddress
      ? undefined
      : String(link.addressGenerationMode).replace('-', '_'),
    num_tx_queues: link.txQueues,
    num_rx_queues: link.rxQueues,
    gso_max_size: link.gsoMaxSize,
    gso_max_segs: link.gsoMaxSegments,
    tso_max_size: link.tsoMaxSize,
    tso_max_segs: link.tsoMaxSegments,
    gro_max_size: link.groMaxSize,
    phys_port_name: link.physicalPortName,
    phys_port_id: link.physicalPortId && Buffer.from(link.physicalPortId).toString('hex'),
    phys_switch_id: link.physicalSwitchId && Buffer.from(link.physicalSwitchId).toString('hex'),
    parentbus: link.parentDeviceBus,
    parentdev: link.parentDeviceName,
  };
}

function flagsOf({ up, flags }: Link, other: Link | undefined): string[] {
  const isRunning = flags.includes('running');
  return [
    ...(up && !isRunning ? ['NO-CARRIER'] : []),
    ...flags.filter((flag) => flag !== 'running').map(upper),
    ...(other && !other.up ? ['M-DOWN'] : []),
  ];
}

function operationalState({ operationalState: state }: Link): string {
  return String(state).replaceAll('-', '').toUpperCase();
}

function statisticsOf(counters: LinkStatistics): JsonObject {
  const number = (name: keyof LinkStatistics): number => Number(counters[name]);
  return {
    rx: {
      bytes: number('rxBytes'),
      packets: number('rxPackets'),
      errors: number('rxErrors'),
      dropped: number('rxDropped'),
      over_errors: number('rxOverErrors'),
      multicast: number('multicast'),
    },
    tx: {
      bytes: number('txBytes'),
      packets: number('txPackets'),
      errors: number('txErrors'),
      dropped: number('txDropped'),
      carrier_errors: number('txCarrierErrors'),
      collisions: number('collisions'),
    },
  };
}

const seconds = (value: number): number => (value === Infinity ? 0xffff_ffff : value);

/** An address in the format of `addr_info`. */
function addressToJson(each: Address): JsonObject {
  const [local, length] = each.address.split('/');
  const [peer, peerLength] = each.peer?.split('/') ?? [];
  const flags = each.flags
    .filter((flag) => flag !== 'permanent')
    .map((flag) => [flag === 'secondary' && each.family === 6 ? 'temporary' : flag, true]);
  return {
    family: each.family === 4 ? 'inet' : 'inet6',
    local,
    address: peer,
    prefixlen: Number(peerLength ?? length),
    metric: each.metric,
    broadcast: each.broadcast,
    anycast: each.anycast,
    scope: String(each.scope),
    ...Object.fromEntries(flags),
    dynamic: each.flags.includes('permanent') ? undefined : true,
    label: each.label,
    valid_life_time: seconds(each.validLifetime),
    preferred_life_time: seconds(each.preferredLifetime),
  };
}
