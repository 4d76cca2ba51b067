import { u32, u64 } from '../netlink/numbers.ts';
import { struct } from '../netlink/struct.ts';
import type { Codec } from '../netlink/codec.ts';

/** The counters of a link in the order of `struct rtnl_link_stats64`, from the link's own point of view. */
function counters<T, I>(type: Codec<T, I>) {
  return {
    rxPackets: type,
    txPackets: type,
    rxBytes: type,
    txBytes: type,
    rxErrors: type,
    txErrors: type,
    rxDropped: type,
    txDropped: type,
    multicast: type,
    collisions: type,
    rxLengthErrors: type,
    rxOverErrors: type,
    rxCrcErrors: type,
    rxFrameErrors: type,
    rxFifoErrors: type,
    rxMissedErrors: type,
    txAbortedErrors: type,
    txCarrierErrors: type,
    txFifoErrors: type,
    txHeartbeatErrors: type,
    txWindowErrors: type,
    rxCompressed: type,
    txCompressed: type,
    rxNohandler: type,
  };
}

/** 64-bit counters. The last came with Linux 6.0, the one before with 4.6. */
export const linkStatistics = struct(
  'rtnl_link_stats64',
  { ...counters(u64), rxOtherhostDropped: u64 },
  23 * 8,
);

/** 32-bit counters, which overflow. */
export const linkStatistics32 = struct('rtnl_link_stats', counters(u32), 23 * 4);
