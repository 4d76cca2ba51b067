import { checkString } from '@ts-c/syscall';
import { invalid, describe } from '../netlink/invalid.ts';
import { familyOf, type Family } from './cidr.ts';

/** Name resolution of a container, beside what the host has. */
export interface DnsOptions {
  /** Addresses of name servers, instead of the host's. */
  readonly servers?: readonly string[] | undefined;
  /** Domains to search in, instead of the host's. */
  readonly search?: readonly string[] | undefined;
  /** Options of resolv.conf(5), instead of the host's: `ndots:2`. */
  readonly options?: readonly string[] | undefined;
}

/** What the resolv.conf of a container depends on. */
export interface ResolvConfOptions extends DnsOptions {
  /** The text of the host's, if there is one. */
  readonly host?: string | undefined;
  /** Has the container a network namespace of its own? The host's loopback addresses mean nothing there. */
  readonly isNewNamespace?: boolean | undefined;
}

/**
 * The text of a container's `/etc/resolv.conf`, resolv.conf(5): the host's, with what is asked for instead of it.
 *
 * Where the host's only resolver is on its loopback, as with systemd-resolved, give the text of
 * `/run/systemd/resolve/resolv.conf`; without it, none is left.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for servers that are no IP addresses, and for words with white space.
 */
export function resolvConf({
  host = '',
  isNewNamespace = false,
  servers,
  search,
  options,
}: ResolvConfOptions): string {
  servers?.forEach((server, index) => checkServer(server, `dns.servers[${index}]`));
  search?.forEach((domain, index) => checkWord(domain, `dns.search[${index}]`));
  options?.forEach((option, index) => checkWord(option, `dns.options[${index}]`));
  const found = readResolvConf(host);
  const ownServers =
    servers ?? found.servers.filter((server) => !isNewNamespace || !isLoopback(server));
  const lines = ownServers.map((server) => `nameserver ${server}`);
  const domains = search ?? found.search;
  if (domains.length > 0) lines.push(`search ${domains.join(' ')}`);
  const more = options ?? found.options;
  if (more.length > 0) lines.push(`options ${more.join(' ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

/** Has a resolv.conf only resolvers on the loopback of its machine, or none at all? */
export function isLocalOnly(text: string): boolean {
  return readResolvConf(text).servers.every(isLoopback);
}

function readResolvConf(text: string) {
  const servers: string[] = [];
  const options: string[] = [];
  let search: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (word === 'nameserver' && rest[0]) servers.push(rest[0]);
    // The last of them counts.
    else if (word === 'search' || word === 'domain') search = rest;
    else if (word === 'options') options.push(...rest);
  }
  return { servers, search, options };
}

function isLoopback(server: string): boolean {
  return server.startsWith('127.') || server === '::1' || /^::ffff:127\./i.test(server);
}

/** What the hosts of a container depend on. */
export interface HostsOptions {
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
  /** The container's own addresses, with or without a prefix length. */
  readonly addresses?: readonly string[] | undefined;
  /** More names, each with its address: `db:10.0.0.5`, `db:[fd00::5]` or `db:fd00::5`. */
  readonly extra?: readonly string[] | undefined;
}

/**
 * The text of a container's `/etc/hosts`, hosts(5): the loopback's, its own name, and more.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for names with white space, and for more hosts without an address.
 */
export function hostsFile({
  hostname,
  domainname,
  addresses = [],
  extra = [],
}: HostsOptions): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'ff00::\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
  ];
  if (hostname) {
    checkWord(hostname, 'hostname');
    if (domainname) checkWord(domainname, 'domainname');
    const names = domainname ? `${hostname}.${domainname} ${hostname}` : hostname;
    // A host without a network finds itself, too.
    const own = addresses.length > 0 ? addresses : ['127.0.1.1'];
    for (const address of own) lines.push(`${address.replace(/\/.*/, '')}\t${names}`);
  }
  extra.forEach((text, index) => {
    const { name, address } = parseHost(text, `hosts[${index}]`);
    lines.push(`${address}\t${name}`);
  });
  return lines.map((line) => `${line}\n`).join('');
}

function parseHost(text: string, key: string): { readonly name: string; readonly address: string } {
  const [, name = '', bracketed, plain] = /^([^:\s]+):(?:\[([^\]]*)\]|(.*))$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? '';
  if (name === '' || !familyOf(address))
    throw invalid(
      `${key}: expected a name and an address such as db:10.0.0.5, got ${describe(text)}`,
    );
  return { name, address };
}

function checkServer(server: string, key: string): Family {
  const family = familyOf(server);
  if (!family)
    throw invalid(`${key}: expected an IP address such as 10.0.0.1, got ${describe(server)}`);
  return family;
}

function checkWord(word: string, key: string): void {
  checkString(key, word);
  if (!/^\S+$/.test(word))
    throw invalid(`${key}: expected a word without white space, got ${describe(word)}`);
}
