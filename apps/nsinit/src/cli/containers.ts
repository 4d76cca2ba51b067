import { ContainerStore, type ContainerState } from '@ts-c/state';

/**
 * The store of containers, for those who read it. It forgets none that has a cgroup: what there may be left of that is removed by
 * the store that `grouped.ts` opens, which takes longer to load.
 */
export function openStore(root: string | undefined): ContainerStore {
  return new ContainerStore(root, {
    tidy({ id, cgroup }) {
      if (cgroup !== undefined) throw new Error(`the cgroup of container ${id} may be left`);
    },
  });
}

/** Does a container run, or did it, in a cgroup of its own? */
export function hasCgroup({ record }: ContainerState): boolean {
  return record?.cgroup !== undefined;
}
