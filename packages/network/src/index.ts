export * as netlink from './netlink/index.ts';
export * as rtnetlink from './route/index.ts';
export * as nftables from './nftables/index.ts';
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
