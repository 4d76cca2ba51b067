import { execFile, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { commandPid, spawn, within } from '@ts-c/namespaces';

/** Says over TCP on port 80 and over UDP on port 53, with both families, which machine it is and who asks. */
const server = `
const name = process.argv[1];
const plain = (address) => address.replace('::ffff:', '');
require('net').createServer((socket) => {
  socket.on('error', () => {});
  socket.end(name + ' ' + plain(socket.remoteAddress));
}).listen(80, () => {
  const udp = require('dgram').createSocket('udp6');
  udp.on('message', (_, from) => udp.send(name + ' ' + plain(from.address), from.port, from.address));
  udp.bind(53, () => console.log('ready'));
});
process.stdin.resume().on('end', () => process.exit());
`;

const client = `
const [protocol, host, port] = process.argv.slice(1);
let text = '';
const done = () => { console.log(text); process.exit(); };
setTimeout(() => { console.log('nothing'); process.exit(); }, 1500);
if (protocol === 'tcp') {
  const socket = require('net').connect(Number(port), host);
  socket.on('data', (chunk) => text += chunk).on('end', done).on('error', (error) => { text = error.code; done(); });
} else {
  const socket = require('dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', (error) => { text = error.code; done(); });
  socket.on('message', (message) => { text = String(message); done(); });
  socket.send('?', Number(port), host, (error) => { if (error) { text = error.code; done(); } });
}
`;

/** A network namespace that is a machine of its own, with servers; it ends when it is disposed of. */
export class Machine implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  static async start(name: string): Promise<Machine> {
    const child = spawn(process.execPath, ['-e', server, name], {
      namespaces: { net: true },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const machine = new Machine(child, await commandPid(child));
    machine.run('ip', 'link', 'set', 'lo', 'up');
    return machine;
  }

  /** Does something on this thread, in its network. */
  inside<T>(body: () => T): T {
    return within('net', { pid: this.pid }, body);
  }

  /** Runs a command in its network, for its output. */
  run(command: string, ...args: string[]): string {
    return this.inside(() => execFileSync(command, args, { env: environment })).toString();
  }

  /** Asks a server from here: the answer, `nothing`, or the code of the error. */
  async ask(protocol: 'tcp' | 'udp', host: string, port: number): Promise<string> {
    const answer = this.inside(() => {
      const child = execFile(process.execPath, ['-e', client, protocol, host, `${port}`]);
      return { chunks: child.stdout?.toArray() };
    });
    return ((await answer.chunks) ?? []).join('').trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.stdin?.end();
    this.#child.stdout?.resume();
    await ended;
  }
}

const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

// Not to wait until nobody objects to it.
const nodad = (address: string): string[] => (address.includes(':') ? ['nodad'] : []);

/**
 * A machine called host, with a bridge `br0` that has two containers on it, and one outside of it:
 *
 *     outside 192.0.2.2, 2001:db8::2 -- 192.0.2.1, 2001:db8::1 host 10.0.0.1, fd00::1 -- web 10.0.0.2, fd00::2
 *                                                                                      \ other 10.0.0.3, fd00::3
 */
export async function makeWorld(): Promise<
  { host: Machine; outside: Machine; web: Machine; other: Machine } & AsyncDisposable
> {
  const [host, outside, web, other] = await Promise.all([
    Machine.start('host'),
    Machine.start('outside'),
    Machine.start('web'),
    Machine.start('other'),
  ]);
  const addresses = (machine: Machine, device: string, ...list: string[]): void => {
    for (const address of list)
      machine.run('ip', 'address', 'add', address, 'dev', device, ...nodad(address));
    machine.run('ip', 'link', 'set', device, 'up');
  };
  const cable = (device: string, to: Machine): void =>
    void host.run('ip', ...`link add ${device} type veth peer eth0 netns ${to.pid}`.split(' '));
  host.run('ip', 'link', 'add', 'br0', 'type', 'bridge');
  cable('out0', outside);
  addresses(host, 'out0', '192.0.2.1/24', '2001:db8::1/64');
  addresses(outside, 'eth0', '192.0.2.2/24', '2001:db8::2/64');
  for (const [index, machine] of [web, other].entries()) {
    cable(`veth${index}`, machine);
    host.run('ip', 'link', 'set', `veth${index}`, 'master', 'br0', 'up');
    // With br_netfilter a packet to its own published port goes back where it came from without having left the bridge.
    host.run('ip', ...`link set veth${index} type bridge_slave hairpin on`.split(' '));
    addresses(machine, 'eth0', `10.0.0.${2 + index}/24`, `fd00::${2 + index}/64`);
    machine.run('ip', 'route', 'add', 'default', 'via', '10.0.0.1');
    machine.run('ip', '-6', 'route', 'add', 'default', 'via', 'fd00::1');
  }
  addresses(host, 'br0', '10.0.0.1/24', 'fd00::1/64');
  return {
    host,
    outside,
    web,
    other,
    async [Symbol.asyncDispose]() {
      await Promise.all([host, outside, web, other].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}
