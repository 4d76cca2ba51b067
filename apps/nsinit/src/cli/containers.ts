import { readdirSync } from 'node:fs';
import process from 'node:process';
import { ContainerStore, type ContainerState } from '@ts-c/state';

/**
 * The store of containers, for those who read it. It forgets none that has a cgroup or a network: what there may be left of that is
 * removed by the store that `grouped.ts` opens, which takes longer to load.
 */
export function openStore(root: string | undefined): ContainerStore {
  return new ContainerStore(root, {
    tidy({ id, cgroup, network }) {
      if (cgroup !== undefined || network !== undefined)
        throw new Error(`something of container ${id} may be left`);
    },
  });
}

/** Where `@ts-c/network` has its leases; it takes longer to load than to look whether there are any. */
const leaseRoot = '/run/ts-c/network';

/** May there be something of the network of a container which has ended before it was written down? */
export function mayHaveLeases(): boolean {
  // What there is, is root's.
  if (process.geteuid?.() !== 0) return false;
  try {
    return readdirSync(leaseRoot).length > 0;
  } catch {
    return false;
  }
}

/** Does a container have, or did it, a cgroup or a network of its own? */
export function hasMore({ record }: ContainerState): boolean {
  return record?.cgroup !== undefined || record?.network !== undefined;
}
