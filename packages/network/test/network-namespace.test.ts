import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { within } from '@ts-c/namespaces';
import { describe, expect, it } from 'vitest';
import {
  createLink,
  getLink,
  listAddresses,
  listLinks,
  NetlinkSocket,
  NetworkNamespace,
  setLink,
  watch,
  type LinkSpec,
} from '../src/index.ts';
import { openDescriptors } from './descriptors.ts';
import { knows } from './kinds.ts';

const refused = (field: RegExp): object =>
  expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringMatching(field) });
const addressesOf = async (namespace: NetworkNamespace, device: string): Promise<string[]> =>
  (await listAddresses({ namespace, device }))
    .map(({ address }) => address)
    .filter((address) => !address.startsWith('fe80:'));
const names = async (namespace: NetworkNamespace): Promise<string[]> =>
  (await listLinks({ namespace })).map(({ name }) => name).toSorted();

describe('a network namespace', () => {
  it('has lo, which is up, and goes when it is closed', async () => {
    const before = openDescriptors();
    const home = readlinkSync('/proc/thread-self/ns/net');
    {
      await using namespace = await NetworkNamespace.create();
      expect(readlinkSync('/proc/thread-self/ns/net')).toBe(home);
      expect(await listLinks({ namespace })).toMatchObject([{ name: 'lo', up: true }]);
      expect(Object.keys(within('net', namespace, networkInterfaces))).toEqual(['lo']);
      const inside = execFileSync('nsenter', [`--net=${namespace.path}`, 'cat', '/proc/net/dev']);
      expect(inside.toString()).toMatch(/\n +lo:.*\n$/);
      expect(readlinkSync(namespace.path)).not.toBe(home);
    }
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
  });

  it('takes its devices with it', async () => {
    await using stays = await NetworkNamespace.create();
    const goes = await NetworkNamespace.create();
    const peer = { name: 'b', namespace: goes };
    await createLink({ kind: 'veth', name: 'a', peer }, { namespace: stays });
    await using changes = watch(['link'], { namespace: stays });
    goes.close();
    goes.close();
    for await (const change of changes) if (change.event === 'delete') break;
    expect(await names(stays)).toEqual(['lo']);
    const closed = expect.objectContaining({ code: 'ERR_NAMESPACE_CLOSED' });
    await expect(listLinks({ namespace: goes })).rejects.toEqual(closed);
    await expect(
      createLink({ kind: 'veth', name: 'a', peer }, { namespace: stays }),
    ).rejects.toEqual(closed);
  });

  it('lasts as long as a socket in it', async () => {
    const namespace = await NetworkNamespace.create();
    const server = createServer().unref();
    await new Promise<void>((resolve) =>
      within('net', namespace, () => server.listen(80, '127.0.0.1', resolve)),
    );
    using socket = NetlinkSocket.open({ namespace });
    namespace.close();
    expect(await getLink('lo', { namespace: socket })).toMatchObject({ up: true });
    server.close();
  });
});

describe('addresses of a new link', () => {
  it('are there on both ends of a veth, and those of IPv6 are usable at once', async () => {
    await using left = await NetworkNamespace.create();
    await using right = await NetworkNamespace.create();
    const before = openDescriptors();
    const peer = {
      name: 'eth0',
      namespace: right,
      up: true,
      addresses: ['10.0.0.2/24', 'fd00::2/64'],
    };
    const addresses = ['10.0.0.1/24', 'fd00::1/64', '192.0.2.1'];
    await createLink(
      { kind: 'veth', name: 'eth0', up: true, addresses, peer },
      { namespace: left },
    );
    expect(await addressesOf(left, 'eth0')).toEqual(['10.0.0.1/24', '192.0.2.1/32', 'fd00::1/64']);
    expect(await addressesOf(right, 'eth0')).toEqual(['10.0.0.2/24', 'fd00::2/64']);
    const flags = (await listAddresses({ namespace: left, family: 6, device: 'eth0' })).find(
      ({ address }) => address === 'fd00::1/64',
    )?.flags;
    expect(flags).toContain('nodad');
    expect(flags).not.toContain('tentative');
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
  });

  it('go where the link goes, also by a socket', async () => {
    await using here = await NetworkNamespace.create();
    await using there = await NetworkNamespace.create();
    using namespace = NetlinkSocket.open({ namespace: here });
    const peer = { name: 'b', addresses: ['10.0.0.2/24'] };
    await createLink(
      { kind: 'veth', name: 'a', namespace: there, addresses: ['10.0.0.1/24'], peer },
      { namespace },
    );
    expect(await addressesOf(there, 'a')).toEqual(['10.0.0.1/24']);
    expect(await addressesOf(here, 'b')).toEqual(['10.0.0.2/24']);
  });

  it.skipIf(!knows('tun'))('are there on a tun (needs /dev/net/tun)', async () => {
    await using namespace = await NetworkNamespace.create();
    await createLink({ kind: 'tun', name: 't', addresses: ['10.0.0.1/24'] }, { namespace });
    expect(await addressesOf(namespace, 't')).toEqual(['10.0.0.1/24']);
    const addresses = ['10.0.0.2/24', '10.0.0.2/24'];
    await expect(
      createLink({ kind: 'tap', name: 'u', addresses }, { namespace }),
    ).rejects.toMatchObject({ code: 'EEXIST', path: 'u', dest: '10.0.0.2/24' });
    await expect(getLink('u', { namespace })).rejects.toMatchObject({ code: 'ENODEV' });
  });

  it('that are refused take the link with them, and no other of its name', async () => {
    await using here = await NetworkNamespace.create();
    await using there = await NetworkNamespace.create();
    const twice = ['10.0.0.1/24', '10.0.0.1/24'];
    const pair = { kind: 'veth', name: 'a', peer: { name: 'b', namespace: there } } as const;
    await expect(
      createLink({ ...pair, addresses: twice }, { namespace: here }),
    ).rejects.toMatchObject({ code: 'EEXIST', path: 'a', dest: '10.0.0.1/24' });
    await expect(
      createLink({ ...pair, peer: { ...pair.peer, addresses: twice } }, { namespace: here }),
    ).rejects.toThrow(/^EEXIST: .* netlink RTM_NEWADDR 'b' -> '10\.0\.0\.1\/24'/);
    expect([await names(here), await names(there)]).toEqual([['lo'], ['lo']]);
    await createLink({ kind: 'veth', name: 'a', peer: { name: 'x' } }, { namespace: here });
    const elsewhere = { ...pair, namespace: there, addresses: twice, peer: { name: 'y' } };
    await expect(createLink(elsewhere, { namespace: here })).rejects.toMatchObject({ path: 'a' });
    expect([await names(here), await names(there)]).toEqual([['a', 'lo', 'x'], ['lo']]);
  });

  it.each<[string, RegExp, object]>([
    ['no list', /^addresses: expected a list such as/, { addresses: '10.0.0.1/24' }],
    ['no address', /^addresses\[1\]: expected an address/, { addresses: ['10.0.0.1', 'x'] }],
    ['a prefix too long', /^addresses\[0\]: /, { addresses: ['10.0.0.1/33'] }],
    ['no text', /^addresses\[0\]: /, { addresses: [7] }],
    [
      'no address of a peer',
      /^peer\.addresses\[0\]: expected an address/,
      { peer: { name: 'b', addresses: ['fd00::1/129'] } },
    ],
  ])('that are %s are refused before anything is made', async (_what, message, wrong) => {
    await using namespace = await NetworkNamespace.create();
    const spec = { kind: 'veth', name: 'a', peer: { name: 'b' }, ...wrong } as LinkSpec;
    await expect(createLink(spec, { namespace })).rejects.toEqual(refused(message));
    expect((await listLinks({ namespace })).length).toBe(1);
  });

  it('are not what setLink takes', async () => {
    const change = { addresses: ['10.0.0.1/24'] } as object;
    await expect(setLink('lo', change)).rejects.toEqual(refused(/^setLink: .* got "addresses";/));
  });
});
