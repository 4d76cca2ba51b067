import { netlink } from '@ts-c/network';
import type { Facts } from './facts.ts';

/**
 * A text that is another one in each container of a kind, and of which a Program has only the bytes: a name that was chosen at random,
 * an address.
 */
export interface Blank {
  readonly kind: 'name' | 'address' | 'mac';
  readonly value: string;
}

/** A name that is shorter might stand where something else is meant. */
const shortest = 6;

/** What there is of that in a plan, each once, long ones first: a short one may be a part of them. */
export function blanksOf({ network, cgroup, scope }: Facts): readonly Blank[] {
  const names = [network?.id, cgroup?.name, scope?.name];
  const found: Blank[] = [];
  for (const device of network?.devices ?? []) {
    if (device.type === 'loopback') continue;
    if (device.type === 'veth') names.push(device.host);
    if (device.mac !== undefined) found.push({ kind: 'mac', value: device.mac });
    for (const cidr of device.addresses)
      found.push({ kind: 'address', value: cidr.replace(/\/.*/, '') });
  }
  for (const value of names)
    if (value !== undefined && value.length >= shortest) found.push({ kind: 'name', value });
  const unique = new Map(found.map((blank) => [blank.value, blank]));
  return [...unique.values()].toSorted((a, b) => b.value.length - a.value.length);
}

/** The networks that the addresses in a plan are in: rules are made of those, too. */
export function networksOf({ network }: Facts): readonly string[] {
  const addresses = (network?.devices ?? []).flatMap((device) =>
    device.type === 'loopback' ? [] : device.addresses,
  );
  return addresses.map((cidr) => {
    const [address = '', prefix] = cidr.split('/');
    // How many bits of a byte are the host's.
    const own = (index: number): number =>
      Math.min(Math.max(8 * (index + 1) - Number(prefix), 0), 8);
    const common = netlink
      .parseIp(address)
      .map((byte, index) => (byte >> own(index)) << own(index));
    return Buffer.from(common).toString('hex');
  });
}

/** Of an address. */
const lastGroup = /[^.:]*$/;

/** What containers of a kind have in common of a blank. Of an address that is all but what follows its last separator, and its length. */
export function shapeOf({ kind, value }: Blank): string {
  const common = kind === 'address' ? value.replace(lastGroup, '') : kind;
  return `${common} ${value.length}`;
}

/** The bytes that may stand for a blank. All values of one shape have as many. */
export function encodingsOf({ kind, value }: Blank): readonly Uint8Array[] {
  if (kind === 'name') return [Buffer.from(value)];
  if (kind === 'mac') return [Buffer.from(value.replaceAll(':', ''), 'hex')];
  return [netlink.parseIp(value), Buffer.from(value)];
}

/** Another value of the same shape, at random. */
export function anotherOf(blank: Blank): string {
  let other: string;
  do other = randomOf(blank);
  while (other === blank.value);
  return other;
}

function randomOf({ kind, value }: Blank): string {
  if (kind === 'name') return randomDigits(value.length, 36);
  if (kind === 'mac') return value.replaceAll(/[^:]+/g, ({ length }) => randomDigits(length, 16));
  const base = value.includes(':') ? 16 : 10;
  return value.replace(lastGroup, ({ length }) =>
    // At most 199, as a byte.
    base === 10 && length === 3 ? `1${randomDigits(2, 10)}` : randomDigits(length, base),
  );
}

/** Digits, of which the first is not 0. */
function randomDigits(length: number, base: number): string {
  const digit = (least: number): string =>
    (least + Math.floor(Math.random() * (base - least))).toString(base);
  return digit(1) + Array.from({ length: length - 1 }, () => digit(0)).join('');
}
