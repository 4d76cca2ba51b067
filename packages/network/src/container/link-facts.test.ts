import { errnoNumber } from '@ts-c/syscall';
import { expect, it } from 'vitest';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { readLink, readRoutes } from './link-facts.ts';

it('knows nothing of routes over devices that have gone', () => {
  const text = '10.89.0.0/24';
  const routes = [1, 7].map((index) => ({ table: 254, text, isAdvertised: false, index }));
  const socket = {
    dumpSync: ({ operation }: { operation: { name: string } }) =>
      operation.name === 'RTM_GETROUTE' ? routes : [[1, 'eno1']],
  } as unknown as NetlinkSocket;
  expect(readRoutes(socket).map(({ device }) => device)).toEqual(['eno1']);
});

it('takes it that a link which has gone since it was looked up has no addresses', () => {
  const socket = {
    requestSync: () => [{ index: 7, mac: '02:00:00:00:00:07', kind: 'bridge' }],
    dumpSync: () => {
      throw new NetlinkError({ errno: errnoNumber('ENODEV') }, 'RTM_GETADDR', {});
    },
  } as unknown as NetlinkSocket;
  expect(readLink(socket, 'ts-c0')).toMatchObject({ name: 'ts-c0', addresses: [] });
});
