import { gatewayOf } from './addresses.ts';
import { bridgeMac, type BridgePlan } from './bridge.ts';
import { subnetsOf } from './check.ts';
import { cidrsOf, formatCidr, networkOf, overlaps, type Cidr } from './cidr.ts';
import { defaultBridge, type Network } from './config.ts';
import type { LinkFacts, NetworkFacts } from './facts.ts';
import { refusal } from './network-error.ts';

/** A bridge as it will be. */
export interface Bridge {
  readonly name: string;
  readonly isOnDemand: boolean;
  readonly addresses: readonly Cidr[];
}

/**
 * Chooses the bridge of a veth: one that is there, or one that is made on demand.
 *
 * @param planned Bridges that are made on demand already; one more is added.
 */
export function chooseBridge(
  network: Network,
  key: string,
  facts: NetworkFacts,
  planned: BridgePlan[],
): Bridge {
  const name = network.bridge || defaultBridge.name;
  const link = facts.links.get(name);
  if (link && link.kind !== 'bridge')
    throw refusal(
      'ERR_NO_DEVICE',
      `${key}.bridge`,
      `'${name}' is no bridge${link.kind ? `, it is a ${link.kind}` : ''}`,
    );
  const known = planned.find((each) => each.name === name);
  if (known) return { name, isOnDemand: true, addresses: known.addresses.flatMap(cidrsOf) };
  const subnets = subnetsOf(network);
  if (!link && name !== defaultBridge.name && subnets.length === 0)
    throw refusal(
      'ERR_NO_DEVICE',
      `${key}.bridge`,
      `there is no bridge '${name}': make it (ip link add ${name} type bridge), give a subnet to have it made, or leave bridge out to have ${defaultBridge.name} made`,
    );
  const mac = bridgeMac(name);
  if (link && link.mac !== mac)
    return { name, isOnDemand: false, addresses: link.addresses.flatMap(cidrsOf) };
  const addresses = addressesOf(name, link, subnets, facts, key);
  planned.push({ name, addresses: addresses.map(formatCidr), mac });
  return { name, isOnDemand: true, addresses };
}

/** The addresses of a bridge that is made on demand: those that it has, if it is there, as others are on it. */
function addressesOf(
  name: string,
  link: LinkFacts | undefined,
  subnets: readonly Cidr[],
  facts: NetworkFacts,
  key: string,
): readonly Cidr[] {
  const there = (link?.addresses ?? []).flatMap(cidrsOf);
  if (there.length > 0) return there;
  const wanted =
    subnets.length > 0
      ? subnets.flatMap((each) => cidrsOf(`${gatewayOf(each)}/${each.prefixLength}`))
      : defaultBridge.addresses.flatMap(cidrsOf);
  const addresses = wanted.filter(({ family }) => family === 4 || facts.hasIpv6);
  checkOverlap(addresses, name, facts, key);
  return addresses;
}

/** Refuses a network that would hide one of the host's. */
function checkOverlap(
  addresses: readonly Cidr[],
  name: string,
  { routes }: NetworkFacts,
  key: string,
): void {
  for (const each of addresses) {
    const other = routes.find(
      ({ network, device }) =>
        device !== name && network.prefixLength > 0 && overlaps(network, each),
    );
    if (!other) continue;
    const field = each.family === 4 ? 'subnet' : 'ipv6_subnet';
    throw refusal(
      'ERR_NETWORK_OVERLAP',
      `${key}.${field}`,
      `${formatCidr(networkOf(each))} of the bridge ${name} would overlap with ${formatCidr(other.network)}, which the host reaches over ${other.device}: set ${field} to a network that is free`,
    );
  }
}
