import { spawn as spawnHere } from 'node:child_process';
import { createServer } from 'node:net';
import { commandPid, spawn, within } from '@ts-c/namespaces';
import { addAddress, createLink } from '@ts-c/network';

// A network namespace lasts as long as a process in it. This machine's own network is left alone.
const machine = async () => ({
  pid: await commandPid(spawn('sleep', ['60'], { namespaces: { net: true } })),
});
const [left, right] = [await machine(), await machine()];
const peer = { name: 'eth0', namespace: right, up: true };
await createLink({ kind: 'veth', name: 'eth0', up: true, peer }, { namespace: left });
await addAddress('eth0', '10.0.0.1/24', { namespace: left });
await addAddress('eth0', '10.0.0.2/24', { namespace: right });

const server = createServer((socket) => socket.end());
within('net', right, () => server.listen(80));
const ask = `const socket = require('net').connect(80, '10.0.0.2', () =>
  console.log(socket.localAddress, 'reaches', socket.remoteAddress))`;
const asking = within('net', left, () =>
  spawnHere(process.execPath, ['-e', ask], { stdio: 'inherit' }),
);
asking.on('exit', () => {
  server.close();
  for (const { pid } of [left, right]) process.kill(pid);
});
