import { describe, expect, it } from 'vitest';
import { chooseAddress, gatewayOf } from './addresses.ts';
import { contains, formatCidr, networkOf, overlaps, parseCidr, type Cidr } from './cidr.ts';
import { randomName, stableMac } from './names.ts';

const cidr = (text: string): Cidr => parseCidr(text) as Cidr;
const set = (text: string): Set<string> => new Set(text.split(' ').filter(Boolean));

describe('parseCidr', () => {
  it.each([
    ['10.0.0.2/24', '10.0.0.2/24', '10.0.0.0/24'],
    ['255.255.255.255/0', '255.255.255.255/0', '0.0.0.0/0'],
    ['FD00:0:0::2/64', 'fd00::2/64', 'fd00::/64'],
    ['::ffff/128', '::ffff/128', '::ffff/128'],
    ['172.17.0.101/16', '172.17.0.101/16', '172.17.0.0/16'],
  ])('%s', (text, written, network) => {
    expect(formatCidr(cidr(text))).toBe(written);
    expect(formatCidr(networkOf(cidr(text)))).toBe(network);
  });

  it.each([
    '',
    '10.0.0.2',
    '10.0.0.2/33',
    '10.0.0.2/',
    '10.0.0/24',
    '::1/129',
    'fe80::1%lo/64',
    '1.2.3.4/24/8',
    '10.0.0.2/-1',
  ])('%j is none', (text) => expect(parseCidr(text)).toBeUndefined());

  it('tells what is inside of what', () => {
    expect(contains(cidr('10.0.0.9/24'), '10.0.0.255')).toBe(true);
    expect(contains(cidr('10.0.0.9/24'), '10.0.1.0')).toBe(false);
    expect(contains(cidr('10.0.0.9/24'), 'fd00::1')).toBe(false);
    expect(overlaps(cidr('10.0.0.0/8'), cidr('10.89.0.0/24'))).toBe(true);
    expect(overlaps(cidr('10.88.0.0/24'), cidr('10.89.0.0/24'))).toBe(false);
    expect(overlaps(cidr('0.0.0.0/0'), cidr('::/0'))).toBe(false);
  });
});

describe('chooseAddress', () => {
  it.each([
    ['10.0.0.0/29', '', '', '10.0.0.1'],
    ['10.0.0.1/29', '10.0.0.1', '', '10.0.0.2'],
    ['10.0.0.0/30', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
    ['10.0.0.0/29', '10.0.0.1', '10.0.0.2', '10.0.0.3'],
    ['10.0.0.0/30', '10.0.0.1 10.0.0.2', '', undefined],
    ['10.0.0.0/31', '10.0.0.0', '', '10.0.0.1'],
    ['10.0.0.7/32', '', '', '10.0.0.7'],
    ['10.0.1.0/23', '10.0.0.1', '', '10.0.0.2'],
    ['fd00::1/64', 'fd00::1', '', 'fd00::2'],
    ['fd00::/126', 'fd00::1 fd00::2', '', 'fd00::3'],
    ['fd00::/126', 'fd00::1 fd00::2 fd00::3', '', undefined],
    ['fd00::fffe/112', '', '', 'fd00::1'],
  ])('of %s, with %j taken and %j stale: %s', (network, taken, stale, expected) => {
    const leases = { addresses: set(stale), look: () => ({ left: 'gone' }) };
    expect(chooseAddress(cidr(network), { taken: set(taken), leases })).toBe(expected);
  });

  it('looks at leases only where there is no other address', () => {
    const looked: string[] = [];
    const leases = {
      addresses: set('10.0.0.2 10.0.0.3 10.0.0.4'),
      look(address: string) {
        looked.push(address);
        return address === '10.0.0.2' ? { holder: 'other' } : { left: 'gone' };
      },
    };
    const taken = set('10.0.0.1');
    expect(chooseAddress(cidr('10.0.0.0/28'), { taken, leases })).toBe('10.0.0.5');
    expect(looked).toEqual([]);
    for (const each of ['10.0.0.5', '10.0.0.6']) taken.add(each);
    expect(chooseAddress(cidr('10.0.0.0/29'), { taken, leases })).toBe('10.0.0.3');
    expect(looked).toEqual(['10.0.0.2', '10.0.0.3']);
  });

  it('goes past a byte', () => {
    const taken = new Set(Array.from({ length: 255 }, (_, index) => `10.0.0.${index + 1}`));
    expect(chooseAddress(cidr('10.0.0.0/16'), { taken })).toBe('10.0.1.0');
  });

  it('gives up on a network that is too large to be looked through', () => {
    const everything = { has: () => true } as unknown as ReadonlySet<string>;
    expect(chooseAddress(cidr('fd00::/64'), { taken: everything })).toBeUndefined();
  });
});

describe('names', () => {
  it('the gateway is the first address, unless there is one', () => {
    expect(gatewayOf(cidr('10.90.0.0/24'))).toBe('10.90.0.1');
    expect(gatewayOf(cidr('10.90.0.254/24'))).toBe('10.90.0.254');
    expect(gatewayOf(cidr('fd00::/64'))).toBe('fd00::1');
  });

  it('are random, and at most 15 bytes', () => {
    expect(randomName('veth', new Set())).toMatch(/^veth[a-z\d]{7}$/);
    expect(randomName('tenletters', new Set())).toMatch(/^tenletters[a-z\d]{5}$/);
  });

  it('are chosen anew where one is taken, and not for ever', () => {
    let count = 0;
    const random = (): string => `${(count += 1)}`;
    expect(randomName('v', new Set(['v1', 'v2']), random)).toBe('v3');
    expect(randomName('v', new Set(['vx']), () => 'x')).toBeUndefined();
  });

  it('hardware addresses are those of one device, the same for the same words', () => {
    for (let count = 0; count < 64; count += 1) {
      const mac = stableMac('bridge', `${count}`);
      expect(mac).toMatch(/^[\da-f][26ae](?::[\da-f]{2}){5}$/);
      expect(stableMac('bridge', `${count}`)).toBe(mac);
    }
    expect(stableMac('a', 'bc')).not.toBe(stableMac('ab', 'c'));
  });
});
