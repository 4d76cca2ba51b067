import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../netlink/index.ts';
import { natTable, natTableName, removeNatTable, type NatOptions } from './nat-table.ts';
import { parsePublish } from './publish.ts';

const addresses = [
  { address: '10.0.0.2', prefix: 24 },
  { address: 'fd00::2', prefix: 64 },
];
const options = { id: 'web', bridge: 'br0', addresses } satisfies NatOptions;
const publish = (...texts: string[]): NatOptions => ({
  ...options,
  published: texts.map(parsePublish),
});
const names = (plan: NatOptions): string[] =>
  natTable(plan).requests.map(({ operation }) => operation.name.replace('NFT_MSG_NEW', ''));
/** How many more messages than for one port that leads to the same number. */
const rules = (text: string): number => names(publish(text)).length - names(publish('1:1')).length;
const chains = (plan: NatOptions): string[] =>
  natTable(plan).requests.flatMap(({ operation, body }) =>
    operation.name === 'NFT_MSG_NEWCHAIN' ? [(body as { name: string }).name] : [],
  );
const refusal = (message: RegExp): unknown =>
  expect.objectContaining({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringMatching(message) as string,
  });

describe('natTable', () => {
  it('makes the chains that are needed, and nothing else', () => {
    expect(chains(options)).toEqual(['guard', 'postrouting']);
    expect(chains(publish('8080:80'))).toEqual(['guard', 'prerouting', 'output', 'postrouting']);
    expect(chains({ ...options, addresses: addresses.slice(1) })).toEqual(['postrouting']);
    expect(chains({ ...options, masquerade: false })).toEqual(['guard']);
    expect(names({ ...options, addresses: addresses.slice(1), masquerade: false })).toEqual([
      'TABLE',
    ]);
  });

  it('has nothing of loopback addresses where packets come in', () => {
    expect(chains(publish('127.0.0.1:8080:80'))).toEqual(['guard', 'output', 'postrouting']);
  });

  it('needs one rule for a range that leads to the same numbers, and one for each port otherwise', () => {
    expect(rules('6000-7000:6000-7000')).toBe(0);
    // Two families, two chains.
    expect(rules('6000-6002:80-82')).toBe(8);
    expect(() => natTable(publish('20000-21000:30000-31000'))).toThrow(
      refusal(/^published: expected ports that take at most 2048 rules, got \d+/),
    );
  });

  it('can be written: every message has its bytes', () => {
    for (const { operation, body } of natTable(publish('8080:80', '53:53/udp')).requests)
      expect(
        encodeMessage(operation.codec, { type: operation.type, body: body as never }),
      ).toBeInstanceOf(Buffer);
  });

  it.each<[string, Partial<NatOptions>, RegExp]>([
    ['an empty id', { id: '' }, /^id: expected at most 250 letters, digits/],
    ['an id with a space', { id: 'a b' }, /^id: expected .*, got "a b"$/],
    ['a long id', { id: 'x'.repeat(251) }, /^id: expected at most 250/],
    [
      'a long bridge',
      { bridge: 'b'.repeat(16) },
      /^bridge: expected the name of a device, 1 to 15 bytes/,
    ],
    ['a bridge with a slash', { bridge: '../x' }, /^bridge: /],
    ['no address', { addresses: [] }, /^addresses: expected one or more of the container$/],
    [
      'what is no address',
      { addresses: [{ address: '10.0.0', prefix: 24 }] },
      /^addresses\[0\]\.address: expected an IPv4 or IPv6 address, got "10.0.0"$/,
    ],
    [
      'a prefix of another family',
      { addresses: [{ address: '10.0.0.2', prefix: 64 }] },
      /^addresses\[0\]\.prefix: expected a number from 0 to 32, got 64$/,
    ],
    [
      'a family that the container has not',
      { addresses: addresses.slice(0, 1), published: [parsePublish('[2001:db8::1]:8080:80')] },
      /^published\[0\]\.hostAddress: expected an address of a family that the container has/,
    ],
    [
      '::1',
      { published: [parsePublish('[::1]:8080:80')] },
      /^published\[0\]\.hostAddress: expected 127\.0\.0\.1 for the host alone, got "::1"/,
    ],
    ['a port of 0', { published: [{ hostPort: 0, port: 80 }] }, /^published\[0\]\.hostPort/],
    [
      'too many ports',
      { published: [{ hostPort: 65535, port: 80, count: 2 }] },
      /^published\[0\]\.count/,
    ],
    [
      'a protocol that there is not',
      { published: [{ hostPort: 1, port: 1, protocol: 'sctp' as 'tcp' }] },
      /^published\[0\]\.protocol: expected tcp or udp, got "sctp"$/,
    ],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => natTable({ ...options, ...wrong })).toThrow(refusal(message));
  });

  it.each([
    ['8080:80', '8080:81'],
    ['8000-8010:80-90', '8010:1'],
    ['127.0.0.1:8080:80', '8080:80'],
    ['127.0.0.1:8080:80', '0.0.0.0:8080:80'],
    ['[2001:db8::1]:8080:80', '[2001:db8:0::1]:8080:81'],
  ])('refuses %s besides %s', (one, other) => {
    expect(() => natTable(publish(one, other))).toThrow(
      refusal(
        /^published\[1\]: expected ports of the host that are not published yet, got .* besides /,
      ),
    );
  });

  it.each([
    ['8080:80', '8080:80/udp'],
    ['8080:80', '8081:80'],
    ['127.0.0.1:8080:80', '192.0.2.1:8080:80'],
    ['0.0.0.0:8080:80', '[::]:8080:80'],
  ])('takes %s besides %s', (one, other) => {
    expect(natTable(publish(one, other)).name).toBe('ts-c-web');
  });

  it('is removed by its name', () => {
    expect(natTableName('web')).toBe('ts-c-web');
    expect(removeNatTable('web').body).toEqual({ family: 1, name: 'ts-c-web' });
    expect(natTableName('x'.repeat(250))).toHaveLength(255);
    expect(() => removeNatTable('a/b')).toThrow(refusal(/^id: /));
  });
});
