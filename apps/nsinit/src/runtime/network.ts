import { readFileSync } from 'node:fs';
import { uniqueName } from '@ts-c/cgroups';
import type { ProvidedFile } from '@ts-c/mount';
import {
  hostsFile,
  isLocalOnly,
  NetworkConfigError,
  planNetwork,
  resolvConf,
  type NetworkFacts,
  type NetworkPlan,
} from '@ts-c/network';
import type { ContainerDescription } from '../description.ts';
import { DescriptionError } from './check.ts';

/** What a network is planned for, if it is not this machine as it is at this moment. */
export interface NetworkSituation {
  /** What there is on the machine. */
  readonly facts?: NetworkFacts;
  /** Gives so many letters for the name of a device. */
  readonly random?: (length: number) => string;
}

/**
 * Plans a container's network, as far as it has one of its own.
 *
 * @throws {DescriptionError} for a network that can't be.
 */
export function networkOf(
  { network, namespaces }: ContainerDescription,
  { facts, random }: NetworkSituation = {},
): NetworkPlan | undefined {
  if (!network) return undefined;
  const { id = uniqueName(), networks, routes, publish } = network;
  return described(() => {
    const plan = planNetwork({ id, networks, routes, publish, random }, facts);
    if (plan.devices.length > 0 && namespaces.net !== true) {
      throw new DescriptionError(
        'network',
        'needs a new network namespace (NEWNET); without one its devices would be the host’s',
      );
    }
    // Nothing of it bears the name: such containers are all the same.
    return plan.devices.every(({ type }) => type === 'loopback') ? { ...plan, id: '' } : plan;
  });
}

/**
 * The files that a container with a network is given.
 *
 * @throws {DescriptionError} for name servers and hosts that can't be.
 */
export function networkFilesOf(
  { network, hostname, domainname, namespaces }: ContainerDescription,
  plan: NetworkPlan | undefined,
): readonly ProvidedFile[] {
  const { hosts = [] } = network ?? {};
  // The file of hosts comes with that of name servers.
  const dns = network?.dns ?? (hosts.length > 0 ? {} : undefined);
  if (!dns) return [];
  const isNewNamespace = namespaces.net === true;
  const addresses = (plan?.devices ?? []).flatMap((device) =>
    'addresses' in device ? device.addresses : [],
  );
  return described(() => [
    {
      path: '/etc/resolv.conf',
      text: resolvConf({ ...dns, host: hostResolvConf(isNewNamespace), isNewNamespace }),
    },
    { path: '/etc/hosts', text: hostsFile({ hostname, domainname, addresses, extra: hosts }) },
  ]);
}

/** This machine's. Where that leads to a resolver on its own loopback, the one that this asks. */
function hostResolvConf(isNewNamespace: boolean): string {
  const text = readIfThere('/etc/resolv.conf');
  if (!isNewNamespace || !isLocalOnly(text)) return text;
  return readIfThere('/run/systemd/resolve/resolv.conf') || text;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function described<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isOurs = error instanceof NetworkConfigError || code === 'ERR_INVALID_ARG_VALUE';
    if (error instanceof DescriptionError || !isOurs) throw error;
    // They begin with what they are about: `networks[0].address: …`.
    const [, key = 'networks', text = message] = /^([^\s:]+): (.*)$/s.exec(message) ?? [];
    const named = key.replace(/^published\b/, 'publish');
    const field = /^(hostname|domainname)$/.test(key) ? key : `network.${named}`;
    throw new DescriptionError(field, text, { cause: error });
  }
}
