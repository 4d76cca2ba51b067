import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { within } from '@ts-c/namespaces';
import { expect } from 'vitest';
import { NLM_F, request } from '../src/netlink/index.ts';
import { NetlinkSocket } from '../src/netlink/socket.ts';
import { AF, getAddress, getLink, getRoute, IFF, newAddress, SCOPE } from '../src/route/index.ts';
import type { Network } from './network.ts';

/** Waits until something is so, for three seconds at most: namespaces end a moment after their last process. */
export async function until<T>(look: () => T, expected: T): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    if (JSON.stringify(look()) === JSON.stringify(expected)) break;
    await delay(20);
  }
  expect(look()).toEqual(expected);
}

/** The links that a process sees: name, MTU, up or down. */
export function linksOf(pid: number): string[] {
  using socket = NetlinkSocket.open({ namespace: { pid } });
  return socket
    .dumpSync(request(getLink, {}))
    .map(({ name, mtu, flags }) => `${name} ${mtu} ${flags & IFF.UP ? 'up' : 'down'}`);
}

function namesIn(socket: NetlinkSocket): Map<number, string> {
  return new Map(
    socket.dumpSync(request(getLink, {})).map(({ index, name = '' }) => [index, name]),
  );
}

/** The addresses that a process has, without those that every device of IPv6 has. */
export function addressesIn(pid: number): string[] {
  using socket = NetlinkSocket.open({ namespace: { pid } });
  const names = namesIn(socket);
  return socket
    .dumpSync(request(getAddress, {}))
    .filter(({ scope }) => scope !== SCOPE.LINK)
    .toSorted((left, right) => left.index - right.index)
    .map(
      ({ index, local, address, prefixLength }) =>
        `${names.get(index)} ${local ?? address}/${prefixLength}`,
    );
}

/** The routes of the main table that a process has, without those that every device of IPv6 has. */
export function routesOf(pid: number): string[] {
  using socket = NetlinkSocket.open({ namespace: { pid } });
  const names = namesIn(socket);
  return socket
    .dumpSync(request(getRoute, {}))
    .filter(({ table, destination = '' }) => table === 254 && !/^f[ef]/.test(destination))
    .map((route) => {
      const { family, destinationLength, gateway, outputInterface = 0, scope } = route;
      const { destination = family === AF.INET ? '0.0.0.0' : '::', preferredSource } = route;
      return [
        `${destination}/${destinationLength}`,
        ...(gateway ? [`via ${gateway}`] : []),
        `dev ${names.get(outputInterface)} scope ${scope}`,
        ...(preferredSource ? [`src ${preferredSource}`] : []),
      ].join(' ');
    })
    .toSorted();
}

/** The index of a link. */
export function indexIn({ namespace }: Network, name: string): number {
  using socket = NetlinkSocket.open({ namespace });
  return socket.requestSync(request(getLink, { name }))[0]?.index ?? 0;
}

/** Gives a device an IPv4 address of 24 bits. */
export function addAddress(machine: Network, name: string, address: string): void {
  using socket = NetlinkSocket.open({ namespace: machine.namespace });
  const index = indexIn(machine, name);
  const body = { family: AF.INET, prefixLength: 24, index, local: address, address };
  socket.requestSync(request(newAddress, body, NLM_F.CREATE | NLM_F.EXCL));
}

function nodeIn({ namespace }: Pick<Network, 'namespace'>, script: string): ChildProcess {
  return within('net', namespace, () =>
    spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
}

/** A server on port 80 that says who has asked. */
export function serverIn(machine: Network): { line(): Promise<string>; end(): void } {
  const child = nodeIn(
    machine,
    'require("net").createServer((s) => s.end(s.remoteAddress.replace("::ffff:", ""))).listen(80, "0.0.0.0", () => console.log("ready"))',
  );
  return {
    line: async () => String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0]).trim(),
    end: () => void child.kill(),
  };
}

/** What a server says. */
export async function fetchIn(
  machine: Pick<Network, 'namespace'>,
  host: string,
  port: number,
): Promise<string> {
  const child = nodeIn(
    machine,
    `require("net").connect({ host: "${host}", port: ${port}, timeout: 2000 })
      .on("data", (chunk) => console.log(String(chunk).trim().replace("::ffff:", "")))
      .on("timeout", () => process.exit(1)).on("error", (error) => console.log(error.code))`,
  );
  const chunks = await (child.stdout as NonNullable<ChildProcess['stdout']>).toArray();
  return chunks.join('').trim();
}
