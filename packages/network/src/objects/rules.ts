import { checkInteger } from '@ts-c/syscall';
import type { Family } from '../container/cidr.ts';
import type { Output } from '../netlink/codec.ts';
import { describe, invalid } from '../netlink/invalid.ts';
import { NLM_F } from '../netlink/message.ts';
import { request } from '../netlink/request.ts';
import {
  deleteRule as deleteOperation,
  getRule as getOperation,
  newRule,
  RULE_ACTION,
  RULE_FLAG,
  type ruleMessage,
} from '../route/rule-messages.ts';
import { TABLE } from '../route/route-messages.ts';
import { checkFamily, checkKeys, checkName, familyOfNumber, numberOf, toNetwork } from './check.ts';
import { names, type NameOf } from './names.ts';
import { protocols, tables, type Protocol, type Table } from './route-names.ts';
import { orNothing, withSocket, type ObjectOptions } from './session.ts';

const actions = names({
  table: RULE_ACTION.TO_TABLE,
  goto: RULE_ACTION.GOTO,
  nop: RULE_ACTION.NOP,
  blackhole: RULE_ACTION.BLACKHOLE,
  unreachable: RULE_ACTION.UNREACHABLE,
  prohibit: RULE_ACTION.PROHIBIT,
});
export type RuleAction = NameOf<typeof actions>;

/** From the first to the last. */
export interface NumberRange {
  readonly start: number;
  readonly end: number;
}

/** Which packets a rule is about, and which table of routes it sends them to. */
export interface RuleSpec {
  /** 4 or 6, where no network says it; 4 unless given. */
  readonly family?: Family | undefined;
  /** Rules apply in the order of these numbers. Unless given the kernel takes one before all that are there but the first. */
  readonly priority?: number | undefined;
  /** The network that packets come from; all unless given. */
  readonly from?: string | undefined;
  /** The network that packets go to; all unless given. */
  readonly to?: string | undefined;
  readonly inputDevice?: string | undefined;
  readonly outputDevice?: string | undefined;
  readonly mark?: number | undefined;
  readonly markMask?: number | undefined;
  readonly tos?: number | undefined;
  readonly ipProtocol?: number | undefined;
  readonly sourcePorts?: NumberRange | undefined;
  readonly destinationPorts?: NumberRange | undefined;
  readonly uids?: NumberRange | undefined;
  /** Is it about all packets but these? */
  readonly invert?: boolean | undefined;
  /** The table where routes are looked up: `main` unless `action` is another. */
  readonly table?: Table | undefined;
  readonly action?: RuleAction | number | undefined;
  /** The priority of the rule to go on with. */
  readonly goto?: number | undefined;
  /** Take no route of the table that has a prefix of at most this length. */
  readonly suppressPrefixLength?: number | undefined;
  readonly suppressGroup?: number | undefined;
  readonly protocol?: Protocol | number | undefined;
}

/** A rule that there is. It can be given to {@link addRule} and {@link deleteRule} as it is. */
export interface Rule extends RuleSpec {
  readonly family: Family;
  readonly priority: number;
  readonly action: RuleAction | number;
  /** Does it name an input or output device that is not there, or a goto without its rule? */
  readonly isInputDetached: boolean;
  readonly isOutputDetached: boolean;
  readonly isUnresolved: boolean;
}

/**
 * Lists the rules that say which tables of routes apply, ip-rule(8), in their order, those of IPv4 first.
 *
 * @throws {NetlinkError} where the kernel refuses.
 */
export async function listRules(
  options: ObjectOptions & { readonly family?: Family | undefined } = {},
): Promise<Rule[]> {
  const { family } = options;
  return withSocket(options, async (socket, wait) => {
    const all: Rule[] = [];
    for (const each of family === undefined ? ([4, 6] as const) : [family]) {
      const wanted = request(getOperation, { family: checkFamily(each) });
      for (const message of await orNothing(socket.dump(wanted, wait))) {
        const rule = toRule(message);
        if (rule) all.push(rule);
      }
    }
    return all;
  });
}

/**
 * Adds a rule.
 *
 * @throws {NetlinkError} `EEXIST` where there is such a rule.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit.
 *
 * @example
 * await addRule({ from: '10.1.0.0/16', table: 100, priority: 1000 });
 */
export async function addRule(rule: RuleSpec, options: ObjectOptions = {}): Promise<void> {
  const body = toBody(rule, false);
  await withSocket(options, (socket, wait) =>
    socket.request(request(newRule, body, NLM_F.CREATE | NLM_F.EXCL), wait),
  );
}

/**
 * Deletes the first rule that is as said; what is absent may be anything.
 *
 * @throws {NetlinkError} `ENOENT` where there is none.
 */
export async function deleteRule(rule: RuleSpec, options: ObjectOptions = {}): Promise<void> {
  const body = toBody(rule, true);
  await withSocket(options, (socket, wait) => socket.request(request(deleteOperation, body), wait));
}

type Body = Parameters<typeof newRule.codec.write>[1];

/** What a rule may have: what it is given, and what those have that are listed. */
const ruleKeys: Readonly<Record<keyof Rule, true>> = {
  family: true,
  priority: true,
  from: true,
  to: true,
  inputDevice: true,
  outputDevice: true,
  mark: true,
  markMask: true,
  tos: true,
  ipProtocol: true,
  sourcePorts: true,
  destinationPorts: true,
  uids: true,
  invert: true,
  table: true,
  action: true,
  goto: true,
  suppressPrefixLength: true,
  suppressGroup: true,
  protocol: true,
  isInputDetached: true,
  isOutputDetached: true,
  isUnresolved: true,
};

function toBody(rule: RuleSpec, isDeletion: boolean): Body {
  checkKeys('rule', rule, ruleKeys);
  const family = familyOfRule(rule);
  const to = rule.to === undefined ? undefined : toNetwork('to', rule.to, family);
  const from = rule.from === undefined ? undefined : toNetwork('from', rule.from, family);
  const { inputDevice, outputDevice, priority, goto, suppressPrefixLength, suppressGroup } = rule;
  if (inputDevice !== undefined) checkName('inputDevice', inputDevice);
  if (outputDevice !== undefined) checkName('outputDevice', outputDevice);
  for (const [field, value] of Object.entries({ priority, goto, suppressPrefixLength }))
    if (value !== undefined) checkInteger(field, value, 0, 0xffff_ffff);
  const action = actionOf(rule, isDeletion);
  const table =
    rule.table === undefined
      ? action === RULE_ACTION.TO_TABLE && !isDeletion
        ? TABLE.MAIN
        : 0
      : tables.toNumber('table', rule.table);
  return {
    family: numberOf(family),
    destinationLength: to?.prefixLength,
    sourceLength: from?.prefixLength,
    tos: rule.tos,
    shortTable: table < 256 ? table : TABLE.COMPAT,
    action,
    flags: rule.invert ? RULE_FLAG.INVERT : 0,
    destination: to && to.prefixLength > 0 ? to.address : undefined,
    source: from && from.prefixLength > 0 ? from.address : undefined,
    inputInterface: inputDevice,
    outputInterface: outputDevice,
    goto,
    priority,
    mark: rule.mark,
    markMask: rule.markMask,
    suppressPrefixLength,
    suppressInterfaceGroup: suppressGroup,
    table: table < 256 ? undefined : table,
    uidRange: toRange('uids', rule.uids, 0xffff_ffff),
    protocol:
      rule.protocol === undefined ? undefined : protocols.toNumber('protocol', rule.protocol),
    ipProtocol: rule.ipProtocol,
    sourcePorts: toRange('sourcePorts', rule.sourcePorts, 0xffff),
    destinationPorts: toRange('destinationPorts', rule.destinationPorts, 0xffff),
  };
}

function familyOfRule({ family, from, to }: RuleSpec): Family {
  if (family !== undefined && family !== 4 && family !== 6)
    throw invalid(`family: expected 4 or 6, got ${describe(family)}`);
  if (family !== undefined) return family;
  if (from !== undefined) return toNetwork('from', from).family;
  return to === undefined ? 4 : toNetwork('to', to).family;
}

function actionOf({ action, goto, table }: RuleSpec, isDeletion: boolean): number {
  if (action !== undefined) return actions.toNumber('action', action);
  if (goto !== undefined) return RULE_ACTION.GOTO;
  return isDeletion && table === undefined ? RULE_ACTION.UNSPEC : RULE_ACTION.TO_TABLE;
}

function toRange(
  field: string,
  range: NumberRange | undefined,
  most: number,
): NumberRange | undefined {
  if (range === undefined) return undefined;
  checkInteger(`${field}.start`, range.start, 0, most);
  checkInteger(`${field}.end`, range.end, range.start, most);
  return { start: range.start, end: range.end };
}

/** All bits mean none. */
const orNone = (value: number | undefined): number | undefined =>
  value === 0xffff_ffff ? undefined : value;

/** From a message; undefined for families that are no concern of ours. */
function toRule(message: Output<typeof ruleMessage>): Rule | undefined {
  const family = familyOfNumber(message.family);
  if (!family) return undefined;
  const { flags, action } = message;
  const none = family === 4 ? '0.0.0.0' : '::';
  const prefix = (address: string | undefined, length: number): string | undefined =>
    address === undefined && length === 0 ? undefined : `${address ?? none}/${length}`;
  return {
    family,
    priority: message.priority ?? 0,
    from: prefix(message.source, message.sourceLength),
    to: prefix(message.destination, message.destinationLength),
    inputDevice: message.inputInterface,
    outputDevice: message.outputInterface,
    mark: message.mark,
    markMask: message.markMask,
    tos: message.tos || undefined,
    ipProtocol: message.ipProtocol,
    sourcePorts: message.sourcePorts,
    destinationPorts: message.destinationPorts,
    uids: message.uidRange,
    invert: (flags & RULE_FLAG.INVERT) !== 0,
    table:
      action === RULE_ACTION.TO_TABLE
        ? tables.toName(message.table ?? message.shortTable)
        : undefined,
    action: actions.toName(action),
    goto: message.goto,
    suppressPrefixLength: orNone(message.suppressPrefixLength),
    suppressGroup: orNone(message.suppressInterfaceGroup),
    protocol: message.protocol === undefined ? undefined : protocols.toName(message.protocol),
    isInputDetached: (flags & RULE_FLAG.IIF_DETACHED) !== 0,
    isOutputDetached: (flags & RULE_FLAG.OIF_DETACHED) !== 0,
    isUnresolved: (flags & RULE_FLAG.UNRESOLVED) !== 0,
  };
}
