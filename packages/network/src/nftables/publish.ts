import { isIP, isIPv4 } from 'node:net';
import { checkInteger } from '@ts-c/syscall';
import { describe, invalid } from '../netlink/invalid.ts';
import { parseIp } from '../netlink/index.ts';

/** Protocols whose ports can be published. */
export type Protocol = 'tcp' | 'udp';

/** Ports of the host that lead to ports of a container. */
export interface PublishedPorts {
  /** The address of the host on which they are open; all of them where it is missing. */
  readonly hostAddress?: string | undefined;
  /** The first port of the host, from 1 to 65535. */
  readonly hostPort: number;
  /** The port of the container that the first one leads to. */
  readonly port: number;
  /** How many ports in a row; 1 unless given. */
  readonly count?: number | undefined;
  /** `tcp` unless given. */
  readonly protocol?: Protocol | undefined;
}

const expected =
  '[HOSTIP:]HOSTPORT:PORT[/tcp|udp], such as 8080:80, 127.0.0.1:5353:53/udp or [2001:db8::1]:8000-8010:80-90';

/**
 * Reads what `--publish` takes: `[HOSTIP:]HOSTPORT:PORT[/tcp|udp]`. An IPv6 address stands in brackets; both ports may be ranges of the
 * same length.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which says what is expected instead.
 *
 * @example
 * parsePublish('127.0.0.1:8080:80'); // { hostAddress: '127.0.0.1', hostPort: 8080, port: 80, count: 1, protocol: 'tcp' }
 */
export function parsePublish(text: string): PublishedPorts {
  const refuse = (why: string): TypeError =>
    invalid(`publish: ${why}: expected ${expected}, got ${describe(text)}`);
  if (typeof text !== 'string') throw refuse('no text');
  const slash = text.lastIndexOf('/');
  const protocol = slash === -1 ? 'tcp' : text.slice(slash + 1);
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw refuse(`${describe(protocol)} is no protocol, which is tcp or udp`);
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?([^:[\]]+):([^:[\]]+)$/.exec(
    slash === -1 ? text : text.slice(0, slash),
  );
  if (!match)
    throw refuse(
      /^[^[]*:[^[]*:[^[]*:/.test(text)
        ? 'an IPv6 address has to stand in brackets'
        : 'no port of the host and port of the container',
    );
  const [, bracketed, plain, host = '', container = ''] = match;
  const hostAddress = bracketed ?? plain;
  if (hostAddress !== undefined && isIP(hostAddress) !== (bracketed === undefined ? 4 : 6))
    throw refuse(`${describe(hostAddress)} is no address`);
  const ports = { host: parseRange(host, refuse), container: parseRange(container, refuse) };
  if (ports.host.count !== ports.container.count)
    throw refuse(
      `${ports.host.count} ports of the host, but ${ports.container.count} of the container`,
    );
  const published = {
    ...(hostAddress === undefined ? {} : { hostAddress }),
    hostPort: ports.host.from,
    port: ports.container.from,
    count: ports.host.count,
    protocol,
  } satisfies PublishedPorts;
  checkPublished(published, 'publish');
  return published;
}

function parseRange(
  text: string,
  refuse: (why: string) => TypeError,
): { readonly from: number; readonly count: number } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) throw refuse(`${describe(text)} is no port and no range of ports`);
  const from = Number(match[1]);
  const to = Number(match[2] ?? from);
  if (from === 0) throw refuse('0 is no port: there is no choosing a free one');
  if (to > 65535) throw refuse(`${to} is no port, which is from 1 to 65535`);
  if (to < from) throw refuse(`${describe(text)} ends before it begins`);
  return { from, count: to - from + 1 };
}

/**
 * Sees to it that ports can be published.
 *
 * @param name What they are called in the error.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field.
 */
export function checkPublished(published: PublishedPorts, name: string): void {
  if (typeof published !== 'object' || published === null)
    throw invalid(
      `${name}: expected ports to publish, such as parsePublish('8080:80') gives, got ${describe(published)}`,
    );
  const { hostAddress, hostPort, port, count = 1, protocol = 'tcp' } = published;
  if (hostAddress !== undefined) {
    parseIp(hostAddress, `${name}.hostAddress`);
    if (/^::ffff:\d/i.test(hostAddress))
      throw invalid(
        `${name}.hostAddress: expected the IPv4 address itself, got ${describe(hostAddress)}`,
      );
  }
  checkInteger(`${name}.hostPort`, hostPort, 1, 65535);
  checkInteger(`${name}.port`, port, 1, 65535);
  checkInteger(`${name}.count`, count, 1, 65536 - Math.max(hostPort, port));
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw invalid(`${name}.protocol: expected tcp or udp, got ${describe(protocol)}`);
}

/** Writes ports as {@link parsePublish} reads them, for errors and lists. */
export function formatPublished(published: PublishedPorts): string {
  const { hostAddress, hostPort, port, count = 1, protocol = 'tcp' } = published;
  const range = (from: number): string => (count === 1 ? `${from}` : `${from}-${from + count - 1}`);
  const address =
    hostAddress === undefined || isIPv4(hostAddress) ? hostAddress : `[${hostAddress}]`;
  const host = address === undefined ? '' : `${address}:`;
  return `${host}${range(hostPort)}:${range(port)}/${protocol}`;
}
