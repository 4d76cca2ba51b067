import { describe, expect, it } from 'vitest';
import { hostsFile, isLocalOnly, resolvConf } from './files.ts';
import { toStatistics } from './statistics.ts';

const host = `# from the network
nameserver 127.0.0.53
nameserver 192.0.2.53 ; the office's
nameserver ::1
domain old.example
search example.org lan
options edns0
options trust-ad ndots:1
`;

describe('resolvConf', () => {
  it.each([
    [
      'the host’s',
      { host },
      'nameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver ::1\nsearch example.org lan\noptions edns0 trust-ad ndots:1\n',
    ],
    [
      'without loopback',
      { host, isNewNamespace: true },
      'nameserver 192.0.2.53\nsearch example.org lan\noptions edns0 trust-ad ndots:1\n',
    ],
    [
      'servers',
      {
        host,
        servers: ['127.0.0.1', 'fd00::1'],
        isNewNamespace: true,
        search: [],
        options: ['ndots:2'],
      },
      'nameserver 127.0.0.1\nnameserver fd00::1\noptions ndots:2\n',
    ],
    ['nothing', {}, ''],
  ])('%s', (_what, options, text) => expect(resolvConf(options)).toBe(text));

  it.each([
    [{ servers: ['dns.example'] }, /^dns.servers\[0\]: expected an IP address/],
    [{ search: ['a b'] }, /^dns.search\[0\]: expected a word/],
    [{ options: ['a\nnameserver 192.0.2.1'] }, /^dns.options\[0\]: expected a word/],
  ])('refuses %o', (options, message) => {
    expect(() => resolvConf(options)).toThrow(message);
    expect(() => resolvConf(options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('tells where only the loopback is asked', () => {
    expect(isLocalOnly('nameserver 127.0.0.53\n')).toBe(true);
    expect(isLocalOnly(host)).toBe(false);
  });
});

const names = (text: string): string[] => text.split('\n').slice(6, -1);

describe('hostsFile', () => {
  it('has the names of the loopback, the container and others', () => {
    const text = hostsFile({
      hostname: 'box',
      domainname: 'example.org',
      addresses: ['10.0.0.2/24', 'fd00::2/64'],
      extra: ['db:10.0.0.5', 'six:[fd00::5]', 'seven:fd00::6'],
    });
    expect(text).toMatch(/^127.0.0.1\tlocalhost\n::1\tlocalhost /);
    expect(names(text)).toEqual([
      '10.0.0.2\tbox.example.org box',
      'fd00::2\tbox.example.org box',
      '10.0.0.5\tdb',
      'fd00::5\tsix',
      'fd00::6\tseven',
    ]);
    expect(names(hostsFile({ hostname: 'box' }))).toEqual(['127.0.1.1\tbox']);
    expect(names(hostsFile({}))).toEqual([]);
  });

  it.each(['db', 'db:', ':10.0.0.5', 'd b:10.0.0.5', 'db:10.0.0', 'db:10.0.0.5\n'])(
    'refuses the host %j',
    (text) => expect(() => hostsFile({ extra: [text] })).toThrow(/^hosts\[0\]: expected a name/),
  );
});

describe('toStatistics', () => {
  const none = {
    rxBytes: 0n,
    rxPackets: 0n,
    rxErrors: 0n,
    rxDropped: 0n,
    txBytes: 0n,
    txPackets: 0n,
    txErrors: 0n,
    txDropped: 0n,
  };
  it('adds up, exactly, and leaves zeros out', () => {
    expect(toStatistics([])).toEqual({});
    expect(toStatistics([none])).toEqual({});
    expect(
      toStatistics([
        { ...none, rxBytes: 1n, txDropped: 2n },
        { ...none, rxBytes: 2n ** 53n },
      ]),
    ).toEqual({
      rx_bytes: 2n ** 53n + 1n,
      tx_dropped: 2,
    });
  });
});
