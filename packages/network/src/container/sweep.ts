import { close, live, unlinkat } from '@ts-c/syscall';
import { bridgeMac } from './bridge.ts';
import { listOf, readNetworkFacts } from './facts.ts';
import { leaseRoot, openLeases, whileLocked } from './lease.ts';
import { leaveBridge, removeTable } from './supervise.ts';

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
 * that were made on demand and are nobody's any more. Devices have gone with the containers. What is in use stays.
 *
 * @throws {SystemError} `EPERM`, `EACCES` without the right to.
 */
export function sweepNetworks(root: string = leaseRoot): Swept {
  const swept = { leases: [] as string[], ids: new Set<string>(), bridges: [] as string[] };
  if (listOf(root).length > 0) {
    const leases = Number(openLeases(live, root));
    live.ensure(
      () => whileLocked(live, leases, () => sweepAll(root, leases, swept)),
      () => live.call(close, leases),
    );
  }
  return { ...swept, ids: [...swept.ids] };
}

interface Findings {
  readonly leases: string[];
  readonly ids: Set<string>;
  readonly bridges: string[];
}

function sweepAll(root: string, leases: number, swept: Findings): void {
  const { links, leases: known } = readNetworkFacts(root);
  const alive = new Set([...known.values()].flatMap(({ held }) => [...held.values()]));
  for (const [name, { held, stale }] of known) {
    for (const [address, id] of stale) {
      // First the table, which would lead packets to whoever has the address next. Another container may have the id by now.
      if (id !== '' && !alive.has(id)) {
        removeTable(live, id);
        swept.ids.add(id);
      }
      live.call(unlinkat, leases, `${name}/${address}`, 0);
      swept.leases.push(`${name}/${address}`);
    }
    if (held.size > 0) continue;
    const isOnDemand = links.get(name)?.mac === bridgeMac(name);
    leaveBridge(live, leases, name, isOnDemand);
    if (isOnDemand) swept.bridges.push(name);
  }
}
