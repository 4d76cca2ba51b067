import { describe, expect, it } from 'vitest';
import {
  addAddress,
  addNeighbour,
  addRoute,
  addRule,
  createLink,
  deleteAddress,
  deleteNeighbour,
  deleteRoute,
  deleteRule,
  getNeighbour,
  getRoute,
  listAddresses,
  listNeighbours,
  listRoutes,
  listRules,
  setAddress,
  setLink,
  setNeighbour,
  setRoute,
  type AddressOptions,
  type RouteSpec,
  type RuleSpec,
} from '../src/index.ts';
import { network, type Network } from './network.ts';

/** A namespace with a veth pair that is up. */
async function pair(): Promise<Network> {
  const net = await network();
  await createLink({ kind: 'veth', name: 'a', up: true, peer: { name: 'b', up: true } }, net);
  return net;
}

const refused = (field: RegExp): object =>
  expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringMatching(field) });

describe('addresses', () => {
  it('are added, listed, changed and deleted, of both families', async () => {
    await using net = await pair();
    await addAddress('a', '10.0.0.1/24', { ...net, broadcast: true, label: 'a:x' });
    await addAddress('a', 'fd00::1/64', { ...net, noDuplicateDetection: true });
    await addAddress('b', '10.0.1.1', { ...net, peer: '10.0.1.2' });
    expect(await listAddresses({ ...net, device: 'a', family: 4 })).toMatchObject([
      {
        device: 'a',
        address: '10.0.0.1/24',
        broadcast: '10.0.0.255',
        label: 'a:x',
        scope: 'global',
        flags: ['permanent'],
        validLifetime: Infinity,
      },
    ]);
    expect(await listAddresses({ ...net, device: 'b', family: 4 })).toMatchObject([
      { address: '10.0.1.1/32', peer: '10.0.1.2/32' },
    ]);
    await setAddress('a', 'fd00::1/64', { ...net, validLifetime: 100, preferredLifetime: 50 });
    const changed = (await listAddresses({ ...net, family: 6 })).find(
      ({ address }) => address === 'fd00::1/64',
    );
    expect(changed?.validLifetime).toBeLessThanOrEqual(100);
    await deleteAddress('a', '10.0.0.1/24', net);
    await expect(deleteAddress('a', '10.0.0.1/24', net)).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      path: 'a',
    });
    await expect(addAddress('nonesuch', '10.0.0.1/24', net)).rejects.toThrow(/ENODEV.*'nonesuch'$/);
  });

  it.each<[string, AddressOptions, RegExp]>([
    ['10.0.0.1/33', {}, /^address: expected an address such as 10\.0\.0\.1\/24/],
    ['10.0.0', {}, /^address: /],
    ['fe80::1%a/64', {}, /^address: /],
    ['10.0.0.1/24', { peer: 'fd00::1' }, /^peer: expected IPv4, as the rest is/],
    ['10.0.0.1/24', { broadcast: 'fd00::1' }, /^broadcast: expected IPv4/],
    ['fd00::1/64', { broadcast: true }, /^broadcast: expected none/],
    ['fd00::1/64', { label: 'a:1' }, /^label: expected none/],
    ['10.0.0.1/24', { scope: 'nonesuch' as never }, /^scope: expected a number or one of global/],
    ['10.0.0.1/24', { validLifetime: 5, preferredLifetime: 6 }, /^preferredLifetime: expected at/],
    ['10.0.0.1/24', { validLifetime: -1 }, /^validLifetime: /],
  ])('refuse %s %o', async (address, options, message) => {
    await expect(addAddress('lo', address, options)).rejects.toEqual(refused(message));
  });
});

describe('routes', () => {
  it('that are listed can be deleted and added as they are', async () => {
    await using net = await pair();
    await addAddress('a', '10.0.0.1/24', net);
    await addAddress('a', 'fd00::1/64', { ...net, noDuplicateDetection: true });
    const specs: RouteSpec[] = [
      { destination: 'default', via: '10.0.0.2' },
      { destination: 'default', device: 'b', metric: 7 },
      { destination: 'default', family: 6, device: 'a', metric: 7 },
      { destination: '10.1.0.0/16', via: '10.0.0.2', device: 'a', metrics: { mtu: 1300 } },
      { destination: '10.2.0.0/16', via: '192.0.2.1', device: 'a', onlink: true },
      { destination: '10.3.0.1', device: 'a', table: 1000, preferredSource: '10.0.0.1' },
      { destination: '10.4.0.0/16', nexthops: [{ via: '10.0.0.3', weight: 2 }, { device: 'b' }] },
      { destination: '10.5.0.0/16', via: 'fd00::2', device: 'a' },
      { destination: '10.6.0.0/16', type: 'blackhole' },
      { destination: 'fd01::/64', via: 'fd00::2', preference: 'low' },
    ];
    for (const spec of specs) await addRoute(spec, net);
    const all = async () =>
      (await listRoutes({ ...net, table: 'all' })).filter(({ protocol }) => protocol === 'boot');
    const before = await all();
    expect(before.length).toBe(specs.length);
    for (const route of before) await deleteRoute(route, net);
    expect(await all()).toEqual([]);
    for (const route of before) await addRoute(route, net);
    expect(await all()).toEqual(before);
    expect(before.find(({ destination }) => destination === '10.4.0.0/16')).toMatchObject({
      nexthops: [
        { via: '10.0.0.3', device: 'a', weight: 2 },
        { via: undefined, device: 'b', weight: 1 },
      ],
    });
    expect(await listRoutes({ ...net, table: 77 })).toEqual([]);
    expect(await listRoutes({ ...net, table: 1000 })).toMatchObject([
      { destination: '10.3.0.1/32', table: 1000, scope: 'link', preferredSource: '10.0.0.1' },
    ]);
    expect(await getRoute('10.1.2.3', net)).toMatchObject({ via: '10.0.0.2', device: 'a' });
    expect(await getRoute('fd01::1', net)).toMatchObject({ via: 'fd00::2', table: 'main' });
    expect(await getRoute('fd00::1', net)).toMatchObject({ type: 'local', table: 'local' });
    await setRoute({ destination: '10.1.0.0/16', via: '10.0.0.9' }, net);
    expect(await getRoute('10.1.2.3', net)).toMatchObject({ via: '10.0.0.9' });
  });

  it('are refused with the words of the kernel', async () => {
    await using net = await pair();
    await expect(
      addRoute({ destination: '10.1.0.0/16', via: '192.0.2.1' }, net),
    ).rejects.toMatchObject({ request: 'RTM_NEWROUTE', reason: expect.stringMatching(/gateway/) });
    await expect(getRoute('10.1.0.1', net)).rejects.toMatchObject({
      code: 'ENETUNREACH',
      path: '10.1.0.1',
    });
    await addRule({ to: '10.3.0.0/16', action: 'prohibit' }, net);
    await expect(getRoute('10.3.0.1', net)).rejects.toMatchObject({ code: 'EACCES' });
    await expect(deleteRoute({ destination: '10.1.0.0/16' }, net)).rejects.toMatchObject({
      code: 'ESRCH',
      path: '10.1.0.0/16',
    });
  });

  it.each<[RouteSpec, RegExp]>([
    [{ destination: '10.1.2.3/16' }, /^destination: expected a network, such as 10\.1\.0\.0\/16,/],
    [{ destination: 'nowhere' }, /^destination: /],
    [{ destination: 'fd00::/64', via: '10.0.0.1' }, /^via: expected an IPv6 address/],
    [{ destination: '10.0.0.0/8', preferredSource: 'fd00::1' }, /^preferredSource: expected IPv4/],
    [{ destination: '10.0.0.0/8', family: 6 }, /^destination: expected IPv6/],
    [{ destination: '10.0.0.0/8', via: '10.0.0.1/24' }, /^via: .* without a prefix/],
    [{ destination: '10.0.0.0/8', table: 'nonesuch' as never }, /^table: /],
    [{ destination: '10.0.0.0/8', nexthops: [] }, /^nexthops: expected one at least/],
    [{ destination: '10.0.0.0/8', nexthops: [{}] }, /^nexthops\[0\]: expected via or device/],
    [{ destination: '10.0.0.0/8', nexthops: [{ via: '10.0.0.1', weight: 257 }] }, /weight: /],
    [{ destination: '10.0.0.0/8', via: '10.0.0.1', nexthops: [{}] }, /^nexthops: .* via as well/],
    [{ destination: '10.0.0.0/8', metric: -1 }, /^metric: /],
    [{ destination: '10.0.0.0/8' }, /^via: expected a gateway, or a device/],
    [{ destination: '10.0.0.0/8', gateway: '10.0.0.1' } as RouteSpec, /^gateway: .*, via, /],
    [{ destination: '10.0.0.0/8', device: 'a/b' }, /^device: expected a name without slashes/],
  ])('refuse %o', async (spec, message) => {
    await expect(addRoute(spec)).rejects.toEqual(refused(message));
  });
});

describe('neighbours', () => {
  it('are added, listed, changed and deleted', async () => {
    await using net = await pair();
    await addNeighbour('a', '10.0.0.2', { ...net, linkAddress: '02:00:00:00:00:02' });
    await addNeighbour('a', 'fd00::2', { ...net, linkAddress: '02:00:00:00:00:02', router: true });
    await addNeighbour('a', '10.0.0.3', { ...net, proxy: true });
    expect(await getNeighbour('a', '10.0.0.2', net)).toMatchObject({
      device: 'a',
      linkAddress: '02:00:00:00:00:02',
      state: 'permanent',
    });
    expect(await listNeighbours({ ...net, device: 'a', proxy: true })).toMatchObject([
      { address: '10.0.0.3', proxy: true },
    ]);
    const address = { linkAddress: '02:00:00:00:00:03', state: 'stale' as const };
    await setNeighbour('a', '10.0.0.2', { ...net, ...address });
    expect(await listNeighbours({ ...net, family: 4, device: 'a' })).toMatchObject([address]);
    await deleteNeighbour('a', '10.0.0.3', { ...net, proxy: true });
    await deleteNeighbour('a', 'fd00::2', net);
    await expect(getNeighbour('a', '10.0.0.9', net)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(addNeighbour('a', '10.0.0.2', net)).rejects.toEqual(refused(/^linkAddress: /));
    await expect(addNeighbour('a', '10.0.0.2/24', net)).rejects.toEqual(refused(/^address: /));
  });
});

describe('rules', () => {
  it('that are listed can be deleted and added as they are', async () => {
    await using net = await network();
    await setLink('lo', { up: true }, net);
    const specs: RuleSpec[] = [
      { from: '10.1.0.0/16', table: 100, priority: 1000 },
      { to: '10.2.0.1', mark: 5, markMask: 0xff, inputDevice: 'lo', table: 1000, priority: 1001 },
      { action: 'prohibit', to: '192.0.2.0/24', priority: 1002, ipProtocol: 6, invert: true },
      { goto: 32_766, priority: 1003, destinationPorts: { start: 80, end: 90 } },
      { family: 6, uids: { start: 7, end: 9 }, suppressPrefixLength: 0, priority: 1004 },
    ];
    for (const spec of specs) await addRule(spec, net);
    const own = async () =>
      (await listRules(net)).filter(({ priority }) => priority >= 1000 && priority < 2000);
    const before = await own();
    expect(before).toMatchObject([...specs.slice(0, 1), { to: '10.2.0.1/32' }, {}, {}, {}]);
    for (const rule of before) await deleteRule(rule, net);
    expect(await own()).toEqual([]);
    for (const rule of before) await addRule(rule, net);
    expect(await own()).toEqual(before);
    await expect(addRule(specs[0] as RuleSpec, net)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(deleteRule({ priority: 7 }, net)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each<[RuleSpec, RegExp]>([
    [{ from: '10.0.0.1/8' }, /^from: expected a network/],
    [{ from: '10.0.0.0/8', to: 'fd00::/8' }, /^to: expected IPv4/],
    [{ inputDevice: 'x'.repeat(16) }, /^inputDevice: /],
    [{ sourcePorts: { start: 5, end: 4 } }, /^sourcePorts\.end: /],
    [{ action: 'nonesuch' as never }, /^action: /],
    [{ family: 5 as never }, /^family: expected 4 or 6/],
    [{ tabel: 5 } as RuleSpec, /^tabel: expected only what a rule has: .*, table, /],
  ])('refuse %o', async (spec, message) => {
    await expect(addRule(spec)).rejects.toEqual(refused(message));
  });
});
