import type { NumberRange, Rule } from '@ts-c/network';
import { hex, type Detail, type JsonObject } from './json.ts';

const ipProtocols: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  132: 'sctp',
};

/** Rules in the format of `ip -j rule`. */
export function rulesToJson(rules: readonly Rule[], { details }: Detail): JsonObject[] {
  return rules.map((rule) => {
    const { mark, markMask, protocol, action, ipProtocol } = rule;
    const isAction = action !== 'table' && action !== 'goto' && action !== 'nop';
    return {
      priority: rule.priority,
      not: isNull(rule.invert),
      ...networkOf('src', rule.from ?? 'all'),
      ...(rule.to === undefined ? {} : networkOf('dst', rule.to)),
      tos: rule.tos === undefined ? undefined : `0x${rule.tos.toString(16).padStart(2, '0')}`,
      fwmark: mark === undefined && markMask === undefined ? undefined : hex(mark ?? 0),
      fwmask: markMask === undefined || markMask === 0xffff_ffff ? undefined : hex(markMask),
      iif: rule.inputDevice,
      iif_detached: isNull(rule.isInputDetached),
      oif: rule.outputDevice,
      oif_detached: isNull(rule.isOutputDetached),
      uid_start: rule.uids?.start,
      uid_end: rule.uids?.end,
      ipproto:
        ipProtocol === undefined ? undefined : (ipProtocols[ipProtocol] ?? `ipproto-${ipProtocol}`),
      ...portsOf('sport', rule.sourcePorts),
      ...portsOf('dport', rule.destinationPorts),
      table: rule.table === undefined ? undefined : String(rule.table),
      suppress_prefixlen: rule.suppressPrefixLength,
      suppress_ifgroup:
        rule.suppressGroup === undefined ? undefined : groupName(rule.suppressGroup),
      goto: action === 'goto' ? (rule.goto ?? 'none') : undefined,
      unresolved: isNull(action === 'goto' && rule.isUnresolved),
      nop: isNull(action === 'nop'),
      action: isAction ? String(action) : undefined,
      protocol:
        protocol !== undefined && (details || (protocol !== 'unspec' && protocol !== 'kernel'))
          ? String(protocol)
          : undefined,
    };
  });
}

const isNull = (value: boolean | undefined): null | undefined => (value ? null : undefined);

const groupName = (group: number): string => (group === 0 ? 'default' : String(group));

function networkOf(key: string, network: string): JsonObject {
  const [address = '', length] = network.split('/');
  const isHost = Number(length) === (address.includes(':') ? 128 : 32);
  return {
    [key]: address,
    [`${key}len`]: length === undefined || isHost ? undefined : Number(length),
  };
}

function portsOf(key: string, ports: NumberRange | undefined): JsonObject {
  if (!ports) return {};
  if (ports.start === ports.end) return { [key]: ports.start };
  return { [`${key}_start`]: ports.start, [`${key}_end`]: ports.end };
}
