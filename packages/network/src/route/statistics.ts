import { u64 } from '../netlink/numbers.ts';
import { struct } from '../netlink/struct.ts';

/**
 * 64-bit counters of a link, `struct rtnl_link_stats64`, from its own point of view. The last came with Linux 6.0, the one before
 * with 4.6.
 */
export const linkStatistics = struct(
  'rtnl_link_stats64',
  {
    rxPackets: u64,
    txPackets: u64,
    rxBytes: u64,
    txBytes: u64,
    rxErrors: u64,
    txErrors: u64,
    rxDropped: u64,
    txDropped: u64,
    multicast: u64,
    collisions: u64,
    rxLengthErrors: u64,
    rxOverErrors: u64,
    rxCrcErrors: u64,
    rxFrameErrors: u64,
    rxFifoErrors: u64,
    rxMissedErrors: u64,
    txAbortedErrors: u64,
    txCarrierErrors: u64,
    txFifoErrors: u64,
    txHeartbeatErrors: u64,
    txWindowErrors: u64,
    rxCompressed: u64,
    txCompressed: u64,
    rxNohandler: u64,
    rxOtherhostDropped: u64,
  },
  23 * 8,
);
