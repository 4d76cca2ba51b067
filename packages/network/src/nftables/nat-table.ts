import { describe, invalid } from '../netlink/invalid.ts';
import { NLM_F, parseIp, request, type Request } from '../netlink/index.ts';
import {
  comesFrom,
  drop,
  familyOf,
  forwardTo,
  hasAddress,
  hasPort,
  isFamily,
  isForwarded,
  isLocal,
  leavesBy,
  leavesElsewhere,
  leave,
  masquerade,
  type Expressions,
} from './expressions.ts';
import { deleteTable, newChain, newRule, newTable, NFPROTO } from './messages.ts';
import { checkPublished, formatPublished, type PublishedPorts } from './publish.ts';
import { isAny, isLoopback, overlap, targetsOf } from './reach.ts';

/** An address of a container, and how many bits of it are those of the bridge's network. */
export interface ContainerAddress {
  /** `10.0.0.2`, or `fd00::2`. */
  readonly address: string;
  /** From 0 to 32, or to 128. */
  readonly prefix: number;
}

/** What {@link natTable} plans for. */
export interface NatOptions {
  /** The id of the container: the table is called `ts-c-` and this. */
  readonly id: string;
  /** The name of the bridge that the container is on. */
  readonly bridge: string;
  readonly addresses: readonly ContainerAddress[];
  /** None unless given. */
  readonly published?: readonly PublishedPorts[] | undefined;
  /** Does what the container sends to the world have the host's address? Yes unless told otherwise. */
  readonly masquerade?: boolean | undefined;
  /**
   * The table belongs to the socket that made it: nobody else can change it, and the kernel removes it when the socket is closed, which
   * happens at the latest with the end of its process. No unless told otherwise.
   */
  readonly owned?: boolean | undefined;
}

/** A table that is to be made: nothing has been sent. */
export interface NatTable {
  /** Its name; its family is `inet`. */
  readonly name: string;
  /** The messages that make it, without begin and end of the batch. */
  readonly requests: readonly Request[];
}

/** How many rules a table may get; each port of a range that leads to other numbers takes some. */
const mostRules = 2048;

/** Where chains are hooked into the way of packets, with priorities of nft(8). */
const hooks = {
  guard: { type: 'filter', number: 0, priority: -300 },
  prerouting: { type: 'nat', number: 0, priority: -100 },
  output: { type: 'nat', number: 3, priority: -100 },
  postrouting: { type: 'nat', number: 4, priority: 100 },
} as const;
type ChainName = keyof typeof hooks;

/**
 * Plans the nf_tables table of a container on a bridge: pure data, for {@link addNatTable}. See nft(8), whose `list table` shows it.
 *
 * - What the container sends leaves the host with the host's address (masquerading), unless it stays on the bridge.
 * - Published ports of the host lead to the container: for other machines, for the host itself, and for containers on the bridge, the
 *   container itself among them. Ports without an address are those of all addresses of the host, in the families that the container
 *   has. Ports on 127.0.0.1 are there for the host alone. On `::1` there are none: Linux can't forward from there.
 * - Nothing on the bridge reaches the host's 127.0.0.0/8, which `route_localnet` would let it: see {@link natSysctls}.
 *
 * Where `net.bridge.bridge-nf-call-iptables` is 1, the container reaches its own published ports only if its port of the bridge has
 * hairpin mode.
 *
 * It decides nothing about who may pass: where the host has a filter whose forward chain drops, that has to let the bridge through.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field: names that the kernel would not take, ports that overlap, ports on
 * an address of a family that the container has no address of, or on `::1`.
 */
export function natTable(options: NatOptions): NatTable {
  const name = natTableName(options.id);
  const { addresses, bridge, published = [] } = options;
  checkAddresses(addresses);
  checkDevice(bridge);
  published.forEach((each, index) => checkPublished(each, `published[${index}]`));
  checkOverlaps(published);
  const rules: Record<ChainName, Expressions[]> = {
    guard: [],
    prerouting: [],
    output: [],
    postrouting: [],
  };
  for (const each of addresses) addPostrouting(rules.postrouting, options, each);
  if (addresses.some(({ address }) => familyOf(address) === NFPROTO.IPV4))
    for (const side of ['destination', 'source'] as const)
      rules.guard.push([
        ...comesFrom(bridge),
        ...isFamily(NFPROTO.IPV4),
        ...hasAddress(side, '127.0.0.0', 8),
        ...drop(),
      ]);
  // A connection to it would hang: the kernel takes no answer to ::1 from a bridge. This way it is refused at once.
  if (published.length > 0 && addresses.some(({ address }) => familyOf(address) === NFPROTO.IPV6))
    rules.output.push([...isFamily(NFPROTO.IPV6), ...hasAddress('destination', '::1'), ...leave()]);
  for (const [index, each] of published.entries())
    for (const { address } of targetsOf(each, addresses, `published[${index}]`))
      for (const rule of forwardRules(each, address)) {
        rules.output.push(rule);
        // From elsewhere nothing comes to a loopback address, whoever sends it there.
        if (!isLoopback(each.hostAddress)) rules.prerouting.push(rule);
      }
  const count = Object.values(rules).flat().length;
  if (count > mostRules)
    throw invalid(
      `published: expected ports that take at most ${mostRules} rules, got ${count}; ranges that lead to the same numbers take one`,
    );
  return { name, requests: requestsOf(name, options.owned === true, rules) };
}

/**
 * The message that deletes the table of a container.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for an id that no table can have.
 */
export function removeNatTable(id: string): Request {
  return request(deleteTable, { family: NFPROTO.INET, name: natTableName(id) });
}

/**
 * The name of the table of a container.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` where that has more than the 255 bytes that the kernel takes, or what nft(8) can't spell.
 */
export function natTableName(id: string): string {
  const name = `ts-c-${id}`;
  if (typeof id !== 'string' || !/^[\w.-]+$/.test(id) || name.length > 255)
    throw invalid(
      `id: expected at most 250 letters, digits and any of _ - . for the name of a table, got ${describe(id)}`,
    );
  return name;
}

function addPostrouting(
  rules: Expressions[],
  { bridge, masquerade: masquerades = true, published = [] }: NatOptions,
  { address, prefix }: ContainerAddress,
): void {
  const family = familyOf(address);
  if (masquerades)
    rules.push([
      ...isFamily(family),
      ...hasAddress('source', address),
      ...leavesElsewhere(bridge),
      ...masquerade(),
    ]);
  if (published.length === 0) return;
  const toContainer = [
    ...isFamily(family),
    ...hasAddress('destination', address),
    ...leavesBy(bridge),
    ...isForwarded(),
  ];
  // The answers have to come back this way, and not straight from one container to the other, which would not know what they are.
  rules.push([...toContainer, ...hasAddress('source', address, prefix), ...masquerade()]);
  // The host's own: 127.0.0.1 can't go out, and the container may have no route to others of the host's addresses.
  rules.push([...toContainer, ...isLocal('source'), ...masquerade()]);
}

/** The rules that lead ports to an address of the container. */
function forwardRules(
  { hostAddress, hostPort, port, count = 1, protocol = 'tcp' }: PublishedPorts,
  address: string,
): Expressions[] {
  const rule = (from: number, to: number, target: number | undefined): Expressions => [
    ...isFamily(familyOf(address)),
    ...(hostAddress === undefined || isAny(hostAddress)
      ? isLocal('destination')
      : hasAddress('destination', hostAddress)),
    ...hasPort(protocol, from, to),
    ...forwardTo(address, target),
  ];
  if (count === 1) return [rule(hostPort, hostPort, port)];
  if (hostPort === port) return [rule(hostPort, hostPort + count - 1, undefined)];
  return Array.from({ length: count }, (_, index) =>
    rule(hostPort + index, hostPort + index, port + index),
  );
}

function requestsOf(
  table: string,
  owned: boolean,
  rules: Readonly<Record<ChainName, readonly Expressions[]>>,
): Request[] {
  const family = NFPROTO.INET;
  const OWNER = 2;
  const ACCEPT = 1;
  const requests: Request[] = [
    request(newTable, { family, name: table, flags: owned ? OWNER : 0 }, NLM_F.CREATE | NLM_F.EXCL),
  ];
  for (const [name, { type, number, priority }] of Object.entries(hooks)) {
    const list = rules[name as ChainName];
    if (list.length === 0) continue;
    const chain = { family, table, name, hook: { number, priority }, policy: ACCEPT, type };
    requests.push(request(newChain, chain, NLM_F.CREATE | NLM_F.EXCL));
    for (const elements of list)
      requests.push(
        request(
          newRule,
          { family, table, chain: name, expressions: { elements } },
          NLM_F.CREATE | NLM_F.APPEND,
        ),
      );
  }
  return requests;
}

function checkAddresses(addresses: readonly ContainerAddress[]): void {
  if (!Array.isArray(addresses) || addresses.length === 0)
    throw invalid('addresses: expected one or more of the container');
  for (const [index, { address, prefix }] of addresses.entries()) {
    const most = 8 * parseIp(address, `addresses[${index}].address`).length;
    if (!Number.isInteger(prefix) || prefix < 0 || prefix > most)
      throw invalid(
        `addresses[${index}].prefix: expected a number from 0 to ${most}, got ${describe(prefix)}`,
      );
  }
}

/** Sees to it that the name can be that of a device. */
export function checkDevice(name: string, field = 'bridge'): void {
  if (
    typeof name !== 'string' ||
    !/^[^\s/:\0]+$/.test(name) ||
    name === '.' ||
    name === '..' ||
    Buffer.byteLength(name) > 15
  )
    throw invalid(
      `${field}: expected the name of a device, 1 to 15 bytes without / : and white space, got ${describe(name)}`,
    );
}

function checkOverlaps(published: readonly PublishedPorts[]): void {
  for (const [index, one] of published.entries())
    for (const other of published.slice(0, index)) {
      if ((one.protocol ?? 'tcp') !== (other.protocol ?? 'tcp')) continue;
      if (one.hostPort >= other.hostPort + (other.count ?? 1)) continue;
      if (other.hostPort >= one.hostPort + (one.count ?? 1)) continue;
      if (!overlap(one.hostAddress, other.hostAddress)) continue;
      throw invalid(
        `published[${index}]: expected ports of the host that are not published yet, got ${formatPublished(one)} besides ${formatPublished(other)}`,
      );
    }
}
