export {
  deleteAddress,
  getAddress,
  IFA_F,
  newAddress,
  SCOPE,
  addressMessage,
} from './address-messages.ts';
export { BRIDGE_PORT_STATE, bridgeData, bridgePortData } from './bridge-messages.ts';
export { IPVLAN_FLAG, IPVLAN_MODE, MACVLAN_MODE, TUN_TYPE, VLAN_PROTOCOL } from './link-kinds.ts';
export {
  deleteLink,
  deleteLinkProperty,
  EXTENDED,
  getLink,
  IFF,
  linkMessage,
  newLink,
  newLinkProperty,
  setLink,
  type LinkKind,
} from './link-messages.ts';
export {
  deleteNeighbour,
  getNeighbour,
  neighbourMessage,
  newNeighbour,
  NTF,
  NUD,
} from './neighbour-messages.ts';
export {
  deleteRoute,
  getRoute,
  newRoute,
  ROUTE_FLAG,
  ROUTE_PROTOCOL,
  ROUTE_TYPE,
  routeMessage,
  TABLE,
} from './route-messages.ts';
export {
  deleteRule,
  getRule,
  newRule,
  RULE_ACTION,
  RULE_FLAG,
  ruleMessage,
} from './rule-messages.ts';
export { AF, RTM } from './types.ts';
export {
  watch,
  type Change,
  type Overrun,
  type WatchedObject,
  type WatchKind,
  type WatchOptions,
} from './watch.ts';
