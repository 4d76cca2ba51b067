import { setTimeout as delay } from 'node:timers/promises';
import { within, type NamespaceTarget } from '@ts-c/namespaces';
import { addAddress, createLink, deleteLink, type Network } from '@ts-c/network';
import { run, type ContainerRequest } from 'nsinit';
import { median } from './measure.ts';

/**
 * What a container with a veth on a bridge, an address and a default route takes more than one with an empty network namespace, each
 * next to one of those: milliseconds.
 */
export async function costOfVeth(
  namespace: NamespaceTarget,
  request: ContainerRequest,
  rounds: number,
): Promise<number> {
  const options = { namespace };
  await createLink({ kind: 'bridge', name: 'bench0', up: true }, options);
  await addAddress('bench0', '10.9.0.1/24', options);
  const veth = { type: 'veth', bridge: 'bench0', address: '10.9.0.2/24', gateway: '10.9.0.1' };
  const took = async (networks: readonly Network[]): Promise<number> => {
    const begun = performance.now();
    // Its supervisor begins in the namespace that this thread is in.
    const running = within('net', namespace, () => [run({ ...request, network: { networks } })]);
    await Promise.all(running);
    const time = performance.now() - begun;
    // The kernel takes the last one's devices apart, and nobody else gets to do anything with devices meanwhile.
    await delay(60);
    return time;
  };
  const differences: number[] = [];
  for (let round = -20; round < rounds; round += 1) {
    const without = await took([]);
    const difference = (await took([veth])) - without;
    if (round >= 0) differences.push(difference);
  }
  await deleteLink('bench0', options);
  return median(differences);
}
