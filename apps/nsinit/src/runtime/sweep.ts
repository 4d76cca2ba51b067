import { sweepNetworks } from '@ts-c/network';
import { ContainerStore } from '@ts-c/state';

/**
 * Removes what supervisors that were killed have left of networks. A container that was detached lives on without its supervisor: what
 * is its own stays.
 *
 * @param store Where containers that live may be written down.
 */
export function sweepNetworksOf(store: ContainerStore = new ContainerStore()): void {
  sweepNetworks(undefined, (id) => {
    try {
      return store.read(id).status !== 'stopped';
    } catch {
      // It has no record, and so it is not one that was detached.
      return false;
    }
  });
}
