import { describe, expect, it } from 'vitest';
import { random } from '../../test/random.ts';
import { encodeMessage, NetlinkDecodeError, type BodyCodec } from '../netlink/index.ts';
import { getChain, getRule } from './messages.ts';
import { natTable } from './nat-table.ts';
import { parsePublish } from './publish.ts';

const { requests } = natTable({
  id: 'web',
  bridge: 'br0',
  addresses: [
    { address: '10.0.0.2', prefix: 20 },
    { address: 'fd00::2', prefix: 64 },
  ],
  published: ['127.0.0.1:8080:80', '53:53/udp', '6000-6010:6000-6010'].map(parsePublish),
});
const messages = requests.map(({ operation, body }) => ({
  codec: operation.codec as unknown as BodyCodec<never, never>,
  body,
  bytes: encodeMessage(operation.codec, { type: operation.type, body: body as never }),
}));

describe('messages of nf_tables', () => {
  it('are read as what has been written', () => {
    for (const { codec, body, bytes } of messages)
      expect(codec.decode(bytes, 16)).toMatchObject(plain(body) as object);
  });

  it('have priorities with a sign, in network order', () => {
    const body = { name: 'c', hook: { number: 4, priority: -300 } };
    const bytes = encodeMessage(getChain.codec, { type: getChain.type, body });
    expect(bytes.toString('hex')).toContain('08000200fffffed4');
    expect(getChain.codec.read(bytes, 16, bytes.length)).toMatchObject(body);
  });

  it('keep expressions that are not declared', () => {
    const counter = Buffer.from('0c0001000000000000000007', 'hex');
    const elements = [
      { name: 'counter', data: counter },
      { name: 'masq', data: {} },
    ];
    const body = { table: 't', chain: 'c', expressions: { elements } };
    const bytes = encodeMessage(getRule.codec, { type: getRule.type, body });
    const read = getRule.codec.read(bytes, 16, bytes.length);
    const again = encodeMessage(getRule.codec, { type: getRule.type, body: read as never });
    expect(again.equals(bytes)).toBe(true);
  });

  it('are read or refused when they are damaged', () => {
    const next = random(1);
    let refused = 0;
    for (let count = 0; count < 20_000; count += 1) {
      const { codec, bytes } = messages[next(messages.length)] as (typeof messages)[number];
      const damaged = Buffer.from(bytes.subarray(16, 16 + next(bytes.length - 15)));
      for (let changes = next(4); changes > 0 && damaged.length > 0; changes -= 1)
        damaged[next(damaged.length)] = next(256);
      try {
        codec.decode(damaged);
      } catch (error) {
        if (!(error instanceof NetlinkDecodeError)) throw error;
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

/** Without what is undefined, and with bytes of one type. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
