import { existsSync } from 'node:fs';
import { AT, live, unlinkat, withDescriptor } from '@ts-c/syscall';
import { request } from '../netlink/request.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { deleteLink, EXTENDED, getLink } from '../route/link-messages.ts';
import { bridgeMac } from './bridge.ts';
import { isInUse } from './is-in-use.ts';
import { isHeld, readLeases } from './lease-files.ts';
import { containerOf, leaseRoot, openLeases, whileLocked } from './lease.ts';
import { Patience } from './patience.ts';
import { asFarAsPossible } from './refusals.ts';
import { removeTable } from './supervise.ts';

/** What was found and removed. */
export interface Swept {
  /** Addresses, by the name of their bridge in front: `ts-c0/10.89.0.2`. */
  readonly leases: readonly string[];
  /** The ids whose tables of nf_tables are gone now, if there were any. */
  readonly ids: readonly string[];
  /** Bridges that were made on demand and had no user any more. */
  readonly bridges: readonly string[];
}

/**
 * Removes what supervisors have left that were killed: leases that nobody holds, the tables of nf_tables of their containers, and bridges
 * that were made on demand and have no user any more. Devices have gone with the containers.
 *
 * What is in use stays: also what is that of a container which has outlived its supervisor, for as long as its veth leads to it. One
 * that looks so may just be ending: it is waited for, for a tenth of a second at most. If it takes longer, the next sweep finds it.
 *
 * @param isAlive Is it known that the container of this id lives on without its supervisor? Then nothing is waited for.
 * @throws {SystemError} `EPERM`, `EACCES` without the right to.
 */
export function sweepNetworks(
  root: string = leaseRoot,
  isAlive: (id: string) => boolean = () => false,
): Swept {
  const swept = { leases: [] as string[], ids: new Set<string>(), bridges: [] as string[] };
  if (existsSync(root)) {
    using socket = NetlinkSocket.open();
    const sweep: Sweep = { root, socket, swept, isAlive: (id) => isAlive(containerOf(id)) };
    awaitEnds(sweep);
    withDescriptor(live, Number(openLeases(live, root)), (leases) =>
      whileLocked(live, leases, () => sweepAll(leases, sweep)),
    );
  }
  return { ...swept, ids: [...swept.ids] };
}

/** A sweep, and what it has found so far. */
interface Sweep {
  readonly root: string;
  readonly socket: NetlinkSocket;
  /** Is the container that this is the id of a table of known to live? */
  readonly isAlive: (id: string) => boolean;
  readonly swept: {
    readonly leases: string[];
    readonly ids: Set<string>;
    readonly bridges: string[];
  };
}

/** Gives containers a moment that may be ending, while others can still take and give leases. */
function awaitEnds({ root, socket, isAlive }: Sweep): void {
  const unlocked = [...readLeases(root).values()]
    .flat()
    .filter(({ id, device, isLocked }) => !isLocked && device !== '' && !isAlive(id));
  const devices = [...new Set(unlocked.map(({ device }) => device))];
  new Patience().until(() => !devices.some((device) => isInUse(socket, device)));
}

function sweepAll(leases: number, { root, socket, isAlive, swept }: Sweep): void {
  const look = (device: string): boolean => isInUse(socket, device);
  const known = readLeases(root);
  const held = new Set(
    [...known.values()].flat().filter((lease) => isAlive(lease.id) || isHeld(lease, look)),
  );
  const heldIds = new Set([...held].map(({ id }) => id));
  const emptied = new Set<string>();
  for (const [name, list] of known) {
    for (const lease of list) {
      if (held.has(lease)) continue;
      const { id, address } = lease;
      // First the table, which would lead packets to whoever has the address next. Another container may have the id by now.
      if (id !== '' && !heldIds.has(id)) {
        asFarAsPossible(live, () => removeTable(live, id));
        swept.ids.add(containerOf(id));
      }
      live.call(unlinkat, leases, `${name}/${address}`, 0);
      swept.leases.push(`${name}/${address}`);
    }
    if (list.some((lease) => held.has(lease))) continue;
    asFarAsPossible(live, () => {
      live.call(unlinkat, leases, name, AT.REMOVEDIR);
      emptied.add(name);
    });
  }
  for (const { name, hasPorts } of readBridges(socket)) {
    // Ports of containers that have ended may be there for a moment longer. Those of a bridge that nothing is known of may be of
    // containers whose leases are elsewhere.
    const isUnused = emptied.has(name) || (!known.has(name) && !hasPorts);
    if (!isUnused) continue;
    socket.requestSync(request(deleteLink, { name }));
    swept.bridges.push(name);
  }
}

/** Bridges that were made on demand. */
function readBridges(
  socket: NetlinkSocket,
): readonly { readonly name: string; readonly hasPorts: boolean }[] {
  const links = socket.dumpSync(request(getLink, { extendedMask: EXTENDED.SKIP_STATS }));
  const masters = new Set(links.map(({ master }) => master));
  return links.flatMap(({ name = '', index, address }) =>
    address === bridgeMac(name) ? [{ name, hasPorts: masters.has(index) }] : [],
  );
}
