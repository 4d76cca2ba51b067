// Links, addresses, routes, neighbours and rules.
export * from './objects/index.ts';
export {
  watch,
  type Change,
  type Overrun,
  type WatchedObject,
  type WatchKind,
  type WatchOptions,
} from './route/watch.ts';
export * from './ping/index.ts';

// The network of a container.
export * from './container/index.ts';
export { formatPublished, parsePublish, type PublishedPorts } from './nftables/index.ts';

// What all of it is made of.
export * as netlink from './netlink/index.ts';
export * as rtnetlink from './route/index.ts';
export * as nftables from './nftables/index.ts';
export { NetlinkDecodeError } from './netlink/decode-error.ts';
export { NetlinkError } from './netlink/netlink-error.ts';
export { NetlinkSocket } from './netlink/socket.ts';
