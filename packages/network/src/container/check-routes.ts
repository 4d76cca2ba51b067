import { bitsOf, familyOf, formatCidr, networkOf, parseCidr, type Family } from './cidr.ts';
import type { NetworkProblem, Refuse, Route } from './config.ts';

/** Finds what is wrong with routes, as far as that can be told without a look at the system. */
export function checkRoutes(routes: readonly Route[]): readonly NetworkProblem[] {
  const problems: NetworkProblem[] = [];
  const refuse: Refuse = (key, message) => void problems.push({ key, message });
  routes.forEach((route, index) => checkRoute(route, `routes[${index}]`, refuse));
  return problems;
}

function checkRoute(route: Route, key: string, refuse: Refuse): void {
  const { destination, source, gateway, interface_name } = route;
  if (!interface_name)
    refuse(`${key}.interface_name`, 'is missing: over which device of the container is it, eth0?');
  if (!destination && !source && !gateway)
    refuse(key, 'needs a destination, a source or a gateway');
  const families = new Map<string, Family | undefined>();
  if (destination)
    families.set('destination', checkDestination(destination, `${key}.destination`, refuse));
  if (source) families.set('source', checkSource(source, `${key}.source`, refuse));
  if (gateway) {
    const family = familyOf(gateway);
    if (!family)
      refuse(
        `${key}.gateway`,
        `expected an IP address such as 10.0.0.1, got ${JSON.stringify(gateway)}`,
      );
    families.set('gateway', family);
  }
  const known = [...families].filter(([, family]) => family);
  const [first] = known;
  const other = known.find(([, family]) => family !== first?.[1]);
  if (first && other)
    refuse(
      `${key}.${other[0]}`,
      `mixes IPv4 and IPv6: expected IPv${first[1]} as the ${first[0]} is, got ${JSON.stringify(route[other[0] as keyof Route])}`,
    );
}

function checkDestination(text: string, key: string, refuse: Refuse): Family | undefined {
  const cidr = parseCidr(text);
  if (!cidr) {
    refuse(
      key,
      `expected a network in CIDR notation such as 10.0.0.0/24, got ${JSON.stringify(text)}`,
    );
    return undefined;
  }
  const network = networkOf(cidr);
  if (network.address !== cidr.address)
    refuse(
      key,
      `expected a network, got the address of a host in one, ${JSON.stringify(text)}: its network is ${formatCidr(network)}`,
    );
  return cidr.family;
}

function checkSource(text: string, key: string, refuse: Refuse): Family | undefined {
  const cidr = parseCidr(text);
  if (!cidr) {
    refuse(
      key,
      `expected an address in CIDR notation such as 10.0.0.2/24, got ${JSON.stringify(text)}`,
    );
    return undefined;
  }
  const { family, prefixLength } = cidr;
  // IPv4 has routes by where packets go, and not by where they come from.
  if (
    family === 4 &&
    prefixLength > 0 &&
    prefixLength < bitsOf(family) - 1 &&
    networkOf(cidr).value === cidr.value
  )
    refuse(
      key,
      `expected the address that packets are to have, such as 10.0.0.2/24, got a network, ${JSON.stringify(text)}`,
    );
  return family;
}
