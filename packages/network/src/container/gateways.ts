import { contains, familyOf, parseCidr, type Cidr, type Family } from './cidr.ts';
import type { Network, Route } from './config.ts';

/** The gateways that a network is given by its configuration. */
export function gatewaysOf({ gateway, ipv6_gateway }: Network): string[] {
  return [gateway, ipv6_gateway].filter((each): each is string => Boolean(each));
}

/** The families that have a default route by the configuration. */
export function defaultsOf(networks: readonly Network[], routes: readonly Route[]): Set<Family> {
  return new Set([
    ...networks.flatMap(gatewaysOf).flatMap((each) => familyOf(each) ?? []),
    ...routes.flatMap(defaultOf),
  ]);
}

/** The family of a route, if that is a default route. */
function defaultOf({ destination, source, gateway = '' }: Route): readonly Family[] {
  const to = destination ? parseCidr(destination) : undefined;
  if (to && to.prefixLength > 0) return [];
  return [to?.family ?? familyOf(gateway) ?? parseCidr(source ?? '')?.family ?? []].flat();
}

/**
 * The addresses of a bridge that are gateways of a device on it: one for each family that has no default route yet, in the network of
 * one of the device's addresses.
 *
 * @param defaults Families that have one; those that get one here are added.
 */
export function bridgeGateways(
  list: readonly Cidr[],
  own: readonly Cidr[],
  defaults: Set<Family>,
): readonly string[] {
  const found = own.filter(
    ({ family, address }) =>
      !defaults.has(family) && list.some((network) => contains(network, address)),
  );
  for (const { family } of found) defaults.add(family);
  return found.map(({ address }) => address);
}
