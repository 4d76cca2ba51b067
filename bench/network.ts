/**
 * What the network costs: many veth pairs made and deleted and many links listed, next to ip(8) in the same network namespace, which is
 * one of our own; and routes decoded.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { ContainerRequest } from 'nsinit';
import { commandPid, spawn, within, type NamespaceTarget } from '@ts-c/namespaces';
import {
  createLink,
  deleteLink,
  listLinks,
  netlink,
  NetlinkSocket,
  rtnetlink,
} from '@ts-c/network';
import { find } from './competitors.ts';
import { median } from './measure.ts';
import { costOfVeth } from './veth.ts';

/** The figures, times in milliseconds; what can't be measured here is undefined. */
export interface NetworkFigures {
  readonly pairs: Comparison & { readonly count: number };
  readonly list: Comparison & { readonly count: number };
  /** A container with a veth on a bridge, an address and a default route, more than one with an empty network namespace. */
  readonly container: number;
  readonly decode: {
    /** Messages a second. */
    readonly rate: number;
    readonly count: number;
    /** Bytes that are in use by JavaScript afterwards, more than before. */
    readonly growth: number;
  };
}

interface Comparison {
  readonly ours: number;
  /** Where there is iproute2. */
  readonly ip?: number | undefined;
  readonly ratio?: number | undefined;
}

/**
 * Makes a namespace, and measures there.
 *
 * @param request The container that is to have a network.
 */
export async function networkFigures(
  request: ContainerRequest,
  pairs: number,
): Promise<NetworkFigures> {
  const holder = spawn('sleep', ['3600'], { namespaces: { net: true }, stdio: 'ignore' });
  try {
    const namespace = { pid: await commandPid(holder) };
    return {
      container: await costOfVeth(namespace, request, 100),
      pairs: { count: pairs, ...(await makeAndDelete(namespace, pairs)) },
      list: { count: pairs, ...(await list(namespace, pairs / 2)) },
      decode: decode(1_000_000),
    };
  } finally {
    holder.kill('SIGKILL');
  }
}

async function makeAndDelete(namespace: NamespaceTarget, count: number): Promise<Comparison> {
  using socket = NetlinkSocket.open({ namespace });
  const ours = async (): Promise<void> => {
    for (let index = 0; index < count; index += 1)
      await createLink(
        { kind: 'veth', name: `a${index}`, peer: { name: `b${index}` } },
        { namespace: socket },
      );
    for (let index = 0; index < count; index += 1)
      await deleteLink(`a${index}`, { namespace: socket });
  };
  const numbers = Array.from({ length: count }, (_, index) => index);
  const commands = [
    ...numbers.map((index) => `link add a${index} type veth peer name b${index}`),
    ...numbers.map((index) => `link delete a${index}`),
  ];
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-bench-'));
  try {
    const batch = join(directory, 'batch');
    writeFileSync(batch, `${commands.join('\n')}\n`);
    // Once: the kernel takes tens of milliseconds for each deletion.
    return await compare(1, 0, ours, runIp(namespace, '-batch', batch));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** All that `ip -d` shows: no statistics. */
async function list(namespace: NamespaceTarget, pairs: number): Promise<Comparison> {
  using socket = NetlinkSocket.open({ namespace });
  const options = { namespace: socket };
  for (let index = 0; index < pairs; index += 1)
    await createLink({ kind: 'veth', name: `a${index}`, peer: { name: `b${index}` } }, options);
  const ours = async (): Promise<void> => void (await listLinks({ ...options, statistics: false }));
  return await compare(20, 10, ours, runIp(namespace, '-j', '-d', 'link'));
}

/** Both in turn, after some rounds that do not count. */
async function compare(
  rounds: number,
  warmUp: number,
  ours: () => Promise<void>,
  ip: (() => void) | undefined,
): Promise<Comparison> {
  const times: { readonly ours: number; readonly ip: number }[] = [];
  for (let round = -warmUp; round < rounds; round += 1) {
    const begun = performance.now();
    await ours();
    const between = performance.now();
    ip?.();
    const took = { ours: between - begun, ip: performance.now() - between };
    if (round >= 0) times.push(took);
  }
  const all = { ours: median(times.map((each) => each.ours)) };
  if (!ip) return all;
  return {
    ...all,
    ip: median(times.map((each) => each.ip)),
    ratio: median(times.map((each) => each.ours / each.ip)),
  };
}

/** Runs ip(8) in a namespace, as a whole process. */
function runIp(namespace: NamespaceTarget, ...args: readonly string[]): (() => void) | undefined {
  const ip = find('ip') ?? ['/usr/sbin/ip', '/sbin/ip'].find((path) => existsSync(path));
  if (!ip) return undefined;
  return () => {
    const { status } = within('net', namespace, () =>
      spawnSync(ip, args, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 }),
    );
    if (status !== 0) throw new Error(`ip ${args.join(' ')} ended with status ${status}`);
  };
}

/** Decodes one route, as a dump of all has it, over and over. */
function decode(count: number): NetworkFigures['decode'] {
  const { routeMessage, AF, TABLE } = rtnetlink;
  const bytes = netlink.encodeMessage(routeMessage, {
    type: rtnetlink.RTM.NEWROUTE,
    body: {
      family: AF.INET,
      destinationLength: 16,
      shortTable: TABLE.MAIN,
      protocol: 3,
      type: 1,
      table: TABLE.MAIN,
      destination: '10.1.0.0',
      priority: 100,
      gateway: '10.0.0.2',
      outputInterface: 2,
    },
  });
  const run = (): number => {
    const begun = performance.now();
    for (let index = 0; index < count; index += 1)
      for (const { bodyStart, end } of netlink.messagesOf(bytes))
        routeMessage.decode(bytes, bodyStart, end);
    return performance.now() - begun;
  };
  run();
  const before = inUse();
  const times = [run(), run(), run()];
  return { count, rate: (count / median(times)) * 1000, growth: inUse() - before };
}

function inUse(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
