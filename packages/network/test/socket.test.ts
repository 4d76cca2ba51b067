import { once } from 'node:events';
import { exitGroup, Program, spawn, syscall, flags, type Kernel } from '@ts-c/syscall';
import { within } from '@ts-c/namespaces';
import { describe, expect, it } from 'vitest';
import {
  encodeMessage,
  NetlinkSocket,
  NLM_F,
  openSocket,
  queryNumber,
  request,
  sendRequest,
  type Codec,
} from '../src/netlink/index.ts';
import {
  AF,
  getAddress,
  getLink,
  getNeighbour,
  getRoute,
  getRule,
  IFF,
  newAddress,
  newLink,
  setLink,
} from '../src/route/index.ts';
import { openDescriptors } from './descriptors.ts';
import { network } from './network.ts';

const create = NLM_F.CREATE | NLM_F.EXCL;
const veth = (name: string, peer: string) =>
  request(newLink, { name, info: { kind: 'veth', data: { peer: { name: peer } } } }, create);
const up = (index: number) => request(setLink, { index, flags: IFF.UP, change: IFF.UP });

describe('a socket', () => {
  it('lists, makes and gets links', async () => {
    await using net = await network();
    using socket = NetlinkSocket.open(net);
    expect(socket.dumpSync(request(getLink, {}))).toMatchObject([
      { name: 'lo', index: 1, flags: IFF.LOOPBACK, statistics: { rxBytes: 0n } },
    ]);
    expect(socket.requestSync(veth('one', 'other'))).toEqual([]);
    const [link] = await socket.request(request(getLink, { name: 'one' }));
    expect(link).toMatchObject({ name: 'one', info: { kind: 'veth' } });
    await socket.request(up(link!.index));
    expect(net.ip('-br link show dev one')).toMatch(/^one@other +LOWERLAYERDOWN|DOWN/);
    expect((await socket.dump(request(getLink, {}))).map(({ name }) => name)).toEqual([
      'lo',
      'other',
      'one',
    ]);
  });

  it('tells the words of the kernel and the attribute that it complains about', async () => {
    await using net = await network();
    using socket = NetlinkSocket.open(net);
    const wrong = request(newLink, { name: 'x', info: { kind: 'nonesuch' } }, create);
    expect(() => socket.requestSync(wrong)).toThrow(
      expect.objectContaining({
        name: 'NetlinkError',
        code: 'EOPNOTSUPP',
        errno: -95,
        syscall: 'netlink',
        request: 'RTM_NEWLINK',
        reason: 'Unknown device type',
      }),
    );
    const mtu = request(setLink, { index: 1, master: 7777 });
    await expect(socket.request(mtu)).rejects.toMatchObject({ code: 'EINVAL' });
    const prefix = request(
      newAddress,
      { family: AF.INET, index: 1, prefixLength: 33, local: '192.0.2.1' },
      create,
    );
    await expect(socket.request(prefix)).rejects.toThrow(
      /^EINVAL: invalid argument, netlink RTM_NEWADDR: .*prefix/i,
    );
    const short = request(setLink, { index: 1, '#4': new Uint8Array(2) });
    await expect(socket.request(short)).rejects.toMatchObject({ code: 'ERANGE', attribute: 'mtu' });
    const inner = request(
      newLink,
      {
        name: 'x',
        info: { kind: 'bridge', '#2': new Uint8Array([5, 0, 6, 0, 1, 0, 0, 0]) },
      },
      create,
    );
    await expect(socket.request(inner)).rejects.toMatchObject({ attribute: 'info.data.priority' });
    expect(() => socket.requestSync(request(getLink, { index: 999 }))).toThrow(/^ENODEV/);
  });

  it('stays in its namespace, and closes its descriptor', async () => {
    const before = openDescriptors();
    {
      await using net = await network();
      using socket = within('net', net.namespace, () => NetlinkSocket.open());
      expect(socket.dumpSync(request(getLink, {}))).toHaveLength(1);
    }
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
    const closed = NetlinkSocket.open();
    closed.close();
    closed.close();
    expect(() => closed.requestSync(request(getLink, { index: 1 }))).toThrow(
      expect.objectContaining({ code: 'ERR_NETLINK_CLOSED' }),
    );
  });

  it('lists more than fits into a datagram, in several at a time and in both ways', async () => {
    await using net = await network();
    using socket = NetlinkSocket.open(net);
    socket.requestSync(veth('one', 'other'));
    const [{ index } = { index: 0 }] = socket.requestSync(request(getLink, { name: 'one' }));
    const addresses = Array.from({ length: 700 }, (_, each) =>
      request(
        newAddress,
        { family: AF.INET, index, prefixLength: 32, local: `10.0.${each >> 8}.${each & 255}` },
        create,
      ),
    );
    socket.batchSync(addresses.slice(0, 300));
    await socket.batch(addresses.slice(300));
    const all = socket.dump(request(getAddress, { family: AF.INET }));
    const again = socket.dump(request(getAddress, { family: AF.INET }));
    const rules = socket.dump(request(getRule, {}));
    // In the middle of the first.
    expect(socket.requestSync(request(getLink, { index: 1 }))).toHaveLength(1);
    expect(socket.dumpSync(request(getLink, {}))).toHaveLength(3);
    expect(await all).toHaveLength(700);
    expect(await again).toHaveLength(700);
    expect((await rules).length).toBeGreaterThan(3);
    const controller = new AbortController();
    const aborted = socket.dump(request(getAddress, {}), { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(await socket.dump(request(getAddress, { family: AF.INET }))).toHaveLength(700);
    await expect(socket.dump(request(getLink, {}), { signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    await expect(socket.request(up(1), { signal: controller.signal })).rejects.toThrow('enough');
    expect(() => socket.batchSync([up(1), up(9999), up(1)])).toThrow(/^ENODEV/);
  });

  it('writes what it has read as it was, for everything that the kernel lists', async () => {
    await using net = await network();
    for (const command of [
      'link add one type veth peer name other',
      'link add br0 type bridge',
      'link set one master br0',
      'link add mv0 link other type macvlan mode bridge',
      'link add vx0 type vxlan id 42 remote 192.0.2.9 dstport 4789 dev other',
      'link property add dev other altname another',
      'link set one up',
      'link set other up',
      'link set br0 up',
      'addr add 192.0.2.1/24 dev other valid_lft 3000 preferred_lft 2000',
      'addr add 2001:db8::1/64 dev other nodad',
      'route add 203.0.113.0/24 via 192.0.2.2 dev other mtu 1280',
      'route add 10.0.0.0/8 nexthop via 192.0.2.2 dev other nexthop via 192.0.2.4 dev other',
      'route add default via 192.0.2.3 dev other table 1000',
      'neigh add 192.0.2.2 lladdr 02:00:5e:00:00:02 dev other nud permanent',
      'rule add from 192.0.2.0/24 fwmark 0x5/0xff iif other table 1000 pref 100',
    ])
      net.ip(command);
    using socket = NetlinkSocket.open(net);
    const calls: readonly unknown[] = [getLink, getAddress, getRoute, getNeighbour, getRule];
    for (const call of calls as readonly (typeof getLink)[]) {
      // The bytes themselves, from a socket that reads nothing else.
      const read = (bytes: Buffer, start: number, end: number): unknown => {
        const value = call.reply.read(bytes, start, end);
        const again = encodeMessage(call.codec as Codec<unknown, never>, {
          type: call.type,
          body: value as never,
        });
        expect(again.subarray(16).toString('hex')).toBe(bytes.toString('hex', start, end));
        return value;
      };
      const list = socket.dumpSync(request({ ...call, reply: { read } }, {}));
      expect(list.length).toBeGreaterThan(1);
      // Everything that this kernel tells has a name.
      for (const each of list as object[])
        expect(Object.keys(each).filter((name) => name.startsWith('#'))).toEqual([]);
    }
  });
});

/** The one body for both kernels. */
function configure(kernel: Kernel): void {
  const socket = openSocket(kernel);
  sendRequest(kernel, socket, veth('one', 'other'));
  kernel.attempt(['EEXIST'], () => sendRequest(kernel, socket, veth('one', 'other')));
  const index = queryNumber(kernel, socket, request(getLink, { name: 'other' }), 4);
  sendRequest(kernel, socket, request(setLink, { index, flags: IFF.UP, change: IFF.UP }));
  sendRequest(
    kernel,
    socket,
    request(newAddress, { family: AF.INET, index, prefixLength: 24, local: '192.0.2.1' }, create),
  );
  kernel.section('@ts-c/network', 'an address that is there', () =>
    sendRequest(
      kernel,
      socket,
      request(newAddress, { family: AF.INET, index, prefixLength: 24, local: '192.0.2.1' }, create),
    ),
  );
}

describe('a request in a body', () => {
  const unshare = syscall('unshare', [flags('flags', { CLONE_NEWNET: 0x40000000 })]);

  it('is a step of a Program, whose refusal is one of the step', async () => {
    const program = new Program();
    program.call(unshare, 0x40000000);
    configure(program);
    program.call(exitGroup, 0);
    const { process: child } = spawn(program, { stdio: 'inherit' });
    const [error] = (await once(child, 'error').catch((reason: unknown) => [reason])) as [Error];
    expect(error).toMatchObject({
      code: 'EEXIST',
      syscall: 'netlink',
      owner: '@ts-c/network',
      title: 'an address that is there',
      step: { call: 'RTM_NEWADDR' },
    });
    expect(program.toString()).toContain('sendto(fd1, {RTM_NEWLINK, ');
  });

  it('is the same at once, with the words of the kernel', async () => {
    await using net = await network();
    const { live } = await import('@ts-c/syscall');
    const run = (): void => within('net', net.namespace, () => configure(live));
    expect(run).toThrow(
      expect.objectContaining({
        name: 'NetlinkError',
        code: 'EEXIST',
        title: 'an address that is there',
      }),
    );
    expect(net.ip('-br addr show dev other')).toContain('192.0.2.1/24');
  });

  it('may not have the number of a Program in it when it is sent from a socket', () => {
    const index = new Program().variable('index');
    using socket = NetlinkSocket.open();
    expect(() => socket.requestSync(request(setLink, { index }))).toThrow(/a slot has no value/);
  });
});
