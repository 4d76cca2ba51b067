import { openSync, closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  addBridgeVlan,
  createLink,
  deleteLink,
  getLink,
  listLinks,
  NetlinkSocket,
  setLink,
  type LinkSpec,
} from '../src/index.ts';
import { network } from './network.ts';

const pair = (name: string, peer: string): LinkSpec => ({
  kind: 'veth',
  name,
  peer: { name: peer },
});

describe('links', () => {
  it('are made, listed, asked for, changed and deleted', async () => {
    await using net = await network();
    await createLink({ ...pair('a', 'b'), mtu: 1400, address: '02:00:00:00:00:01' }, net);
    expect((await listLinks(net)).map(({ name }) => name)).toEqual(['lo', 'b', 'a']);
    expect(await getLink('a', net)).toMatchObject({
      name: 'a',
      kind: 'veth',
      type: 'ether',
      link: 'b',
      mtu: 1400,
      address: '02:00:00:00:00:01',
      up: false,
      flags: ['broadcast', 'multicast'],
      operationalState: 'down',
      master: undefined,
      alternativeNames: [],
      addressGenerationMode: 'eui64',
      statistics: { rxBytes: 0n, txPackets: 0n },
    });
    await setLink('b', { up: true }, net);
    await setLink('a', { up: true, alias: 'the first', txQueueLength: 77, group: 5 }, net);
    expect(await getLink('a', net)).toMatchObject({
      up: true,
      flags: ['broadcast', 'multicast', 'up', 'running', 'lower-up'],
      alias: 'the first',
      txQueueLength: 77,
      group: 5,
      carrier: true,
    });
    await deleteLink('b', net);
    expect((await listLinks({ ...net, kind: 'veth' })).length).toBe(0);
  });

  it('change one flag and no other', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    await setLink('a', { arp: false, allMulticast: true }, net);
    await setLink('a', { up: true }, net);
    const flags = async (): Promise<readonly string[]> => (await getLink('a', net)).flags;
    expect(await flags()).toEqual(['broadcast', 'multicast', 'noarp', 'allmulti', 'up']);
    await setLink('a', { up: false, mtu: 1300 }, net);
    await setLink('a', { multicast: false, promiscuous: true }, net);
    expect(await flags()).toEqual(['broadcast', 'noarp', 'allmulti', 'promisc']);
  });

  it('have other names', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    const long = 'a-name-that-is-longer-than-others';
    await setLink('a', { addAlternativeNames: [long, 'short'] }, net);
    expect((await getLink(long, net)).alternativeNames).toEqual([long, 'short']);
    await setLink(long, { name: 'new', removeAlternativeNames: ['short'] }, net);
    expect(await getLink('new', net)).toMatchObject({ name: 'new', alternativeNames: [long] });
    await deleteLink(long, net);
    await expect(getLink('b', net)).rejects.toMatchObject({ code: 'ENODEV', path: 'b' });
  });

  it('go to another namespace, by its pid and by its path', async () => {
    await using net = await network();
    await using other = await network();
    await createLink(
      { kind: 'veth', name: 'a', peer: { name: 'b', namespace: other.namespace, up: true } },
      net,
    );
    await createLink({ ...pair('c', 'd'), namespace: `/proc/${other.namespace.pid}/ns/net` }, net);
    expect(await getLink('b', other)).toMatchObject({ up: true, link: undefined });
    expect((await getLink('b', other)).linkNamespaceId).toBeTypeOf('number');
    await setLink('d', { namespace: other.namespace, name: 'e' }, net);
    expect((await listLinks(other)).map(({ name }) => name).toSorted()).toEqual([
      'b',
      'c',
      'e',
      'lo',
    ]);
  });

  it('are reached over a socket that is open', async () => {
    await using net = await network();
    using namespace = NetlinkSocket.open(net);
    await Promise.all([
      createLink(pair('a', 'b'), { namespace }),
      createLink(pair('c', 'd'), { namespace }),
    ]);
    expect((await listLinks({ namespace, statistics: false })).length).toBe(5);
    expect((await listLinks({ namespace, statistics: false }))[0]?.statistics).toBeUndefined();
  });

  it('are refused with the words of the kernel and the name', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    await expect(createLink(pair('a', 'c'), net)).rejects.toThrow(
      /^EEXIST: file already exists, netlink RTM_NEWLINK.* 'a' -> 'c'$/,
    );
    await expect(setLink('a', { mtu: 10 }, net)).rejects.toThrow(
      /^EINVAL: invalid argument, netlink RTM_NEWLINK 'a': mtu less than device minimum/,
    );
    await expect(createLink({ kind: 'nonesuch', name: 'x' } as never, net)).rejects.toThrow(
      /^EOPNOTSUPP: .* RTM_NEWLINK 'x': .+: nonesuch$/,
    );
    await expect(
      setLink('a', { kind: 'bridge', vlanFiltering: true } as never, net),
    ).rejects.toThrow(/got "kind"; those of one kind go into bridge, /);
    await expect(addBridgeVlan('lo', 7, net)).rejects.toThrow(
      /^EOPNOTSUPP: .* RTM_SETLINK 'lo': ./,
    );
    await expect(setLink('nonesuch', { up: true }, net)).rejects.toThrow(
      /^ENODEV: no such device, netlink RTM_GETLINK.*'nonesuch'$/,
    );
    await expect(setLink('a', { master: 'nonesuch' }, net)).rejects.toThrow(/'nonesuch'$/);
    await expect(deleteLink('lo', net)).rejects.toMatchObject({ code: 'EOPNOTSUPP', path: 'lo' });
    await expect(createLink({ ...pair('x', 'y'), master: 'a' }, net)).rejects.toMatchObject({
      code: expect.stringMatching(/^E/),
    });
    expect((await listLinks(net)).length).toBe(3);
  });

  it.each<[string, RegExp, Partial<Record<string, unknown>>]>([
    [
      'a name that is too long',
      /^name: expected a name of 1 to 15 bytes, got "x{16}" of 16/,
      { name: 'x'.repeat(16) },
    ],
    ['a name in UTF-8 that is too long', /^name: .* of 16/, { name: 'ü'.repeat(8) }],
    ['a name with a slash', /^name: expected a name without slashes/, { name: 'a/b' }],
    ['a name with a space', /^name: expected a name without/, { name: 'a b' }],
    ['a name for the kernel to choose', /^name: expected a name without/, { name: 'veth%d' }],
    ['no name', /^name: expected a name of 1 to 15 bytes/, { name: '' }],
    ['a name that is a directory', /^name: /, { name: '..' }],
    ['an MTU of 0', /^mtu: expected a number of bytes from 1 on, such as 1500, got 0$/, { mtu: 0 }],
    ['an MTU with a fraction', /^mtu: /, { mtu: 1.5 }],
    ['no address', /^address: expected an address such as/, { address: '02:00:0' }],
    ['up that is neither', /^up: expected true or false, got 1/, { up: 1 }],
    ['a pid of nobody', /^namespace\.pid: /, { namespace: { pid: 0 } }],
    ['a path that is relative', /^namespace: expected an absolute path/, { namespace: 'ns' }],
    ['no peer', /^peer: expected the other end/, { peer: undefined }],
    ['a master of the peer', /^peer\.master: /, { peer: { name: 'b', master: 'br0' } }],
    ['the name of a peer', /^peer\.name: /, { peer: { name: 'a/b' } }],
    ['a key that there is not', /^nonesuch: expected an option that a veth has/, { nonesuch: 1 }],
    [
      'an option of another kind',
      /^forwardDelya: expected an option that a bridge has$/,
      { kind: 'bridge', peer: undefined, forwardDelya: 1 },
    ],
    [
      'no link of a vlan',
      /^link: expected the device that the vlan is on/,
      { kind: 'vlan', id: 1 },
    ],
  ])('refuse %s', async (_what, message, wrong) => {
    await using net = await network();
    const spec = { ...pair('a', 'b'), ...wrong } as LinkSpec;
    await expect(createLink(spec, net)).rejects.toThrow(message);
    await expect(createLink(spec, net)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect((await listLinks(net)).length).toBe(1);
  });

  it('refuse an option that a port does not have', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    const port = { hairpni: true } as never;
    await expect(setLink('a', { port }, net)).rejects.toThrow(
      /^port\.hairpni: expected an option that a port has$/,
    );
  });

  it('refuse a path that is no network namespace, and leave nothing open', async () => {
    await using net = await network();
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-links-'));
    try {
      writeFileSync(join(directory, 'file'), '');
      const before = lowestDescriptor();
      for (const namespace of [join(directory, 'file'), `/proc/self/ns/uts`]) {
        await expect(createLink({ ...pair('a', 'b'), namespace }, net)).rejects.toMatchObject({
          code: 'EINVAL',
        });
      }
      await expect(
        createLink({ ...pair('a', 'b'), namespace: join(directory, 'none') }, net),
      ).rejects.toMatchObject({ code: 'ENOENT' });
      expect(lowestDescriptor()).toBe(before);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('end with a signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(listLinks({ signal })).rejects.toThrow('enough');
  });
});

function lowestDescriptor(): number {
  const descriptor = openSync('/dev/null', 'r');
  closeSync(descriptor);
  return descriptor;
}
