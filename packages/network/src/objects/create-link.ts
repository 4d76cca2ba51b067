import { NLM_F } from '../netlink/message.ts';
import { request } from '../netlink/request.ts';
import type { WaitOptions } from '../netlink/socket.ts';
import { newLink } from '../route/link-messages.ts';
import { giveAddresses, toNewAddresses, type NewAddress } from './addresses.ts';
import { createTun } from './create-tun.ts';
import { toInfo, type LinkSpec } from './link-info.ts';
import { splitOptions, toLinkRequest, toName } from './link-request.ts';
import { changeLink, deleteLink, setLink } from './links.ts';
import { withDevice, withReason, withSocket, type ObjectOptions } from './session.ts';
import { untilLocal } from './until-local.ts';

/** What an end of a link gets once it is there, and where that is. */
interface End {
  readonly name: string;
  readonly addresses: readonly NewAddress[];
  /** What it is still to be told. */
  readonly up?: boolean | undefined;
  /** Is it up by then? As `up` says unless given. */
  readonly isUp?: boolean | undefined;
  readonly place: ObjectOptions;
}

/**
 * Makes a link: with everything that is said of it in one request, so that it is there as it should be, or not at all.
 *
 * What the kernel takes only once it is there comes after that: addresses, and the peer of a veth coming up. So it is with a tun or
 * tap, which is made by ioctl(2) on `/dev/net/tun`, see {@link TunSpec}. Where any of it fails, the link is deleted again.
 *
 * @throws {NetlinkError} `EEXIST` where there is one of the name, `EOPNOTSUPP` where the kernel knows no such kind; for an address it is
 * in `dest`.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`, which names the field, where one does not fit.
 *
 * @example
 * await createLink({ kind: 'bridge', name: 'br0', up: true, addresses: ['10.0.0.1/24', 'fd00::1/64'] });
 * await createLink({ kind: 'veth', name: 'a', up: true, peer: { name: 'b', namespace: { pid } } });
 * await createLink({ kind: 'vlan', name: 'a.7', link: 'a', id: 7 });
 */
export async function createLink(spec: LinkSpec, options: ObjectOptions = {}): Promise<void> {
  const name = toName('name', spec.name);
  const addresses = toNewAddresses('addresses', spec.addresses);
  // That there is one is checked with the rest of what a veth needs.
  const peer = spec.kind === 'veth' && spec.peer ? spec.peer : undefined;
  const peerAddresses = toNewAddresses('peer.addresses', peer?.addresses);
  await withSocket(options, async (socket, wait) => {
    const { options: told, rest } = splitOptions(spec);
    const here = { ...wait, namespace: socket };
    const placed = ({ namespace }: typeof told): ObjectOptions =>
      namespace === undefined ? here : { ...wait, namespace };
    const own: End = { name, addresses, isUp: told.up, place: placed(told) };
    if (spec.kind === 'tun' || spec.kind === 'tap') {
      createTun(spec, options);
      await orDelete(name, here, () => changeLink(socket, name, told, {}, wait));
    } else {
      using message = await toLinkRequest(socket, told, wait);
      using info = await toInfo(socket, rest, wait);
      const body = { ...message.body, name, ...info.body };
      try {
        await socket.request(request(newLink, body, NLM_F.CREATE | NLM_F.EXCL), wait);
      } catch (error) {
        throw withReason(withDevice(error, name, peer?.name), (given) => reasonFor(spec, given));
      }
    }
    await orDelete(name, own.place, async () => {
      // The kernel sets no end up before it has both.
      if (peer) await complete({ ...peer, addresses: peerAddresses, place: placed(peer) });
      await complete(own);
    });
  });
}

/** What a kernel that does not support a link may lack. */
function reasonFor(spec: LinkSpec, given: string | undefined): string {
  if (given !== undefined) return `${given}: ${spec.kind}`;
  return spec.kind === 'bridge' && spec.vlanFiltering
    ? 'vlanFiltering is not built into every kernel'
    : `this kernel does not support such a ${spec.kind}`;
}

/** Tells an end of a link what it can be told only now. */
async function complete({ name, addresses, up, isUp = up, place }: End): Promise<void> {
  if (addresses.length === 0 && up === undefined) return;
  await withSocket(place, async (namespace, wait: WaitOptions) => {
    if (up !== undefined) await setLink(name, { up }, { ...wait, namespace });
    // On a device that is down the kernel makes no route for what is sent to all, without which neighbours of IPv6 are not heard at first.
    await giveAddresses(namespace, name, addresses, wait);
    if (!isUp) return;
    for (const { address, family } of addresses)
      if (family === 6) await untilLocal(namespace, address, wait);
  });
}

/** Deletes the link again where something fails. */
async function orDelete(
  name: string,
  { namespace }: ObjectOptions,
  body: () => Promise<unknown>,
): Promise<void> {
  try {
    await body();
  } catch (error) {
    await deleteLink(name, { namespace }).catch(() => {});
    throw error;
  }
}
