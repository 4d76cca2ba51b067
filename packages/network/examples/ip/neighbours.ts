import type { Neighbour } from '@ts-c/network';
import type { JsonObject } from './json.ts';

/** Neighbours in the format of `ip -j neighbour`: those that are told without `nud all`. */
export function neighboursToJson(neighbours: readonly Neighbour[]): JsonObject[] {
  return neighbours
    .filter(
      ({ state, proxy, flags }) =>
        (state !== 'none' && state !== 'noarp') || proxy || flags.includes('extern-learn'),
    )
    .map((each) => ({
      dst: each.address,
      dev: each.device,
      lladdr: each.linkAddress,
      router: has(each, 'router'),
      proxy: has(each, 'proxy'),
      extern_learn: has(each, 'extern-learn'),
      offload: has(each, 'offload'),
      state: each.state === 'none' ? undefined : [String(each.state).toUpperCase()],
      protocol:
        each.protocol === undefined || each.protocol === 'unspec'
          ? undefined
          : String(each.protocol),
    }));
}

/** A flag is a key without a value. */
const has = ({ flags }: Neighbour, flag: Neighbour['flags'][number]): null | undefined =>
  flags.includes(flag) ? null : undefined;
