import { parsePublish, type Network } from '@ts-c/network';
import type { NetworkDescription } from '../description.ts';
import { given } from './given.ts';
import type { Config } from './types.ts';

/** What a configuration says of the network; nothing if it says nothing. */
export function describeNetwork(config: Config): NetworkDescription | undefined {
  const { networks = [], routes = [], published_ports = [], dns, extra_hosts = [] } = config;
  // The file of hosts comes with that of name servers.
  const files = dns ?? (extra_hosts.length > 0 ? {} : undefined);
  if (networks.length + routes.length + published_ports.length === 0 && !files) return undefined;
  return {
    networks: describeNetworks(networks),
    ...given({
      routes: routes.map((route) => given(route)),
      publish: published_ports.map((text) => parsePublish(text)),
      hosts: extra_hosts,
    }),
    ...(files ? { dns: files } : {}),
  };
}

/** Networks without what is empty or zero, which is "not asked for". */
export function describeNetworks(networks: readonly Network[]): readonly Network[] {
  return networks.map((network) => given(network));
}
