import { createLink, NetworkNamespace, ping } from '@ts-c/network';

// Two machines with a cable between them. This machine's own network is left alone.
await using left = await NetworkNamespace.create();
await using right = await NetworkNamespace.create();
const peer = { name: 'eth0', namespace: right, up: true, addresses: ['10.0.0.2/24'] };
await createLink(
  { kind: 'veth', name: 'eth0', up: true, addresses: ['10.0.0.1/24'], peer },
  { namespace: left },
);
console.log(await ping('10.0.0.2', { namespace: left }));
