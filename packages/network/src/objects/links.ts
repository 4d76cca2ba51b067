import { invalid } from '../netlink/invalid.ts';
import { NLM_F } from '../netlink/message.ts';
import { request } from '../netlink/request.ts';
import type { NetlinkSocket, WaitOptions } from '../netlink/socket.ts';
import {
  deleteLink as deleteOperation,
  deleteLinkProperty,
  EXTENDED,
  newLink,
  newLinkProperty,
} from '../route/link-messages.ts';
import { checkAlternativeName, checkDevice } from './check.ts';
import { getDraft, getDraftOnly, type DraftLink, type Link } from './link.ts';
import {
  toData,
  type BridgeOptions,
  type BridgePortOptions,
  type IpvlanOptions,
  type MacvlanOptions,
  type VxlanOptions,
} from './link-data.ts';
import {
  splitOptions,
  toLinkRequest,
  toName,
  toPort,
  type LinkBody,
  type LinkOptions,
} from './link-request.ts';
import {
  indexOf,
  nameAttribute,
  withDevice,
  withSocket,
  type Device,
  type ObjectOptions,
} from './session.ts';

/** Options of {@link listLinks}. */
export interface ListLinksOptions extends ObjectOptions {
  /** Only links of this kind, such as `veth`. */
  readonly kind?: string | undefined;
  /** Only ports of this bridge, bond or VRF. */
  readonly master?: Device | undefined;
  /** The counters of each, unless `false`, which takes less time. */
  readonly statistics?: boolean | undefined;
}

/**
 * Lists the links of a network namespace, rtnetlink(7), in the order of their indexes' making as the kernel keeps them.
 *
 * @throws {NetlinkError} where the kernel refuses.
 * @throws {SystemError} where the namespace may not be entered.
 *
 * @example
 * for (const { name, up, mtu, statistics } of await listLinks()) console.log(name, up, mtu, statistics?.rxBytes);
 */
export async function listLinks(options: ListLinksOptions = {}): Promise<Link[]> {
  const { kind, master, statistics } = options;
  return withSocket(options, async (socket, wait) => {
    const operation = statistics === false ? getDraftOnly : getDraft;
    // Statistics of IPv6 alone are skipped by this, which nobody here reads.
    const extendedMask = EXTENDED.VF | EXTENDED.SKIP_STATS;
    const index = master === undefined ? undefined : await indexOf(socket, 'master', master, wait);
    // All of them, as others are known by their names.
    const drafts = await socket.dump(request(operation, { extendedMask }), wait);
    const names = new Map(drafts.map((each) => [each.index, each.name]));
    for (const draft of drafts) nameOthers(draft, (other) => names.get(other));
    return drafts.filter(
      (each) =>
        (kind === undefined || each.kind === kind) &&
        (index === undefined || each.masterIndex === index),
    );
  });
}

/**
 * Asks for one link, by its name, one of its alternative names, or its index.
 *
 * @throws {NetlinkError} `ENODEV` where there is none.
 */
export async function getLink(device: Device, options: ObjectOptions = {}): Promise<Link> {
  checkDevice('device', device);
  return withSocket(options, async (socket, wait) => {
    const link = await draftOf(socket, device, wait);
    const names = new Map<number, string | undefined>();
    const others = [
      link.masterIndex,
      link.linkNamespaceId === undefined ? link.linkIndex : undefined,
    ];
    for (const other of others) if (other) names.set(other, await nameOf(socket, other, wait));
    nameOthers(link, (other) => names.get(other));
    return link;
  });
}

/** What a link can be told once it is there. */
export type LinkChanges = LinkOptions & {
  /** A new name; as a rule the link has to be down for it. */
  readonly name?: string | undefined;
  /** More names, of up to 127 bytes, that it gets beside those it has. */
  readonly addAlternativeNames?: readonly string[] | undefined;
  readonly removeAlternativeNames?: readonly string[] | undefined;
  /** What a bridge is told about it as its port. */
  readonly port?: BridgePortOptions | undefined;
  readonly bridge?: BridgeOptions | undefined;
  readonly macvlan?: MacvlanOptions | undefined;
  readonly macvtap?: MacvlanOptions | undefined;
  readonly ipvlan?: IpvlanOptions | undefined;
  readonly vxlan?: VxlanOptions | undefined;
};

/**
 * Changes a link. What is not named stays as it is, each flag as well.
 *
 * @throws {NetlinkError} `ENODEV` where there is none, `EBUSY` for a new name of one that is up.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit: nothing has been changed.
 *
 * @example
 * await setLink('a', { up: true, mtu: 1400, master: 'br0', address: '02:00:5e:10:00:01' });
 * await setLink('br0', { bridge: { vlanFiltering: true } });
 */
export async function setLink(
  device: Device,
  changes: LinkChanges,
  options: ObjectOptions = {},
): Promise<void> {
  checkDevice('device', device);
  const { options: told, rest } = splitOptions(changes);
  const { name, addAlternativeNames, removeAlternativeNames, port, ...kinds } = rest;
  const given = Object.entries(kinds).filter(([, value]) => value !== undefined);
  const known = ['bridge', 'macvlan', 'macvtap', 'ipvlan', 'vxlan'];
  const [strange] = given.find(([key]) => !known.includes(key)) ?? [];
  if (strange !== undefined)
    throw invalid(
      `setLink: expected options of a link, got ${JSON.stringify(strange)}; those of one kind go into ${known.join(', ')}: { bridge: { … } }`,
    );
  const [first, second] = given;
  if (second)
    throw invalid(`${second[0]}: expected one kind alone, got ${first?.[0]} and ${second[0]}`);
  for (const each of [...(addAlternativeNames ?? []), ...(removeAlternativeNames ?? [])])
    checkAlternativeName('alternativeNames', each);
  const kind = first && {
    kind: first[0],
    data: toData(first[0], first[1] as Record<string, unknown>, false) as never,
  };
  // One that becomes a port just now takes what a port is told only after that.
  const isLater = port !== undefined && told.master !== undefined;
  const more: LinkBody = {
    ...(name === undefined ? {} : { name: toName('name', name) }),
    ...(kind || port ? { info: { ...kind, ...(port && !isLater ? toPort(port) : {}) } } : {}),
  };
  await withSocket(options, async (socket, wait) => {
    const index = await changeLink(socket, device, told, more, wait);
    if (isLater) await changeLink(socket, index, {}, { info: toPort(port) }, wait);
    for (const [list, operation] of [
      [addAlternativeNames, newLinkProperty],
      [removeAlternativeNames, deleteLinkProperty],
    ] as const) {
      if (!list || list.length === 0) continue;
      const properties = { alternativeNames: list };
      await socket.request(request(operation, { index, properties }, NLM_F.CREATE), wait);
    }
  });
}

/**
 * Deletes a link. With one end of a veth the other goes.
 *
 * @throws {NetlinkError} `ENODEV` where there is none, `EOPNOTSUPP` for one that nobody has made, such as `lo`.
 */
export async function deleteLink(device: Device, options: ObjectOptions = {}): Promise<void> {
  checkDevice('device', device);
  const body = typeof device === 'number' ? { index: device } : nameAttribute(device);
  await withSocket(options, async (socket, wait) => {
    try {
      await socket.request(request(deleteOperation, body), wait);
    } catch (error) {
      throw withDevice(error, device);
    }
  });
}

/** Changes a link, and tells its index. */
export async function changeLink(
  socket: NetlinkSocket,
  device: Device,
  told: LinkOptions,
  more: LinkBody,
  wait: WaitOptions,
): Promise<number> {
  using message = await toLinkRequest(socket, told, wait);
  const index = await indexOf(socket, 'device', device, wait);
  try {
    await socket.request(request(newLink, { ...message.body, ...more, index }), wait);
  } catch (error) {
    throw withDevice(error, device);
  }
  return index;
}

async function draftOf(
  socket: NetlinkSocket,
  device: Device,
  wait: WaitOptions,
): Promise<DraftLink> {
  const body = typeof device === 'number' ? { index: device } : nameAttribute(device);
  try {
    const [link] = await socket.request(
      request(getDraft, { ...body, extendedMask: EXTENDED.VF | EXTENDED.SKIP_STATS }),
      wait,
    );
    return link as DraftLink;
  } catch (error) {
    throw withDevice(error, device);
  }
}

/** The name of another link; undefined where it has gone. */
async function nameOf(
  socket: NetlinkSocket,
  index: number,
  wait: WaitOptions,
): Promise<string | undefined> {
  try {
    return (await draftOf(socket, index, wait)).name;
  } catch {
    wait.signal?.throwIfAborted();
    return undefined;
  }
}

function nameOthers(link: DraftLink, nameOfIndex: (index: number) => string | undefined): void {
  if (link.masterIndex) link.master = nameOfIndex(link.masterIndex);
  if (link.linkIndex && link.linkNamespaceId === undefined) link.link = nameOfIndex(link.linkIndex);
}
