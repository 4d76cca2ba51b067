import { isIPv4 } from 'node:net';
import { parseIp, type Input } from '../netlink/index.ts';
import type { expression } from './expression-codecs.ts';
import { NFPROTO } from './messages.ts';
import type { Protocol } from './publish.ts';

/** An expression of a rule, as it is sent. */
export type Expression = Input<typeof expression>;

/** What {@link Expression}s are written from: some of them in the order in which they are evaluated. */
export type Expressions = readonly Expression[];

/** Which address of a packet. */
export type Side = 'source' | 'destination';

/** An IP family by its number in netfilter. */
export type Family = typeof NFPROTO.IPV4 | typeof NFPROTO.IPV6;

/** The family of an address. */
export const familyOf = (address: string): Family =>
  isIPv4(address) ? NFPROTO.IPV4 : NFPROTO.IPV6;

// Registers: 0 is the verdict, 1 and 2 have 16 bytes each.
const verdictRegister = 0;
const [first, second] = [1, 2];

const EQUAL = 0;
const NOT_EQUAL = 1;
const LESS_OR_EQUAL = 3;
const GREATER_OR_EQUAL = 5;

const META = { IIFNAME: 6, OIFNAME: 7, NFPROTO: 15, L4PROTO: 16 } as const;
const NETWORK_HEADER = 1;
const TRANSPORT_HEADER = 2;
const protocols: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17 };

const data = (value: Uint8Array): { readonly value: Uint8Array } => ({ value });
const bigEndian = (port: number): Uint8Array => Uint8Array.of(port >> 8, port & 0xff);
const native = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

const compare = (operation: number, value: Uint8Array): Expression => ({
  name: 'cmp',
  data: { source: first, operation, data: data(value) },
});
const load = (base: number, offset: number, length: number): Expression => ({
  name: 'payload',
  data: { register: first, base, offset, length },
});
const meta = (key: number): Expression => ({ name: 'meta', data: { register: first, key } });
const mask = (bits: Uint8Array): Expression => ({
  name: 'bitwise',
  data: {
    source: first,
    register: first,
    length: bits.length,
    mask: data(bits),
    xor: data(new Uint8Array(bits.length)),
  },
});
const set = (register: number, value: Uint8Array): Expression => ({
  name: 'immediate',
  data: { register, data: data(value) },
});

/** `meta nfproto ipv4`: the packet is of this family. All that looks into its header comes behind. */
export const isFamily = (family: Family): Expressions => [
  meta(META.NFPROTO),
  compare(EQUAL, Uint8Array.of(family)),
];

/** `ip saddr 192.0.2.0/24`: an address of the packet begins with so many bits of this one; all of them unless given. */
export function hasAddress(side: Side, address: string, prefix?: number): Expressions {
  const bytes = parseIp(address);
  const start = bytes.length === 4 ? 12 : 8;
  const bits = prefix ?? 8 * bytes.length;
  const length = Math.ceil(bits / 8);
  if (length === 0) return [];
  const network = bytes.slice(0, length);
  const loaded = load(NETWORK_HEADER, start + (side === 'source' ? 0 : bytes.length), length);
  if (bits % 8 === 0) return [loaded, compare(EQUAL, network)];
  const masked = new Uint8Array(length).fill(0xff);
  masked[length - 1] = (0xff << (8 - (bits % 8))) & 0xff;
  network.forEach((byte, index) => (network[index] = byte & (masked[index] as number)));
  return [loaded, mask(masked), compare(EQUAL, network)];
}

/** `fib daddr type local`: an address of the packet is one of this machine. */
export function isLocal(side: Side): Expressions {
  const ADDRESS_TYPE = 3;
  const RTN_LOCAL = 2;
  return [
    {
      name: 'fib',
      data: { register: first, result: ADDRESS_TYPE, flags: side === 'source' ? 1 : 2 },
    },
    compare(EQUAL, native(RTN_LOCAL)),
  ];
}

const deviceName = (name: string): Uint8Array => {
  const bytes = new Uint8Array(16);
  bytes.set(Buffer.from(name));
  return bytes;
};

/** `iifname "br0"`: it has come in there. */
export const comesFrom = (device: string): Expressions => [
  meta(META.IIFNAME),
  compare(EQUAL, deviceName(device)),
];
/** `oifname "br0"`: it leaves there. */
export const leavesBy = (device: string): Expressions => [
  meta(META.OIFNAME),
  compare(EQUAL, deviceName(device)),
];
/** `oifname != "br0"`: it leaves anywhere else. */
export const leavesElsewhere = (device: string): Expressions => [
  meta(META.OIFNAME),
  compare(NOT_EQUAL, deviceName(device)),
];

/** `tcp dport 8000-8010`: its destination port is one of these. */
export function hasPort(protocol: Protocol, from: number, to: number): Expressions {
  return [
    meta(META.L4PROTO),
    compare(EQUAL, Uint8Array.of(protocols[protocol])),
    load(TRANSPORT_HEADER, 2, 2),
    ...(from === to
      ? [compare(EQUAL, bigEndian(from))]
      : [compare(GREATER_OR_EQUAL, bigEndian(from)), compare(LESS_OR_EQUAL, bigEndian(to))]),
  ];
}

/** `ct status dnat`: its connection was sent somewhere else than where it wanted to go. */
export function isForwarded(): Expressions {
  const STATUS = 2;
  const IPS_DST_NAT = 0x20;
  return [
    { name: 'ct', data: { register: first, key: STATUS } },
    mask(native(IPS_DST_NAT)),
    compare(NOT_EQUAL, native(0)),
  ];
}

/** `masquerade`: it goes on with the address of the device by which it leaves. */
export const masquerade = (): Expressions => [{ name: 'masq', data: {} }];

/** `dnat ip to 192.0.2.1:80`: it goes there; to the port that it wanted, unless one is given. */
export function forwardTo(address: string, port?: number): Expressions {
  const DNAT = 1;
  const PORT_SPECIFIED = 2;
  const target = { type: DNAT, family: familyOf(address), firstAddress: first };
  if (port === undefined) return [set(first, parseIp(address)), { name: 'nat', data: target }];
  return [
    set(first, parseIp(address)),
    set(second, bigEndian(port)),
    { name: 'nat', data: { ...target, firstPort: second, flags: PORT_SPECIFIED } },
  ];
}

const verdict = (code: number): Expression => ({
  name: 'immediate',
  data: { register: verdictRegister, data: { verdict: { code } } },
});

/** `drop`. */
export const drop = (): Expressions => [verdict(0)];

/** `return`: the rest of the chain is not for it. */
export const leave = (): Expressions => [verdict(0x1_0000_0000 - 5)];
