import { describe, expect, it } from 'vitest';
import {
  addBridgeVlan,
  createLink,
  deleteBridgeVlan,
  deleteLink,
  getLink,
  listBridgeVlans,
  listLinks,
  NetlinkSocket,
  setLink,
  type LinkSpec,
} from '../src/index.ts';
import { knows } from './kinds.ts';
import { network, type Network } from './network.ts';

const pair = (name: string, peer: string): LinkSpec => ({
  kind: 'veth',
  name,
  peer: { name: peer },
});

/** Deletes a link, which is there until then. */
async function remove(name: string, net: Network): Promise<void> {
  const names = async () => (await listLinks(net)).map((link) => link.name);
  expect(await names()).toContain(name);
  await deleteLink(name, net);
  expect(await names()).not.toContain(name);
}

describe('links of a kind', () => {
  it.skipIf(!knows('macvlan'))('macvlan (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    await createLink({ kind: 'macvlan', name: 'm', link: 'a', mode: 'private' }, net);
    expect(await getLink('m', net)).toMatchObject({ link: 'a', data: { mode: 'private' } });
    await setLink('m', { macvlan: { mode: 'vepa' } }, net);
    expect(await getLink('m', net)).toMatchObject({ data: { mode: 'vepa' } });
    await createLink({ kind: 'macvlan', name: 'n', link: 'b' }, net);
    expect(await getLink('n', net)).toMatchObject({ data: { mode: 'bridge' } });
    await expect(
      createLink({ kind: 'macvlan', name: 'o', link: 'a', mode: 'nonesuch' as never }, net),
    ).rejects.toThrow(/^mode: expected a number or one of private, vepa/);
    await remove('m', net);
  });

  it.skipIf(!knows('macvtap'))('macvtap (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    await createLink({ kind: 'macvtap', name: 'm', link: 'a', broadcastQueueLength: 77 }, net);
    expect(await getLink('m', net)).toMatchObject({
      kind: 'macvtap',
      link: 'a',
      data: { mode: 'bridge', broadcastQueueLength: 77 },
    });
    await setLink('m', { macvtap: { mode: 'private' } }, net);
    expect(await getLink('m', net)).toMatchObject({ data: { mode: 'private' } });
    await expect(setLink('m', { macvlan: { mode: 'vepa' } }, net)).rejects.toMatchObject({
      code: 'EOPNOTSUPP',
      path: 'm',
    });
    await remove('m', net);
  });

  it.skipIf(!knows('tun'))('tun and tap (needs /dev/net/tun)', async () => {
    await using net = await network();
    await createLink({ kind: 'tun', name: 't', mtu: 1280, owner: 7, up: true }, net);
    expect(await getLink('t', net)).toMatchObject({
      kind: 'tun',
      mtu: 1280,
      up: true,
      data: { type: 'tun', owner: 7, isPersistent: true, packetInformation: false },
    });
    using namespace = NetlinkSocket.open(net);
    await createLink({ kind: 'tap', name: 'u', packetInformation: true }, { namespace });
    expect(await getLink('u', net)).toMatchObject({
      type: 'ether',
      data: { type: 'tap', packetInformation: true },
    });
    await expect(createLink({ kind: 'tap', name: 'v', mtu: 1 }, net)).rejects.toMatchObject({
      code: 'EINVAL',
    });
    await expect(getLink('v', net)).rejects.toMatchObject({ code: 'ENODEV' });
    await setLink('t', { mtu: 1400, up: false, name: 'w' }, net);
    expect(await getLink('w', net)).toMatchObject({ mtu: 1400, up: false, type: 'none' });
    await createLink({ kind: 'tap', name: 'q', multiQueue: true, ownerGroup: 8 }, net);
    expect(await getLink('q', net)).toMatchObject({
      data: { group: 8, isMultiQueue: true, virtualNetHeader: false, queues: 0, disabledQueues: 0 },
    });
    for (const name of ['w', 'u', 'q']) await remove(name, net);
  });

  it.skipIf(!knows('ifb'))('ifb (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink({ kind: 'ifb', name: 'i', up: true }, net);
    expect(await getLink('i', net)).toMatchObject({ kind: 'ifb', up: true });
    await setLink('i', { up: false, txQueueLength: 64 }, net);
    expect(await getLink('i', net)).toMatchObject({ up: false, txQueueLength: 64 });
    await remove('i', net);
  });

  it.skipIf(!knows('dummy'))('dummy (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink({ kind: 'dummy', name: 'd', arp: false }, net);
    expect(await getLink('d', net)).toMatchObject({ kind: 'dummy' });
    await setLink('d', { up: true, mtu: 9000, address: '02:00:00:00:00:07' }, net);
    expect(await getLink('d', net)).toMatchObject({
      up: true,
      flags: ['broadcast', 'noarp', 'up', 'running', 'lower-up'],
      mtu: 9000,
      address: '02:00:00:00:00:07',
    });
    await remove('d', net);
  });

  it.skipIf(!knows('vlan'))('vlan (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    await createLink({ kind: 'vlan', name: 'a.7', link: 'a', id: 7, protocol: '802.1ad' }, net);
    expect(await getLink('a.7', net)).toMatchObject({
      link: 'a',
      kind: 'vlan',
      data: { id: 7, protocol: '802.1ad' },
    });
    await createLink({ kind: 'vlan', name: 'a.8', link: 'a', id: 8 }, net);
    expect(await getLink('a.8', net)).toMatchObject({ data: { id: 8, protocol: '802.1q' } });
    await expect(
      createLink({ kind: 'vlan', name: 'y', link: 'a', id: 8 }, net),
    ).rejects.toMatchObject({ code: 'EEXIST' });
    await setLink('a', { up: true }, net);
    await setLink('a.7', { up: true, mtu: 1400 }, net);
    expect(await getLink('a.7', net)).toMatchObject({ up: true, mtu: 1400 });
    await remove('a.7', net);
    await expect(createLink({ kind: 'vlan', name: 'x', link: 'a', id: 4096 }, net)).rejects.toThrow(
      /^id: expected a number from 0 to 4095/,
    );
  });

  it.skipIf(!knows('ipvlan'))('ipvlan (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    await createLink({ kind: 'ipvlan', name: 'i', link: 'a', mode: 'l3' }, net);
    expect(await getLink('i', net)).toMatchObject({
      kind: 'ipvlan',
      link: 'a',
      data: { mode: 'l3' },
    });
    await setLink('i', { ipvlan: { mode: 'l2', flags: 1 } }, net);
    expect(await getLink('i', net)).toMatchObject({ data: { mode: 'l2', flags: 1 } });
    await remove('i', net);
  });

  it.skipIf(!knows('vxlan'))('vxlan (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink(pair('a', 'b'), net);
    await createLink(
      {
        kind: 'vxlan',
        name: 'x',
        id: 42,
        link: 'a',
        remote: '192.0.2.1',
        local: '192.0.2.2',
        port: 4789,
      },
      net,
    );
    expect(await getLink('x', net)).toMatchObject({
      data: { id: 42, group: '192.0.2.1', local: '192.0.2.2', port: 4789 },
    });
    await expect(
      createLink({ kind: 'vxlan', name: 'y', id: 1, remote: '192.0.2.1', local: 'fd00::1' }, net),
    ).rejects.toThrow(/^local: expected IPv4/);
    await setLink('x', { vxlan: { ageing: 60, learning: false } }, net);
    expect(await getLink('x', net)).toMatchObject({
      data: { id: 42, group: '192.0.2.1', ageing: 60, learning: false, port: 4789 },
    });
    const remote = 'ff05::1';
    await createLink({ kind: 'vxlan', name: 'y', id: 43, link: 'a', remote, port: 1 }, net);
    expect(await getLink('y', net)).toMatchObject({ data: { group6: remote, port: 1 } });
    await remove('x', net);
  });

  it.skipIf(!knows('bridge'))('bridge and its ports (needs it in the kernel)', async () => {
    await using net = await network();
    await createLink({ kind: 'bridge', name: 'br0', forwardDelay: 0 }, net);
    await createLink({ ...pair('a', 'b'), master: 'br0' }, net);
    expect(await getLink('br0', net)).toMatchObject({
      kind: 'bridge',
      data: { forwardDelay: 0, bridgeId: { priority: 0x8000 } },
    });
    await setLink('a', { up: true, port: { hairpin: true, isolated: true, cost: 7 } }, net);
    expect(await getLink('a', net)).toMatchObject({
      master: 'br0',
      portKind: 'bridge',
      port: { hairpin: true, isolated: true, cost: 7 },
    });
    expect((await listLinks({ ...net, master: 'br0' })).map(({ name }) => name)).toEqual(['a']);
    await setLink('br0', { bridge: { ageingTime: 1000 } }, net);
    expect(await getLink('br0', net)).toMatchObject({ data: { ageingTime: 1000 } });
    await setLink('a', { master: null }, net);
    expect(await getLink('a', net)).toMatchObject({ master: undefined, portKind: undefined });
    await remove('br0', net);
  });

  it.skipIf(!knows('bridge-vlan'))('VLANs of a bridge (needs them in the kernel)', async () => {
    await using net = await network();
    await createLink({ kind: 'bridge', name: 'br0', vlanFiltering: true }, net);
    await createLink({ ...pair('a', 'b'), master: 'br0' }, net);
    const vlanProtocol = async (): Promise<unknown> => (await getLink('br0', net)).data;
    expect(await vlanProtocol()).toMatchObject({ vlanFiltering: true, vlanProtocol: '802.1q' });
    await setLink('br0', { bridge: { vlanProtocol: '802.1ad' } }, net);
    expect(await vlanProtocol()).toMatchObject({ vlanProtocol: '802.1ad' });
    const standard = { id: 1, isDefault: true, isUntagged: true };
    expect(await listBridgeVlans('a', net)).toEqual([standard]);
    await addBridgeVlan('a', 7, net);
    await addBridgeVlan('br0', 8, { ...net, isUntagged: true });
    expect(await listBridgeVlans('a', net)).toEqual([
      standard,
      { id: 7, isDefault: false, isUntagged: false },
    ]);
    expect(await listBridgeVlans('br0', net)).toEqual([
      standard,
      { id: 8, isDefault: false, isUntagged: true },
    ]);
    await addBridgeVlan('a', 9, { ...net, isDefault: true, isUntagged: true });
    await deleteBridgeVlan('a', 7, net);
    expect(await listBridgeVlans('a', net)).toEqual([
      { id: 1, isDefault: false, isUntagged: true },
      { id: 9, isDefault: true, isUntagged: true },
    ]);
    await deleteBridgeVlan('a', 9, net);
    expect(await listBridgeVlans('a', net)).toEqual([{ ...standard, isDefault: false }]);
    await remove('br0', net);
  });
});
