import { finalize, homeOf } from '@ts-c/capabilities';
import { superviseCgroup, type SupervisedCgroup } from '@ts-c/cgroups';
import { superviseNetwork, type SupervisedNetwork } from '@ts-c/network';
import { hostView, openInRoot, setUpMountNamespace, type Root } from '@ts-c/mount';
import {
  execute,
  passPidfds,
  setDomainname,
  setHostname,
  sortRequests,
  supervise,
  type Supervision,
} from '@ts-c/namespaces';
import { OPEN, Program, type Value } from '@ts-c/syscall';
import { bindConsole, openTerminal, sendDescriptor, takeTerminal } from '@ts-c/terminal';
import type { ContainerDescription } from '../description.ts';
import type { Facts } from './facts.ts';
import type { Reservation } from './reservation.ts';

/** How a container is brought up, beside what it is. */
export interface Plan {
  readonly description: ContainerDescription;
  readonly facts: Facts;
  /** What the supervisor keeps on disk while the container exists. */
  readonly reservation?: Reservation | undefined;
  /** Does it wait at its beginning, until it has been written down? */
  readonly hold?: boolean;
  /** Does it wait in front of its command, to be started later? */
  readonly gate?: boolean;
  /** May it outlive its supervisor? */
  readonly outlives?: boolean;
}

/** A container as a Program, and the pidfds that have to be handed to it. */
export interface ContainerProgram {
  readonly program: Program;
  readonly pidfds: readonly number[];
}

/**
 * Writes a container down: everything that will be done to bring it up, and nothing done.
 *
 * @param program Where to write it.
 */
export function writeContainer(plan: Plan, program: Program = new Program()): ContainerProgram {
  const { description, facts, reservation, hold = false, gate = false, outlives = false } = plan;
  const { created, joined } = sortRequests(description.namespaces);
  const passed = passPidfds(joined, program.reportFd + (description.tty ? 2 : 1));
  const leavesUserNamespace = created.has('user') || joined.some(({ kind }) => kind === 'user');
  const cgroup = facts.cgroup && superviseCgroup(facts.cgroup, !leavesUserNamespace);
  const network = facts.network && superviseNetwork(facts.network);
  const supervision: Supervision = {
    created,
    joined,
    descriptors: passed.descriptors,
    // The way of the terminal's master to us: its last end going away tells that none will come.
    ...(description.tty ? { childOnly: [program.reportFd + 1] } : {}),
    hold,
    gate,
    outlives,
    session: true,
    ...(facts.mappings ? { mappings: facts.mappings } : {}),
    ...(description.timeOffsets ? { timeOffsets: description.timeOffsets } : {}),
    ...lifeOf(reservation, cgroup, network),
    ...(network && hasOuterDevices(facts) && !attachesLive(description, facts)
      ? { attach: (into, pid) => network.attach(into, pid) }
      : {}),
    setUp: () => {
      network?.configure(program);
      setUp(program, description, facts, created.has('mount'));
    },
    execute: () =>
      execute(program, {
        file: description.command[0] as string,
        argv: description.command,
        environment: environmentOf(description, facts),
      }),
  };
  supervise(program, supervision);
  return { program, pidfds: passed.pidfds };
}

/** What the supervisor makes before the container, and removes after it: the last first. */
function lifeOf(
  reservation: Reservation | undefined,
  cgroup: SupervisedCgroup | undefined,
  network: SupervisedNetwork | undefined,
): Partial<Supervision> {
  if (!reservation && !cgroup && !network) return {};
  return {
    reserve(program) {
      reservation?.reserve(program);
      cgroup?.reserve(program);
      network?.reserve(program);
    },
    release(program, status) {
      network?.release(program);
      const busy = cgroup?.release(program);
      reservation?.release(program, status, busy);
    },
    ...(cgroup
      ? { cgroups: () => cgroup.entrance(), beforeKill: (program) => cgroup.thaw(program) }
      : {}),
  };
}

/** Are there devices that come from outside of the container? */
function hasOuterDevices({ network }: Facts): boolean {
  return network?.devices.some(({ type }) => type !== 'loopback') ?? false;
}

/** Does whoever starts the container see to its devices? In a user namespace its supervisor has no power over those of the host. */
export function attachesLive({ namespaces }: ContainerDescription, facts: Facts): boolean {
  return hasOuterDevices(facts) && namespaces.user !== undefined && namespaces.user !== false;
}

function setUp(
  program: Program,
  description: ContainerDescription,
  facts: Facts,
  newMounts: boolean,
): void {
  let slave: Value | undefined;
  const console = (root: Root): void => {
    slave = openConsole(program, root, program.reportFd + 1, facts);
  };
  if (newMounts) {
    const {
      mounts,
      deviceNodes,
      noPivotRoot,
      readonlyRoot,
      restrictSys,
      maskedPaths,
      readonlyPaths,
    } = description;
    setUpMountNamespace(program, {
      rootfs: facts.rootfs ?? ((kernel) => hostView(kernel, facts.hostView)),
      mounts,
      deviceNodes,
      ...(noPivotRoot ? { noPivotRoot } : {}),
      ...(readonlyRoot ? { readonlyRoot } : {}),
      ...(restrictSys ? { restrictSys } : {}),
      ...(maskedPaths ? { maskedPaths } : {}),
      ...(readonlyPaths ? { readonlyPaths } : {}),
      ...(description.mountPropagation ? { mountPropagation: description.mountPropagation } : {}),
      ...(description.mountLabel ? { mountLabel: description.mountLabel } : {}),
      files: facts.files,
      hasTtyGroup: facts.ttyGroup !== undefined,
      ...(description.tty ? { console } : {}),
    });
  }
  if (description.hostname !== undefined) setHostname(program, description.hostname);
  if (description.domainname !== undefined) setDomainname(program, description.domainname);
  if (slave !== undefined) takeTerminal(program, slave);
  finalize(program, {
    keep: description.capabilities,
    user: facts.user,
    lastCapability: facts.lastCapability,
    setgroups: facts.mappings?.writer !== 'self',
    noNewPrivileges: description.noNewPrivileges ?? false,
    ...(description.resourceLimits ? { resourceLimits: description.resourceLimits } : {}),
    ...(description.workingDirectory !== undefined
      ? { workingDirectory: description.workingDirectory }
      : {}),
  });
}

/** A terminal of the container's own devpts: its master goes to Node, its slave becomes /dev/console. */
function openConsole(program: Program, root: Root, socket: number, facts: Facts): Value {
  const dev = openInRoot(program, root, 'dev', OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC);
  const devpts = openInRoot(program, root, 'dev/pts', OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC);
  const { master, slave } = openTerminal(program, devpts, {
    ...(facts.terminalSize ? { size: facts.terminalSize } : {}),
    owner: { uid: facts.user.uid, gid: facts.ttyGroup ?? facts.user.gid },
  });
  bindConsole(program, dev, slave);
  sendDescriptor(program, socket, master);
  return slave;
}

/** The environment as described, and a home: programs expect one. */
function environmentOf({ environment }: ContainerDescription, { user }: Facts): readonly string[] {
  const hasHome = environment.some((entry) => entry.startsWith('HOME='));
  return hasHome ? environment : [...environment, `HOME=${homeOf(user)}`];
}
