import { suggest } from '../../suggest.ts';
import type { Issues } from '../issues.ts';
import type { Config, Network, Route } from '../types.ts';
import { familyOf, familyOfCidr } from './address.ts';

const types = ['veth', 'loopback', 'netns'];

/** Checks `networks` and `routes`, as far as that is possible without making any. */
export function checkNetworks({ networks = [], routes = [] }: Config, issues: Issues): void {
  networks.forEach((network, index) => checkNetwork(network, `networks[${index}]`, issues));
  routes.forEach((route, index) => checkRoute(route, `routes[${index}]`, issues));
}

function checkNetwork(network: Network, path: string, issues: Issues): void {
  const { type = '', mtu = 0 } = network;
  if (!types.includes(type)) {
    const message = `expected veth, loopback or netns, got ${JSON.stringify(type)}`;
    issues.error(`${path}.type`, message, suggest(type, types));
  }
  if (mtu < 0) issues.error(`${path}.mtu`, `expected a number of bytes, got ${mtu}`);
  if (type === 'veth') checkVeth(network, path, issues);
  if (type === 'netns') checkNetns(network, path, issues);
}

function checkVeth(network: Network, path: string, issues: Issues): void {
  for (const key of ['bridge', 'veth_prefix', 'address'] as const) {
    if (!network[key]) issues.error(`${path}.${key}`, 'is missing, and a veth needs it');
  }
  const { address, gateway } = network;
  if (address && !familyOfCidr(address)) refuseCidr(address, `${path}.address`, issues);
  if (gateway && !familyOf(gateway)) refuseAddress(gateway, `${path}.gateway`, issues);
}

function checkNetns({ ns_path = '' }: Network, path: string, issues: Issues): void {
  if (ns_path.startsWith('/')) return;
  const message = `expected the absolute path of a network namespace, got ${JSON.stringify(ns_path)}`;
  issues.error(`${path}.ns_path`, message);
}

function checkRoute(route: Route, path: string, issues: Issues): void {
  const { destination, source, gateway, interface_name } = route;
  if (!interface_name)
    issues.error(`${path}.interface_name`, 'is missing: which device is it over?');
  if (!destination && !source && !gateway) {
    issues.error(path, 'needs a destination, a source or a gateway');
  }
  const families = new Set<4 | 6>();
  for (const key of ['destination', 'source'] as const) {
    const text = route[key];
    if (!text) continue;
    const family = familyOfCidr(text);
    if (family) families.add(family);
    else refuseCidr(text, `${path}.${key}`, issues);
  }
  if (gateway) {
    const family = familyOf(gateway);
    if (family) families.add(family);
    else refuseAddress(gateway, `${path}.gateway`, issues);
  }
  if (families.size > 1) issues.error(path, 'mixes IPv4 and IPv6');
}

function refuseCidr(text: string, path: string, issues: Issues): void {
  const message = `expected an address in CIDR notation such as 10.0.0.2/24, got ${JSON.stringify(text)}`;
  issues.error(path, message);
}

function refuseAddress(text: string, path: string, issues: Issues): void {
  issues.error(path, `expected an IP address such as 10.0.0.1, got ${JSON.stringify(text)}`);
}
