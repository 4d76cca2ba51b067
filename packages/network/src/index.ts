export * as netlink from './netlink/index.ts';
export * as rtnetlink from './route/index.ts';
export * as nftables from './nftables/index.ts';
export {
  checkNetworks,
  checkRoutes,
  defaultBridge,
  hostsFile,
  isLocalOnly,
  NetworkConfigError,
  networkState,
  networkStatistics,
  planNetwork,
  resolvConf,
  superviseNetwork,
  sweepNetworks,
  type DnsOptions,
  type Network,
  type NetworkFacts,
  type NetworkOptions,
  type NetworkPlan,
  type NetworkState,
  type NetworkStatistics,
  type Route,
  type SupervisedNetwork,
} from './container/index.ts';
export { formatPublished, parsePublish, type PublishedPorts } from './nftables/index.ts';
export { NetlinkDecodeError } from './netlink/decode-error.ts';
export { NetlinkError } from './netlink/netlink-error.ts';
export { NetlinkSocket } from './netlink/socket.ts';
export {
  watch,
  type Change,
  type Overrun,
  type WatchedObject,
  type WatchKind,
  type WatchOptions,
} from './route/watch.ts';
export * from './container/index.ts';
export * from './objects/index.ts';
