import { attributes } from '../netlink/attributes.ts';
import { ip } from '../netlink/ip.ts';
import { body } from '../netlink/message.ts';
import { be64, u16, u32, u8 } from '../netlink/numbers.ts';
import { operation } from '../netlink/request.ts';
import { padding, struct } from '../netlink/struct.ts';
import { string } from '../netlink/texts.ts';
import { RTM } from './types.ts';

/** What a rule does, `FR_ACT_*`. */
export const RULE_ACTION = {
  UNSPEC: 0,
  TO_TABLE: 1,
  GOTO: 2,
  NOP: 3,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
} as const;

/** Flags of a rule, `FIB_RULE_*`. */
export const RULE_FLAG = {
  PERMANENT: 1,
  INVERT: 2,
  UNRESOLVED: 4,
  IIF_DETACHED: 8,
  OIF_DETACHED: 0x10,
} as const;

const portRange = struct('fib_rule_port_range', { start: u16, end: u16 });

/** A rule that says which table of routes applies: `struct fib_rule_hdr` and `FRA_*`. */
export const ruleMessage = body(
  'rule',
  struct('fib_rule_hdr', {
    family: u8,
    destinationLength: u8,
    sourceLength: u8,
    tos: u8,
    /** The table, where it is below 256; `TABLE.COMPAT` or 0 otherwise. */
    shortTable: u8,
    pad: padding(2),
    action: u8,
    flags: u32,
  }),
  attributes({
    destination: [1, ip],
    source: [2, ip],
    inputInterface: [3, string],
    goto: [4, u32],
    priority: [6, u32],
    mark: [10, u32],
    flow: [11, u32],
    tunnelId: [12, be64],
    suppressInterfaceGroup: [13, u32],
    suppressPrefixLength: [14, u32],
    table: [15, u32],
    markMask: [16, u32],
    outputInterface: [17, string],
    l3mdev: [19, u8],
    uidRange: [20, struct('fib_rule_uid_range', { start: u32, end: u32 })],
    protocol: [21, u8],
    ipProtocol: [22, u8],
    sourcePorts: [23, portRange],
    destinationPorts: [24, portRange],
  }),
);

/** Adds a rule: with `NLM_F.CREATE` and `EXCL`. */
export const newRule = operation('RTM_NEWRULE', RTM.NEWRULE, ruleMessage);
/** Deletes a rule. */
export const deleteRule = operation('RTM_DELRULE', RTM.DELRULE, ruleMessage);
/** Asks for rules, in a dump. */
export const getRule = operation('RTM_GETRULE', RTM.GETRULE, ruleMessage);
