import type { Link } from '@ts-c/network';
import { hex, type JsonObject } from './json.ts';

type Value = number | bigint | boolean | string | undefined;
type Data = Readonly<Record<string, Value | object>>;

const keep = (value: unknown): number | string =>
  (typeof value === 'bigint' ? Number(value) : value) as number;
const number = (value: unknown): number => Number(value);
const hexadecimal = (value: unknown): string => hex(Number(value));
/** Of a VLAN. */
const protocol = (value: unknown): string => String(value).replace('.1q', '.1Q');
/** Hundredths of a second. */
const timer = (value: unknown): number => Number(value) / 100;
const bridgeId = (value: unknown): string => {
  const { priority, address } = value as { priority: number; address: string };
  // As ether_ntoa(3) writes it.
  return `${priority.toString(16).padStart(4, '0')}.${address.replaceAll(/\b0/g, '')}`;
};

type Mapping = Readonly<
  Record<string, readonly [key: string, map: (value: unknown) => string | number | boolean]>
>;

const bridge: Mapping = {
  forwardDelay: ['forward_delay', keep],
  helloTime: ['hello_time', keep],
  maxAge: ['max_age', keep],
  ageingTime: ['ageing_time', keep],
  stpState: ['stp_state', keep],
  priority: ['priority', keep],
  vlanFiltering: ['vlan_filtering', number],
  vlanProtocol: ['vlan_protocol', protocol],
  bridgeId: ['bridge_id', bridgeId],
  rootId: ['root_id', bridgeId],
  rootPort: ['root_port', keep],
  rootPathCost: ['root_path_cost', keep],
  topologyChange: ['topology_change', keep],
  topologyChangeDetected: ['topology_change_detected', keep],
  helloTimer: ['hello_timer', timer],
  topologyChangeAckTimer: ['tcn_timer', timer],
  topologyChangeTimer: ['topology_change_timer', timer],
  garbageTimer: ['gc_timer', timer],
  defaultPvid: ['vlan_default_pvid', keep],
  vlanStatisticsEnabled: ['vlan_stats_enabled', number],
  vlanStatisticsPerPort: ['vlan_stats_per_port', number],
  groupForwardMask: ['group_fwd_mask', hexadecimal],
  groupAddress: ['group_addr', String],
  multicastSnooping: ['mcast_snooping', number],
  multicastRouter: ['mcast_router', keep],
  multicastQueryUseInterfaceAddress: ['mcast_query_use_ifaddr', number],
  multicastQuerier: ['mcast_querier', number],
  multicastHashElasticity: ['mcast_hash_elasticity', keep],
  multicastHashMax: ['mcast_hash_max', keep],
  multicastLastMemberCount: ['mcast_last_member_cnt', keep],
  multicastStartupQueryCount: ['mcast_startup_query_cnt', keep],
  multicastLastMemberInterval: ['mcast_last_member_intvl', number],
  multicastMembershipInterval: ['mcast_membership_intvl', number],
  multicastQuerierInterval: ['mcast_querier_intvl', number],
  multicastQueryInterval: ['mcast_query_intvl', number],
  multicastQueryResponseInterval: ['mcast_query_response_intvl', number],
  multicastStartupQueryInterval: ['mcast_startup_query_intvl', number],
  multicastStatisticsEnabled: ['mcast_stats_enabled', number],
  multicastIgmpVersion: ['mcast_igmp_version', keep],
  multicastMldVersion: ['mcast_mld_version', keep],
  netfilterIptables: ['nf_call_iptables', number],
  netfilterIp6tables: ['nf_call_ip6tables', number],
  netfilterArptables: ['nf_call_arptables', number],
};

const states = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'];

const bridgePort: Mapping = {
  state: ['state', (value) => states[value as number] ?? (value as number)],
  priority: ['priority', keep],
  cost: ['cost', keep],
  hairpin: ['hairpin', Boolean],
  guard: ['guard', Boolean],
  protect: ['root_block', Boolean],
  fastLeave: ['fastleave', Boolean],
  learning: ['learning', Boolean],
  unicastFlood: ['flood', Boolean],
  id: ['id', hexadecimal],
  number: ['no', hexadecimal],
  designatedPort: ['designated_port', keep],
  designatedCost: ['designated_cost', keep],
  bridgeId: ['bridge_id', bridgeId],
  rootId: ['root_id', bridgeId],
  holdTimer: ['hold_timer', timer],
  messageAgeTimer: ['message_age_timer', timer],
  forwardDelayTimer: ['forward_delay_timer', timer],
  topologyChangeAck: ['topology_change_ack', keep],
  configPending: ['config_pending', keep],
  proxyArp: ['proxy_arp', Boolean],
  proxyArpWifi: ['proxy_arp_wifi', Boolean],
  multicastRouter: ['multicast_router', keep],
  multicastFlood: ['mcast_flood', Boolean],
  broadcastFlood: ['bcast_flood', Boolean],
  multicastToUnicast: ['mcast_to_unicast', Boolean],
  neighbourSuppress: ['neigh_suppress', Boolean],
  groupForwardMask: ['group_fwd_mask', hexadecimal],
  vlanTunnel: ['vlan_tunnel', Boolean],
  isolated: ['isolated', Boolean],
  locked: ['locked', Boolean],
};

const macvlan: Mapping = {
  mode: ['mode', String],
  broadcastQueueLength: ['bcqueuelen', keep],
  usedBroadcastQueueLength: ['usedbcqueuelen', keep],
};

const map = (data: Data, mapping: Mapping): JsonObject =>
  Object.fromEntries(
    Object.entries(mapping).flatMap(([name, [key, to]]) =>
      data[name] === undefined ? [] : [[key, to(data[name])]],
    ),
  );

/** Those of {@link Link.data} that ip(8) shows. */
export function dataOf(
  { kind, data }: Link,
  nameOf: (index: number) => string | undefined,
): JsonObject | undefined {
  const given = data as unknown as Data | undefined;
  switch (kind ?? '') {
    case 'bridge': {
      const options = given?.['multiBoolean'] as { value: number; mask: number } | undefined;
      return {
        ...map(given ?? {}, bridge),
        no_linklocal_learn: options && options.mask & 1 ? options.value & 1 : undefined,
        mcast_vlan_snooping: options && options.mask & 2 ? (options.value >> 1) & 1 : undefined,
      };
    }
    case 'vlan':
      return {
        protocol: protocol(given?.['protocol']),
        id: given?.['id'] as number,
        flags: vlanFlags((given?.['flags'] as { flags: number } | undefined)?.flags ?? 0),
      };
    case 'macvlan':
    case 'macvtap':
      return map(given ?? {}, macvlan);
    case 'ipvlan':
      return {
        mode: given?.['mode'] as string,
        [['bridge', 'private', 'vepa'][given?.['flags'] as number] ?? 'bridge']: true,
      };
    case 'tun':
      return {
        type: given?.['type'] as string,
        pi: given?.['packetInformation'] as boolean,
        vnet_hdr: given?.['virtualNetHeader'] as boolean,
        multi_queue: given?.['isMultiQueue'] as boolean,
        ...(given?.['isMultiQueue']
          ? {
              numqueues: given['queues'] as number,
              numdisabled: given['disabledQueues'] as number,
            }
          : {}),
        persist: given?.['isPersistent'] as boolean,
        user: userName(given?.['owner'] as number | undefined),
        group: given?.['group'] as number | undefined,
      };
    case 'vxlan':
      return vxlan(given ?? {}, nameOf);
    default:
      return undefined;
  }
}

/** Those of {@link Link.port} that ip(8) shows. */
export function portOf({ portKind, port }: Link): JsonObject | undefined {
  if (portKind !== 'bridge' || port === undefined) return undefined;
  const data = port as unknown as Data;
  return {
    ...map(data, bridgePort),
    ...(data['groupForwardMask'] === 0 ? { group_fwd_mask_str: '0x0' } : {}),
  };
}

const vlanFlags = (flags: number): string[] =>
  ['REORDER_HDR', 'GVRP', 'LOOSE_BINDING', 'MVRP', 'BRIDGE_BINDING'].filter(
    (_, bit) => flags & (1 << bit),
  );

const userName = (uid: number | undefined): string | number | undefined =>
  uid === 0 ? 'root' : uid;

function vxlan(data: Data, nameOf: (index: number) => string | undefined): JsonObject {
  const isSet = (name: string): true | undefined => (data[name] ? true : undefined);
  const address = (name: string, none: string): string | undefined =>
    data[name] === undefined || data[name] === none ? undefined : (data[name] as string);
  const [group, group6] = [address('group', '0.0.0.0'), address('group6', '::')];
  const isMulticast =
    group === undefined ? group6?.startsWith('ff') : Number(group.split('.')[0]) >> 4 === 14;
  return {
    external: isSet('collectMetadata'),
    id: data['id'] as number,
    [isMulticast ? 'group' : 'remote']: group,
    [isMulticast ? 'group6' : 'remote6']: group6,
    local: address('local', '0.0.0.0'),
    local6: address('local6', '::'),
    link: data['link'] ? nameOf(data['link'] as number) : undefined,
    port_range: data['portRange'] as { low: number; high: number } | undefined,
    port: data['port'] as number,
    learning: data['learning'] as boolean,
    proxy: isSet('proxy'),
    rsc: isSet('routeShortCircuit'),
    l2miss: isSet('l2Miss'),
    l3miss: isSet('l3Miss'),
    tos: data['tos'] ? hex(data['tos'] as number) : undefined,
    ttl: data['ttlInherit'] ? undefined : (data['ttl'] as number),
    df: ['unset', 'set', 'inherit'][data['dontFragment'] as number],
    ageing: data['ageing'] as number,
    limit: (data['limit'] as number) || undefined,
    udp_csum: data['udpChecksum'] as boolean,
    udp_zero_csum6_tx: data['udpZeroChecksum6Tx'] as boolean,
    udp_zero_csum6_rx: data['udpZeroChecksum6Rx'] as boolean,
    remcsum_tx: isSet('remoteChecksumTx'),
    remcsum_rx: isSet('remoteChecksumRx'),
    gbp: isSet('groupPolicy'),
    gpe: isSet('genericProtocolExtension'),
  };
}
