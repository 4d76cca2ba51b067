import {
  defaultPrefix,
  longestName,
  randomLength,
  type Network,
  type NetworkProblem,
  type Refuse,
} from './config.ts';
import { boundsOf, contains, familyOf, parseCidr, type Cidr, type Family } from './cidr.ts';

/** Types of networks. */
export const networkTypes = [
  'loopback',
  'veth',
  'netns',
  'host',
  'none',
  'macvlan',
  'ipvlan',
  'phys',
] as const;
export type NetworkType = (typeof networkTypes)[number];

/** Modes of the types that have any; the first is the usual one. */
export const modes = {
  macvlan: ['bridge', 'private', 'vepa', 'passthru'],
  ipvlan: ['l2', 'l3', 'l3s'],
} as const;

const alone: readonly string[] = ['host', 'none'];
const smallestMtu = { 4: 68, 6: 1280 } as const;
const largestMtu = 65535;
const longestPrefix = longestName - randomLength.least;

/** Finds what is wrong with networks, as far as that can be told without a look at the system. */
export function checkNetworks(networks: readonly Network[]): readonly NetworkProblem[] {
  const problems: NetworkProblem[] = [];
  const refuse: Refuse = (key, message) => void problems.push({ key, message });
  networks.forEach((network, index) => checkNetwork(network, `networks[${index}]`, refuse));
  checkTogether(networks, refuse);
  return problems;
}

function checkNetwork(network: Network, key: string, refuse: Refuse): void {
  const { type = '' } = network;
  if (!isType(type)) {
    refuse(`${key}.type`, `expected one of ${networkTypes.join(', ')}, got ${quote(type)}`);
    return;
  }
  if (type === 'netns' && !network.ns_path?.startsWith('/'))
    refuse(
      `${key}.ns_path`,
      `expected the absolute path of a network namespace such as /run/netns/blue, got ${quote(network.ns_path ?? '')}`,
    );
  // What libcontainer 1.1.0 ignores there, such as the address of a loopback, may be anything.
  if (type === 'veth') checkVeth(network, key, refuse);
  if (type === 'macvlan' || type === 'ipvlan' || type === 'phys') checkParent(network, key, refuse);
  if (type === 'macvlan' || type === 'ipvlan') checkMode(network, type, key, refuse);
  if (hasDevice(type)) checkDevice(network, key, refuse);
}

function checkVeth(
  { bridge, veth_prefix = defaultPrefix }: Network,
  key: string,
  refuse: Refuse,
): void {
  if (bridge) checkName(bridge, `${key}.bridge`, refuse);
  if (veth_prefix === '') return;
  checkName(veth_prefix, `${key}.veth_prefix`, refuse);
  if (Buffer.byteLength(veth_prefix) > longestPrefix)
    refuse(
      `${key}.veth_prefix`,
      `expected at most ${longestPrefix} bytes, so that ${randomLength.least} random ones fit behind it in a name of ${longestName}, got ${quote(veth_prefix)}`,
    );
}

function checkParent({ parent, type }: Network, key: string, refuse: Refuse): void {
  if (parent === 'lo')
    refuse(
      `${key}.parent`,
      `lo is the loopback of the host, and no ${type} can be made of it: name a device that ip link shows besides`,
    );
  else if (parent) checkName(parent, `${key}.parent`, refuse);
  else refuse(`${key}.parent`, `is missing: on which device of the host is the ${type}?`);
}

function checkMode({ mode }: Network, type: keyof typeof modes, key: string, refuse: Refuse): void {
  if (!mode || modes[type].some((each) => each === mode)) return;
  refuse(`${key}.mode`, `expected one of ${modes[type].join(', ')}, got ${quote(mode)}`);
}

function checkDevice(network: Network, key: string, refuse: Refuse): void {
  const { name, mac_address, mtu, type } = network;
  if (name) checkName(name, `${key}.name`, refuse);
  if (mac_address) checkMac(mac_address, type, `${key}.mac_address`, refuse);
  const addresses = checkAddresses(network, key, refuse);
  const subnets = checkSubnets(network, key, refuse);
  if (mtu !== undefined) {
    const hasIpv6 = [...addresses, ...subnets].some(({ family }) => family === 6);
    const least = smallestMtu[hasIpv6 ? 6 : 4];
    if (!Number.isInteger(mtu) || mtu < least || mtu > largestMtu)
      refuse(
        `${key}.mtu`,
        `expected a number of bytes from ${least}${hasIpv6 ? ' (as there are IPv6 addresses)' : ''} to ${largestMtu}, or nothing, got ${mtu}`,
      );
  }
  checkGateways(network, key, addresses, refuse);
}

function checkAddresses(
  { address, addresses = [] }: Network,
  key: string,
  refuse: Refuse,
): readonly Cidr[] {
  const list: [string, string][] = addresses.map((each, at) => [`${key}.addresses[${at}]`, each]);
  if (address) list.unshift([`${key}.address`, address]);
  const seen = new Set<string>();
  const found: Cidr[] = [];
  for (const [where, text] of list) {
    const cidr = parseCidr(text);
    if (!cidr) {
      refuse(where, `expected an address in CIDR notation ${example(text)}, got ${quote(text)}`);
    } else if (cidr.prefixLength === 0) {
      refuse(where, `expected a prefix length of 1 or more ${example(text)}, got ${quote(text)}`);
    } else if (isOfAll(cidr)) {
      refuse(
        where,
        `expected the address of one device, got that of the network or of all in it, ${quote(text)}`,
      );
    } else if (seen.has(cidr.address)) {
      refuse(where, `${cidr.address} is there twice`);
    } else {
      seen.add(cidr.address);
      found.push(cidr);
    }
  }
  return found;
}

/** Is it the first or the last address of an IPv4 network, which nobody answers to? */
function isOfAll(cidr: Cidr): boolean {
  const { family, prefixLength, value } = cidr;
  if (family !== 4 || prefixLength > 30) return false;
  return boundsOf(cidr).includes(value);
}

function checkSubnets(network: Network, key: string, refuse: Refuse): readonly Cidr[] {
  const found: Cidr[] = [];
  for (const [field, family] of [
    ['subnet', 4],
    ['ipv6_subnet', 6],
  ] as const) {
    const text = network[field];
    if (!text) continue;
    const cidr = parseCidr(text);
    const where = `${key}.${field}`;
    const sample = family === 4 ? '10.90.0.0/24' : 'fd00:90::/64';
    if (cidr?.family !== family)
      refuse(where, `expected an IPv${family} network such as ${sample}, got ${quote(text)}`);
    else if (cidr.prefixLength < 8 || cidr.prefixLength > (family === 4 ? 30 : 126))
      refuse(
        where,
        `expected a prefix length from 8 to ${family === 4 ? 30 : 126}, got ${quote(text)}`,
      );
    else found.push(cidr);
  }
  return found;
}

function checkGateways(
  network: Network,
  key: string,
  addresses: readonly Cidr[],
  refuse: Refuse,
): void {
  const { gateway, ipv6_gateway, onlink } = network;
  const known = [...addresses, ...subnetsOf(network)];
  for (const [field, text] of Object.entries({ gateway, ipv6_gateway })) {
    if (!text) continue;
    const where = `${key}.${field}`;
    const family = familyOf(text);
    if (!family || (field === 'ipv6_gateway' && family !== 6)) {
      const kind =
        field === 'gateway' ? 'an IP address such as 10.0.0.1' : 'an IPv6 address such as fd00::1';
      refuse(where, `expected ${kind}, got ${quote(text)}`);
      continue;
    }
    const ours = known.filter((each) => each.family === family);
    const other = known.find((each) => each.family !== family);
    if (ours.length === 0 && other)
      refuse(
        where,
        `expected an IPv${other.family} address as ${other.address} is one, or an IPv${family} address for the device too, got ${quote(text)}`,
      );
    else if (
      ours.length > 0 &&
      !onlink &&
      !isLinkLocal(text) &&
      !ours.some((each) => contains(each, text))
    )
      refuse(
        where,
        `${text} is outside of ${ours.map((each) => `${each.address}/${each.prefixLength}`).join(' and ')}, so it can't be reached; set onlink to true if it can`,
      );
    else if (ours.some((each) => each.address === text))
      refuse(where, `${text} is the address of the device itself`);
  }
  if (gateway && ipv6_gateway && familyOf(gateway) === 6)
    refuse(
      `${key}.ipv6_gateway`,
      'is there although gateway is an IPv6 address already: leave one of them out',
    );
}

/** The networks that addresses are to be taken from, as far as they are given. */
export function subnetsOf({ subnet, ipv6_subnet }: Network): readonly Cidr[] {
  return [subnet, ipv6_subnet].flatMap((text) => (text && parseCidr(text)) || []);
}

function isLinkLocal(address: string): boolean {
  return contains(parseCidr('fe80::/10') as Cidr, address);
}

function checkMac(mac: string, type: string | undefined, key: string, refuse: Refuse): void {
  if (type === 'ipvlan') {
    refuse(key, 'an ipvlan has the hardware address of its parent: leave it out');
    return;
  }
  if (!/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(mac) || /^(?:00:?){6}$/.test(mac))
    refuse(key, `expected a hardware address such as 02:00:00:00:00:01, got ${quote(mac)}`);
  else if (Number.parseInt(mac.slice(0, 2), 16) & 1)
    refuse(
      key,
      `expected the hardware address of one device, got that of a group, ${mac}: its first byte has to be even`,
    );
}

/** Checks what is to be the name of a device, as the kernel does: `dev_valid_name`. */
function checkName(name: string, key: string, refuse: Refuse): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > longestName)
    refuse(key, `expected at most ${longestName} bytes, got ${bytes}: ${quote(name)}`);
  else if (name === '.' || name === '..' || /[\s/:\0%]/.test(name))
    refuse(
      key,
      `expected the name of a device, without whitespace, "/", ":" or "%", got ${quote(name)}`,
    );
}

function checkTogether(networks: readonly Network[], refuse: Refuse): void {
  const only = networks.findIndex(({ type = '' }) => alone.includes(type));
  if (only >= 0 && networks.length > 1)
    refuse(
      `networks[${only}].type`,
      `${networks[only]?.type} can only be alone: leave the other networks out`,
    );
  const joined = networks.findIndex(({ type }) => type === 'netns');
  networks.forEach(({ type = '' }, index) => {
    if (joined >= 0 && index !== joined && type === 'netns')
      refuse(
        `networks[${index}].type`,
        'a container is in one network namespace: leave the second netns out',
      );
    if (joined >= 0 && hasDevice(type))
      refuse(
        `networks[${index}].type`,
        `a ${type} needs a network namespace of its own: leave networks[${joined}], the netns, out`,
      );
  });
  const defaults = new Map<Family, number>();
  networks.forEach(({ type = '', gateway, ipv6_gateway }, index) => {
    if (!hasDevice(type)) return;
    for (const [field, text] of Object.entries({ gateway, ipv6_gateway })) {
      const family = familyOf(text ?? '');
      const earlier = family && defaults.get(family);
      if (earlier !== undefined && earlier !== index)
        refuse(
          `networks[${index}].${field}`,
          `networks[${earlier}] has the gateway of IPv${family} already, and there is one default route: leave this one out`,
        );
      else if (family) defaults.set(family, index);
    }
  });
  const names = new Map<string, number>();
  networks.forEach((network, index) => {
    const name = network.name || (network.type === 'phys' ? network.parent : undefined);
    if (!name || !hasDevice(network.type ?? '')) return;
    const earlier = names.get(name);
    if (name === 'lo' && network.name)
      refuse(
        `networks[${index}].name`,
        'lo is the loopback of each network namespace: choose another name',
      );
    else if (earlier !== undefined)
      refuse(`networks[${index}].name`, `${name} is the name of networks[${earlier}] already`);
    else names.set(name, index);
  });
}

/** Does a network of this type give the container a device? */
export function hasDevice(type: string): type is 'veth' | 'macvlan' | 'ipvlan' | 'phys' {
  return type === 'veth' || type === 'macvlan' || type === 'ipvlan' || type === 'phys';
}

function isType(type: string): type is NetworkType {
  return networkTypes.some((each) => each === type);
}

const example = (text: string): string =>
  text.includes(':') ? 'such as fd00::2/64' : 'such as 10.0.0.2/24';

const quote = (text: string): string => JSON.stringify(text);
