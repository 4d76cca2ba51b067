import { describe, expect, it } from 'vitest';
import { formatPublished, parsePublish, type PublishedPorts } from './publish.ts';

describe('parsePublish', () => {
  it.each<[string, PublishedPorts]>([
    ['8080:80', { hostPort: 8080, port: 80, count: 1, protocol: 'tcp' }],
    ['8080:80/tcp', { hostPort: 8080, port: 80, count: 1, protocol: 'tcp' }],
    [
      '127.0.0.1:8080:80/udp',
      { hostAddress: '127.0.0.1', hostPort: 8080, port: 80, count: 1, protocol: 'udp' },
    ],
    ['[::1]:8080:80', { hostAddress: '::1', hostPort: 8080, port: 80, count: 1, protocol: 'tcp' }],
    ['8000-8010:80-90', { hostPort: 8000, port: 80, count: 11, protocol: 'tcp' }],
    [
      '[2001:db8::1]:65534-65535:1-2/udp',
      { hostAddress: '2001:db8::1', hostPort: 65534, port: 1, count: 2, protocol: 'udp' },
    ],
  ])('reads %s', (text, published) => {
    expect(parsePublish(text)).toEqual(published);
    expect(parsePublish(formatPublished(published))).toEqual(published);
  });

  it.each([
    ['', 'no port of the host and port of the container'],
    ['80', 'no port of the host and port of the container'],
    [':80', 'no port of the host and port of the container'],
    ['8080:', 'no port of the host and port of the container'],
    ['::1:8080:80', 'an IPv6 address has to stand in brackets'],
    ['[::1:8080:80', 'no port of the host and port of the container'],
    ['[127.0.0.1]:8080:80', '"127.0.0.1" is no address'],
    ['localhost:8080:80', '"localhost" is no address'],
    [':8080:80', '"" is no address'],
    ['[]:8080:80', '"" is no address'],
    ['0:80', '0 is no port: there is no choosing a free one'],
    ['8080:0', '0 is no port: there is no choosing a free one'],
    ['65536:80', '65536 is no port, which is from 1 to 65535'],
    ['http:80', '"http" is no port and no range of ports'],
    ['8080:80-81', '1 ports of the host, but 2 of the container'],
    ['8010-8000:80-90', '"8010-8000" ends before it begins'],
    ['-1:80', '"-1" is no port and no range of ports'],
    ['8080:80/sctp', '"sctp" is no protocol, which is tcp or udp'],
    ['8080:80/', '"" is no protocol, which is tcp or udp'],
  ])('refuses %j', (text, why) => {
    expect(() => parsePublish(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringMatching(
          new RegExp(
            `^publish: ${escape(why)}: expected \\[HOSTIP:\\]HOSTPORT:PORT\\[/tcp\\|udp\\], such as `,
          ),
        ) as string,
      }),
    );
  });

  it('refuses addresses that it could take for others', () => {
    expect(() => parsePublish('[::ffff:127.0.0.1]:8080:80')).toThrow(
      'publish.hostAddress: expected the IPv4 address itself',
    );
    expect(() => parsePublish('[fe80::1%eth0]:8080:80')).toThrow(
      'publish.hostAddress: expected an IPv4 or IPv6 address',
    );
  });
});

const escape = (text: string): string => text.replaceAll(/[[\]().*+?^$|\\{}]/g, '\\$&');
