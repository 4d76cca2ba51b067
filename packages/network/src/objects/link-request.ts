import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { checkString } from '@ts-c/syscall';
import { checkTarget, type NamespaceTarget } from '@ts-c/namespaces';
import { describe, invalid } from '../netlink/invalid.ts';
import type { NetlinkSocket, WaitOptions } from '../netlink/socket.ts';
import { IFF, type newLink } from '../route/link-messages.ts';
import { checkOptions, type BridgePortOptions } from './link-data.ts';
import { checkMtu, checkName } from './check.ts';
import { addressGenerationModes } from './link-types.ts';
import { indexOf, type Device } from './session.ts';

/** What every kind of link can be told, when it is made and later. What is absent stays as it is. */
export interface LinkOptions {
  /** Up or down; no other flag is touched. */
  readonly up?: boolean | undefined;
  /** Bytes. */
  readonly mtu?: number | undefined;
  /** Such as `02:00:5e:10:00:01`. */
  readonly address?: string | undefined;
  readonly broadcast?: string | undefined;
  /** Up to 255 bytes, `''` for none. */
  readonly alias?: string | undefined;
  /** Packets. */
  readonly txQueueLength?: number | undefined;
  /** The bridge, bond or VRF that it becomes a port of; `null` for none. */
  readonly master?: Device | null | undefined;
  readonly group?: number | undefined;
  readonly multicast?: boolean | undefined;
  readonly allMulticast?: boolean | undefined;
  readonly promiscuous?: boolean | undefined;
  /** Does it ask for addresses of neighbours? */
  readonly arp?: boolean | undefined;
  readonly carrier?: boolean | undefined;
  /** Where it goes: a path, pid or pidfd of a network namespace. */
  readonly namespace?: NamespaceTarget | undefined;
  /** How it makes its IPv6 address. */
  readonly addressGenerationMode?: 'eui64' | 'none' | 'stable-secret' | 'random' | undefined;
}

/** What a message about a link is written from. */
export type LinkBody = Parameters<typeof newLink.codec.write>[1];

/** What belongs to a message, and what has to be closed once it is sent. */
export interface LinkRequest extends Disposable {
  readonly body: LinkBody;
}

const flagNames = {
  up: IFF.UP,
  multicast: IFF.MULTICAST,
  allMulticast: IFF.ALLMULTI,
  promiscuous: IFF.PROMISC,
} as const;

/**
 * Turns options into what a message has. Every name of a device is looked up.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the option, where one does not fit.
 */
export async function toLinkRequest(
  socket: NetlinkSocket,
  { master, namespace, ...options }: LinkOptions,
  wait: WaitOptions,
): Promise<LinkRequest> {
  const { mtu, address, broadcast, alias, txQueueLength, group, carrier } = options;
  if (mtu !== undefined) checkMtu('mtu', mtu);
  if (alias !== undefined) checkAlias(alias);
  const masterIndex =
    typeof master === 'string' || typeof master === 'number'
      ? await indexOf(socket, 'master', master, wait)
      : undefined;
  const body = {
    ...toFlags(options),
    mtu,
    address,
    broadcast,
    alias,
    txQueueLength,
    group,
    carrier: carrier === undefined ? undefined : Number(carrier),
    afSpecific: toFamilies(options.addressGenerationMode),
    master: master === null ? 0 : masterIndex,
  };
  const place = toPlace('namespace', namespace);
  return { body: { ...body, ...place.body }, [Symbol.dispose]: place[Symbol.dispose] };
}

/** The flags that are to be set or cleared, and which they are. */
function toFlags(options: LinkOptions): { flags?: number; change?: number } {
  let [flags, change] = [0, 0];
  const set = (field: string, bit: number, value: unknown): void => {
    if (value === undefined) return;
    if (typeof value !== 'boolean')
      throw invalid(`${field}: expected true or false, got ${describe(value)}`);
    change |= bit;
    if (value) flags |= bit;
  };
  for (const [name, bit] of Object.entries(flagNames))
    set(name, bit, options[name as keyof typeof flagNames]);
  // The kernel's flag says the contrary.
  set('arp', IFF.NOARP, typeof options.arp === 'boolean' ? !options.arp : options.arp);
  return change === 0 ? {} : { flags, change };
}

/** The namespace that a link goes to. A path is opened until the message is sent. */
function toPlace(field: string, namespace: NamespaceTarget | undefined): LinkRequest {
  if (namespace === undefined) return { body: {}, [Symbol.dispose]: nothing };
  const target = checkTarget(field, namespace);
  if (typeof target === 'string') {
    // Should it be a FIFO, nobody waits for its other end.
    const fd = openSync(target, constants.O_RDONLY | constants.O_NONBLOCK);
    return { body: { namespaceFd: fd }, [Symbol.dispose]: () => closeSync(fd) };
  }
  const pid = 'pid' in target ? target.pid : pidOf(field, target.pidfd);
  return { body: { namespacePid: pid }, [Symbol.dispose]: nothing };
}

function pidOf(field: string, pidfd: number): number {
  const [, pid] = /^Pid:\t(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8')) ?? [];
  if (!(Number(pid) > 0))
    throw invalid(`${field}.pidfd: expected a pidfd of a process that lives, got ${pidfd}`);
  return Number(pid);
}

/** Which options every kind of link has. */
const optionNames: Readonly<Record<keyof LinkOptions, true>> = {
  up: true,
  mtu: true,
  address: true,
  broadcast: true,
  alias: true,
  txQueueLength: true,
  master: true,
  group: true,
  multicast: true,
  allMulticast: true,
  promiscuous: true,
  arp: true,
  carrier: true,
  namespace: true,
  addressGenerationMode: true,
};

/** The options of {@link LinkOptions}, and the others: what is left is up to the kind. */
export function splitOptions<T extends LinkOptions>(
  given: T,
): { readonly options: LinkOptions; readonly rest: Omit<T, keyof LinkOptions> } {
  const part = (isOption: boolean): object =>
    Object.fromEntries(
      Object.entries(given).filter(([name]) => Object.hasOwn(optionNames, name) === isOption),
    );
  const [options, rest] = [part(true), part(false) as Omit<T, keyof LinkOptions>];
  return { options, rest };
}

/** What a port of a bridge is told, in a message. */
export function toPort(port: BridgePortOptions): NonNullable<LinkBody['info']> {
  checkOptions('port', port, 'port.');
  return { slaveKind: 'bridge', slaveData: port };
}

/** Checks the name that a link is to have, and gives it. */
export function toName(field: string, name: string): string {
  checkName(field, name);
  return name;
}

function checkAlias(alias: string): void {
  checkString('alias', alias);
  const size = Buffer.byteLength(alias);
  if (size > 255) throw invalid(`alias: expected at most 255 bytes, got ${size}`);
}

function toFamilies(mode: LinkOptions['addressGenerationMode']): Uint8Array | undefined {
  if (mode === undefined) return undefined;
  const number = addressGenerationModes.toNumber('addressGenerationMode', mode);
  // A list of families, in it that of IPv6, in it the mode.
  return Uint8Array.from([12, 0, 10, 0, 5, 0, 8, 0, number, 0, 0, 0]);
}

const nothing = (): void => {};
