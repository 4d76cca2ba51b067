import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { NetlinkSocket, NLM_F, request } from '../src/netlink/index.ts';
import { newLink, setLink, watch, type Change } from '../src/route/index.ts';
import { openDescriptors } from './descriptors.ts';
import { network } from './network.ts';

const bridge = request(
  newLink,
  { name: 'br0', info: { kind: 'bridge' } },
  NLM_F.CREATE | NLM_F.EXCL,
);

describe('watch', () => {
  it('tells of links, addresses and routes as they come and go', async () => {
    const before = openDescriptors();
    {
      await using net = await network();
      await using changes = watch(['link', 'address', 'route'], net);
      net.ip('link add one type veth peer name other');
      net.ip('addr add 192.0.2.1/24 dev one');
      net.ip('link del one');
      const seen: string[] = [];
      for await (const change of changes as AsyncIterable<Change>) {
        const { event, kind, message } = change;
        const what = kind === 'link' ? message.name : kind === 'address' ? message.local : '';
        seen.push(`${event} ${kind} ${what}`.trim());
        if (seen.at(-1) === 'delete link one') break;
      }
      expect(seen).toEqual(
        expect.arrayContaining(['new link one', 'new link other', 'new address 192.0.2.1']),
      );
    }
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
  });

  it('lists everything where changes were lost, and goes on', async () => {
    await using net = await network();
    using socket = NetlinkSocket.open(net);
    await using changes = watch(['link'], { ...net, receiveBuffer: 2048 });
    socket.requestSync(bridge);
    for (let count = 0; count < 100; count += 1)
      socket.requestSync(request(setLink, { index: 1, mtu: 60_000 + count }));
    const overruns: unknown[] = [];
    for await (const change of changes) {
      if (change.event === 'overrun') {
        overruns.push(change.current.map(({ message }) => message.name));
        net.ip('link del br0');
      } else if (change.event === 'delete') break;
    }
    expect(overruns).toEqual([['lo', 'br0']]);
  });

  it('ends when it is aborted or left, whatever it is doing', async () => {
    await using net = await network();
    const before = openDescriptors();
    const reason = new Error('enough');
    const controller = new AbortController();
    const options = { ...net, signal: controller.signal };
    const waiting = watch(['link'], options);
    const idle = watch(['rule', 'neighbour'], options);
    const next = waiting.next();
    await delay(20);
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    await expect(idle.next()).rejects.toBe(reason);
    expect(await waiting.next()).toEqual({ done: true, value: undefined });
    expect(() => watch(['link'], options)).toThrow(reason);
    const left = watch(['link'], net);
    const pending = left.next();
    await delay(20);
    await left.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
  });

  it.each([[[]], [['links']], ['link']])('refuses %j', (kinds) => {
    expect(() => watch(kinds as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
