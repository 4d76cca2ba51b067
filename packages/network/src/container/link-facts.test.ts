import { expect, it } from 'vitest';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { readRoutes } from './link-facts.ts';

it('knows nothing of routes over devices that have gone', () => {
  const text = '10.89.0.0/24';
  const routes = [1, 7].map((index) => ({ table: 254, text, isAdvertised: false, index }));
  const socket = {
    dumpSync: ({ operation }: { operation: { name: string } }) =>
      operation.name === 'RTM_GETROUTE' ? routes : [[1, 'eno1']],
  } as unknown as NetlinkSocket;
  expect(readRoutes(socket).map(({ device }) => device)).toEqual(['eno1']);
});
