import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AT, live, unlinkat, withDescriptor } from '@ts-c/syscall';
import { request } from '../netlink/request.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { deleteLink, EXTENDED, getLink } from '../route/link-messages.ts';
import { bridgeMac } from './bridge.ts';
import { listOf, readLeases } from './facts.ts';
import { containerOf, leaseRoot, openLeases, whileLocked } from './lease.ts';
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
 * that were made on demand and have no user any more. Devices have gone with the containers. What is in use stays.
 *
 * @param isAlive Does the container of this id live on without its supervisor? What is its own stays, too.
 * @throws {SystemError} `EPERM`, `EACCES` without the right to.
 */
export function sweepNetworks(
  root: string = leaseRoot,
  isAlive: (id: string) => boolean = () => false,
): Swept {
  const swept = { leases: [] as string[], ids: new Set<string>(), bridges: [] as string[] };
  if (existsSync(root)) {
    withDescriptor(live, Number(openLeases(live, root)), (leases) =>
      whileLocked(live, leases, () => sweepAll(root, leases, swept, isAlive)),
    );
  }
  return { ...swept, ids: [...swept.ids] };
}

interface Findings {
  readonly leases: string[];
  readonly ids: Set<string>;
  readonly bridges: string[];
}

function sweepAll(
  root: string,
  leases: number,
  swept: Findings,
  isAlive: (id: string) => boolean,
): void {
  const known = new Map(listOf(root).map((name) => [name, readLeases(join(root, name))]));
  const alive = new Set([...known.values()].flatMap(({ held }) => [...held.values()]));
  const emptied = new Set<string>();
  for (const [name, { held, stale }] of known) {
    for (const [address, id] of stale) {
      if (isAlive(containerOf(id))) continue;
      // First the table, which would lead packets to whoever has the address next. Another container may have the id by now.
      if (id !== '' && !alive.has(id)) {
        asFarAsPossible(live, () => removeTable(live, id));
        swept.ids.add(containerOf(id));
      }
      live.call(unlinkat, leases, `${name}/${address}`, 0);
      swept.leases.push(`${name}/${address}`);
    }
    if (held.size > 0) continue;
    asFarAsPossible(live, () => {
      live.call(unlinkat, leases, name, AT.REMOVEDIR);
      emptied.add(name);
    });
  }
  for (const { name, hasPorts } of readBridges()) {
    // Ports of containers that have ended may be there for a moment longer. Those of a bridge that nothing is known of may be of
    // containers whose leases are elsewhere.
    const isUnused = emptied.has(name) || (!known.has(name) && !hasPorts);
    if (!isUnused) continue;
    removeLink(name);
    swept.bridges.push(name);
  }
}

/** Bridges that were made on demand. */
function readBridges(): readonly { readonly name: string; readonly hasPorts: boolean }[] {
  using socket = NetlinkSocket.open();
  const links = socket.dumpSync(request(getLink, { extendedMask: EXTENDED.SKIP_STATS }));
  const masters = new Set(links.map(({ master }) => master));
  return links.flatMap(({ name = '', index, address }) =>
    address === bridgeMac(name) ? [{ name, hasPorts: masters.has(index) }] : [],
  );
}

function removeLink(name: string): void {
  using socket = NetlinkSocket.open();
  socket.requestSync(request(deleteLink, { name }));
}
