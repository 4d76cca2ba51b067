import { BlockList, isIP } from 'node:net';
import type { NamespaceRequests } from '@ts-c/namespaces';
import {
  defaultBridge,
  hostsFile,
  parsePublish,
  resolvConf,
  type Network,
  type Route,
} from '@ts-c/network';
import type { NetworkDescription } from '../../description.ts';
import { suggest } from '../../suggest.ts';
import type { NetworkValues } from '../network-options.ts';
import { unexpected, UsageError } from '../usage-error.ts';

/** What the options of the network come to. */
export interface AskedNetwork {
  /** What the network namespace is, if `--network` says so. */
  readonly namespaces: Pick<NamespaceRequests, 'net'>;
  /** The network, if anything of it was asked for. */
  readonly network: NetworkDescription | undefined;
}

const expected =
  'none, host, loopback, bridge[:NAME], macvlan:DEVICE[:MODE], ipvlan:DEVICE[:MODE], phys:DEVICE or netns:/PATH';
/** What there is one of at most, and what no address or port can be about. */
const withoutDevices: ReadonlySet<string> = new Set(['loopback', 'host', 'netns']);
const kinds = ['none', 'host', 'loopback', 'bridge', 'macvlan', 'ipvlan', 'phys', 'netns'];

/**
 * Reads the options of the network.
 *
 * @throws {UsageError} for the first that can't be.
 */
export function parseNetwork(values: NetworkValues, id: string): AskedNetwork {
  const asked = values.network ?? [];
  const networks = asked.flatMap((text) => parseKind(text));
  const [alone] = asked.filter((text) => /^(none|host|loopback|netns)/.test(text));
  if (alone !== undefined && asked.length > 1)
    throw new UsageError(`--network ${alone}: goes with no other network`);
  const outer = networks.filter(({ type = '' }) => !withoutDevices.has(type));
  const { ip, publish, route, dns, 'dns-search': search, 'add-host': hosts } = values;
  for (const [name, value] of Object.entries({ ip, publish }))
    if (value && outer.length === 0)
      throw new UsageError(
        `--${name}: there is no network that it could be about`,
        'add --network bridge',
      );
  if (asked.length === 0 && !route && !dns && !search && !hosts)
    return { namespaces: {}, network: undefined };
  const [first, ...others] = outer;
  const withAddress = first && ip ? [{ ...first, ...addressesOf(ip, first) }, ...others] : outer;
  const hasFiles = outer.length > 0 || dns || search || hosts;
  checkFiles(values);
  return {
    namespaces: namespaceOf(asked),
    network: {
      id,
      networks: [
        ...networks.filter(({ type = '' }) => withoutDevices.has(type)).slice(0, 1),
        ...withAddress,
      ],
      ...(route ? { routes: route.map(parseRoute) } : {}),
      ...(publish ? { publish: publish.map(parsePort) } : {}),
      ...(hasFiles
        ? { dns: { ...(dns ? { servers: dns } : {}), ...(search ? { search } : {}) } }
        : {}),
      ...(hosts ? { hosts } : {}),
    },
  };
}

function namespaceOf([first]: readonly string[]): Pick<NamespaceRequests, 'net'> {
  if (first === undefined) return {};
  if (first === 'host') return { net: false };
  return { net: first.startsWith('netns:') ? first.slice('netns:'.length) : true };
}

function parseKind(text: string): readonly Network[] {
  const [kind = '', ...rest] = text.split(':');
  const argument = rest.join(':');
  const loopback: Network = { type: 'loopback' };
  switch (kind) {
    case 'none':
    case 'loopback':
    case 'host':
      if (argument !== '') break;
      return [kind === 'host' ? { type: 'host' } : loopback];
    case 'netns':
      if (!argument.startsWith('/')) break;
      return [{ type: 'netns', ns_path: argument }];
    case 'bridge':
      if (rest.length > 0 && argument === '') break;
      return [loopback, { type: 'veth', ...(argument === '' ? {} : { bridge: argument }) }];
    case 'macvlan':
    case 'ipvlan': {
      const [parent = '', mode] = rest;
      if (parent === '') break;
      return [loopback, { type: kind, parent, ...(mode === undefined ? {} : { mode }) }];
    }
    case 'phys':
      if (argument === '') break;
      return [loopback, { type: 'phys', parent: argument }];
    default:
  }
  throw unexpected(
    '--network',
    expected,
    text,
    kinds.includes(kind) ? undefined : suggest(kind, kinds),
  );
}

/** The first address is the device’s, the others come beside it. */
function addressesOf(list: readonly string[], network: Network): Network {
  const [address, ...addresses] = list.map((text) => withLength(text, network));
  return {
    ...(address === undefined ? {} : { address }),
    ...(addresses.length > 0 ? { addresses } : {}),
  };
}

function withLength(text: string, { type, bridge = defaultBridge.name }: Network): string {
  const [address = '', length] = text.split('/');
  const family = isIP(address);
  if (family === 0) throw unexpected('--ip', 'an address such as 10.89.0.5 or 10.0.0.2/24', text);
  const usual = defaultBridge.addresses.find((one) => isIP(one.split('/')[0] as string) === family);
  if (type !== 'veth' || bridge !== defaultBridge.name || !usual) {
    if (length !== undefined) return text;
    throw unexpected('--ip', 'an address with the length of its network, as 10.0.0.2/24', text);
  }
  const [network = '', usualLength = ''] = usual.split('/');
  const isInside = new BlockList();
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  isInside.addSubnet(network, Number(usualLength), kind);
  if (!isInside.check(address, kind))
    throw unexpected('--ip', `an address in the network of the bridge ${bridge}, ${usual}`, text);
  return length === undefined ? `${text}/${usualLength}` : text;
}

function parsePort(text: string): ReturnType<typeof parsePublish> {
  return asUsage(() => parsePublish(text), [['publish', '--publish']]);
}

/** What the files that the container is given are made of. */
function checkFiles({ dns, 'dns-search': search, 'add-host': hosts = [] }: NetworkValues): void {
  asUsage(() => {
    resolvConf({ servers: dns, search });
    hostsFile({ extra: hosts });
  }, [
    ['dns.servers', '--dns'],
    ['dns.search', '--dns-search'],
    ['hosts', '--add-host'],
  ]);
}

/** Errors of the package begin with what they are about; here that is an option. */
function asUsage<T>(body: () => T, options: readonly (readonly [string, string])[]): T {
  try {
    return body();
  } catch (error) {
    const { message } = error as Error;
    const [key, option] = options.find(([start]) => message.startsWith(start)) ?? ['', ''];
    const rest = message.slice(key.length).replace(/^\[\d+\]/, '');
    throw new UsageError(option + rest, undefined, { cause: error });
  }
}

const routeForm =
  'DESTINATION [via GATEWAY] [dev DEVICE] [src ADDRESS], as 10.1.0.0/16 via 10.89.0.1';
const words = { via: 'gateway', dev: 'interface_name', src: 'source' } as const;

/** A route as ip(8) has it: `10.1.0.0/16 via 10.89.0.1 dev eth0`, `default via 10.89.0.1`, `default dev eth1`. */
function parseRoute(text: string): Route {
  const [destination = '', ...rest] = text.trim().split(/\s+/);
  if (destination === '') throw unexpected('--route', routeForm, text);
  const route: Record<string, string> = { interface_name: 'eth0' };
  if (destination !== 'default') route['destination'] = asNetwork(destination);
  for (let index = 0; index < rest.length; index += 2) {
    const key = words[rest[index] as keyof typeof words];
    const value = rest[index + 1];
    if (key === undefined || value === undefined) throw unexpected('--route', routeForm, text);
    route[key] = key === 'source' ? asNetwork(value) : value;
  }
  // By a device alone: that of IPv6 is ::/0.
  if (destination === 'default' && !route['gateway'] && !route['source'])
    route['destination'] = '0.0.0.0/0';
  return route;
}

/** An address alone is, as with ip(8), a network of one. */
function asNetwork(text: string): string {
  const family = isIP(text);
  return family === 0 ? text : `${text}/${family === 4 ? 32 : 128}`;
}
