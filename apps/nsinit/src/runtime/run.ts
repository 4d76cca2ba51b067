import { despiteRaces } from './address-race.ts';
import {
  bringUp,
  type Container,
  type ContainerOptions,
  type ContainerResult,
} from './container.ts';
import { checkDescription } from './check.ts';
import { writeContainer } from './container-program.ts';
import { complete, type ContainerRequest } from './defaults.ts';
import { lookUp } from './facts.ts';
import type { NetworkSituation } from './network.ts';
import type { Layout } from '@ts-c/cgroups';
import type { Program } from '@ts-c/syscall';

/**
 * Starts a container, and gives it while it comes up. Its streams, `kill` and `wait` work at once.
 *
 * @throws {DescriptionError} where the request can't be, before anything is made.
 */
export function start(request: ContainerRequest, options: ContainerOptions = {}): Container {
  return bringUp(complete(request), options);
}

/**
 * Runs a command in a container to its end.
 *
 * @throws {DescriptionError} where the request can't be, before anything is made.
 * @throws {SystemError} where the kernel refuses a step of it; nothing of the container is left.
 *
 * @example
 * const { exitCode } = await run({ command: ['hostname'], hostname: 'box' }, { stdio: 'inherit' });
 */
export async function run(
  request: ContainerRequest,
  options: ContainerOptions = {},
): Promise<ContainerResult> {
  return despiteRaces(() => start(request, options).wait());
}

/**
 * Brings a container up to the point in front of its command, where it waits for {@link Container.start}.
 *
 * @throws {DescriptionError} where the request can't be, before anything is made.
 * @throws {SystemError} where the kernel refuses a step of it; nothing of the container is left.
 */
export async function create(
  request: ContainerRequest,
  options: ContainerOptions = {},
): Promise<Container> {
  return despiteRaces(async () => {
    const container = bringUp(complete(request), { ...options, gate: true });
    try {
      await container.ready;
      return container;
    } catch {
      // The reason as the container's own end tells it, when it is gone.
      await container.wait();
      throw new Error('the container ended before it was ready');
    }
  });
}

/** What a plan is made for. */
export interface PlanOptions {
  /** How cgroups are laid out there; by default as they are on this machine. */
  readonly layout?: Layout;
  /** What its network is planned for: links, addresses and leases of a machine; by default of this one at this moment. */
  readonly network?: NetworkSituation;
}

/** Writes down every system call that would be made for a container, and makes none. */
export function plan(request: ContainerRequest, options: PlanOptions = {}): Program {
  const description = complete(request);
  checkDescription(description);
  return writeContainer({ description, facts: lookUp(description, options) }).program;
}
