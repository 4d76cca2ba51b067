export {
  addAddress,
  deleteAddress,
  listAddresses,
  setAddress,
  type Address,
  type AddressFlag,
  type AddressOptions,
  type ListAddressesOptions,
} from './addresses.ts';
export {
  addBridgeVlan,
  deleteBridgeVlan,
  listBridgeVlans,
  type BridgeVlan,
  type BridgeVlanOptions,
} from './bridge-vlans.ts';
export { createLink } from './create-link.ts';
export type { TunSpec } from './create-tun.ts';
export type { Link, LinkStatistics } from './link.ts';
export type {
  BridgeOptions,
  BridgePortOptions,
  IpvlanMode,
  IpvlanOptions,
  LinkData,
  MacvlanMode,
  MacvlanOptions,
  VlanOptions,
  VlanProtocol,
  VxlanOptions,
} from './link-data.ts';
export type { LinkSpec, PeerSpec } from './link-info.ts';
export type { LinkOptions } from './link-request.ts';
export type { AddressGenerationMode, LinkFlag, LinkType, OperationalState } from './link-types.ts';
export {
  deleteLink,
  getLink,
  listLinks,
  setLink,
  type LinkChanges,
  type ListLinksOptions,
} from './links.ts';
export {
  addNeighbour,
  deleteNeighbour,
  getNeighbour,
  listNeighbours,
  setNeighbour,
  type ListNeighboursOptions,
  type Neighbour,
  type NeighbourFlag,
  type NeighbourOptions,
  type NeighbourState,
} from './neighbours.ts';
export { NetworkNamespace } from './network-namespace.ts';
export type { Preference, Protocol, RouteFlag, RouteType, Scope, Table } from './route-names.ts';
export type { NexthopSpec, RouteMetrics, RouteSpec } from './route-request.ts';
export {
  addRoute,
  deleteRoute,
  getRoute,
  listRoutes,
  setRoute,
  type GetRouteOptions,
  type ListRoutesOptions,
  type Nexthop,
  type RouteEntry,
} from './routes.ts';
export {
  addRule,
  deleteRule,
  listRules,
  type NumberRange,
  type Rule,
  type RuleAction,
  type RuleSpec,
} from './rules.ts';
export type { Device, ObjectOptions } from './session.ts';
