export { chooseAddress, type UsedAddresses } from './addresses.ts';
export { type BridgePlan } from './bridge.ts';
export { checkRoutes } from './check-routes.ts';
export { checkNetworks, modes, networkTypes, type NetworkType } from './check.ts';
export { defaultBridge, type Network, type NetworkProblem, type Route } from './config.ts';
export type {
  CommonPlan,
  DevicePlan,
  IpvlanPlan,
  LoopbackPlan,
  MacvlanPlan,
  PhysPlan,
  VethPlan,
} from './device.ts';
export type { LinkFacts, NetworkFacts, RouteFacts } from './facts.ts';
export {
  hostsFile,
  isLocalOnly,
  resolvConf,
  type DnsOptions,
  type HostsOptions,
  type ResolvConfOptions,
} from './files.ts';
export type { LeaseFacts, LeaseLook } from './lease-files.ts';
export { leaseRoot, type Lease } from './lease.ts';
export { NetworkConfigError, type NetworkErrorCode } from './network-error.ts';
export {
  networkState,
  planNetwork,
  type NetworkOptions,
  type NetworkPlan,
  type NetworkState,
} from './plan.ts';
export {
  networkStatistics,
  type Count,
  type NetworkStatistics,
  type StatisticsOptions,
} from './statistics.ts';
export { superviseNetwork, type SupervisedNetwork } from './supervise.ts';
export { sweepNetworks, type Swept } from './sweep.ts';
