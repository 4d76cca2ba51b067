import {
  AT,
  close,
  flock,
  LOCK,
  mkdirat,
  unlinkat,
  withDescriptor,
  type Kernel,
  type Program,
  type Slot,
  type Value,
} from '@ts-c/syscall';
import { openSocket } from '../netlink/open-socket.ts';
import {
  addNatTable,
  claimPorts,
  deleteNatTable,
  natTable,
  openNetfilterSocket,
  writeSysctls,
  withNetfilter,
} from '../nftables/index.ts';
import { makeBridge, removeLink } from './bridge.ts';
import { configureNetwork } from './configure.ts';
import type { DevicePlan } from './device.ts';
import { openLeases, signLease, takeLease, whileLocked, type Lease } from './lease.ts';
import type { NetworkPlan } from './plan.ts';
import { asFarAsPossible } from './refusals.ts';
import { attachDevice } from './strategies/index.ts';

/** A container's network whose life is a part of a supervisor's. */
export interface SupervisedNetwork {
  /** Steps of the supervisor before the child is there: leases, bridges that are not there yet, sysctls, tables of nf_tables. */
  reserve(program: Program): void;
  /**
   * Puts devices into the network namespace of the child, which waits: steps of the supervisor, or with `live`, where the supervisor
   * has given up, by a user namespace, the right to.
   */
  attach(kernel: Kernel, pid: Value): void;
  /** Steps of the child in its network namespace: devices get their addresses, come up, and routes lead over them. */
  configure(kernel: Kernel): void;
  /** Steps of the supervisor at its end: what `reserve` has made goes. The devices have gone with the namespace. */
  release(program: Program): void;
}

const owner = '@ts-c/network';

/**
 * Writes a container's network into its supervisor.
 *
 * What the supervisor may not remove, or could not as it was killed, {@link sweepNetworks} finds.
 */
export function superviseNetwork(plan: NetworkPlan): SupervisedNetwork {
  const { id, devices } = plan;
  const held: Held = { leases: -1, isOpen: undefined, taken: new Map(), tables: new Map() };
  return {
    reserve(program) {
      if (isOutside(plan)) reserve(program, plan, held);
    },
    attach: (kernel, pid) => attachDevices(kernel, devices, pid),
    configure: (kernel) => configureNetwork(kernel, plan),
    release(program) {
      if (isOutside(plan) && held.isOpen)
        program.section(owner, `the end of the network of ${id}`, () =>
          release(program, plan, held),
        );
    },
  };
}

/** What the supervisor holds, as far as it has come. */
interface Held {
  /** The directory of all leases. */
  leases: Value;
  /** 1 once that is open. */
  isOpen: Slot | undefined;
  /** 1 once the lease is ours. */
  readonly taken: Map<Lease, Slot>;
  /** By the id of the table, 1 once that is made. */
  readonly tables: Map<string, Slot>;
}

/** Is there anything outside of the container to make and remove? */
function isOutside({ leases, bridges, sysctls, nat }: NetworkPlan): boolean {
  return leases.length + bridges.length + sysctls.length + nat.length > 0;
}

function reserve(program: Program, plan: NetworkPlan, held: Held): void {
  const { root, bridges, leases, sysctls, nat } = plan;
  held.isOpen = program.variable('leases');
  for (const lease of leases) held.taken.set(lease, program.variable('taken'));
  for (const { id: table } of nat) held.tables.set(table, program.variable('table'));
  program.section(owner, 'leases', () => {
    held.leases = openLeases(program, root);
    program.set(held.isOpen as Slot, 1);
  });
  whileLocked(program, held.leases, () => {
    takeLeases(program, plan, held);
    if (bridges.length === 0) return;
    const socket = program.section(owner, 'bridges', () => openSocket(program));
    for (const bridge of bridges)
      program.section(owner, `the bridge ${bridge.name}`, () =>
        makeBridge(program, socket, bridge),
      );
    program.section(owner, 'bridges', () => program.call(close, socket));
  });
  writeSysctls(program, sysctls);
  if (nat.length === 0) return;
  // Taken for as long as the supervisor lives, so that no two containers have the same.
  for (const options of nat) claimPorts(program, options);
  const netfilter = program.section(owner, 'nftables', () => openNetfilterSocket(program));
  for (const options of nat) {
    // What is left of a container of this id that was killed.
    deleteNatTable(program, netfilter, options.id);
    addNatTable(program, netfilter, natTable(options));
    program.set(held.tables.get(options.id) as Slot, 1);
  }
  program.section(owner, 'nftables', () => program.call(close, netfilter));
}

/** A lease that was left has its old content until all that this leads to is gone: whoever is killed on the way leaves it as it was. */
function takeLeases(program: Program, { leases, abandoned }: NetworkPlan, held: Held): void {
  const step = (lease: Lease, body: () => void): void =>
    program.section(owner, `the address ${lease.address} on ${lease.bridge}`, body);
  const sign = (lease: Lease, file: Value): void => {
    signLease(program, file, lease);
    program.set(held.taken.get(lease) as Slot, 1);
  };
  const left = new Map<Lease, Value>();
  for (const lease of leases)
    step(lease, () => {
      const file = takeLease(program, held.leases, lease);
      if (lease.isLeft) left.set(lease, file);
      else sign(lease, file);
    });
  if (abandoned.length > 0) {
    const netfilter = program.section(owner, 'nftables', () => openNetfilterSocket(program));
    // Such a table leads packets to this container that were for another one.
    for (const each of abandoned) deleteNatTable(program, netfilter, each);
    program.section(owner, 'nftables', () => program.call(close, netfilter));
  }
  for (const [lease, file] of left) step(lease, () => sign(lease, file));
}

function attachDevices(kernel: Kernel, devices: readonly DevicePlan[], pid: Value): void {
  const outer = devices.filter(({ type }) => type !== 'loopback');
  if (outer.length === 0) return;
  const socket = kernel.section(owner, 'devices for the container', () => openSocket(kernel));
  withDescriptor(kernel, socket, () => {
    for (const device of outer)
      kernel.section(owner, titleOf(device), () => attachDevice(kernel, socket, device, pid));
  });
}

function titleOf(device: DevicePlan): string {
  if (device.type === 'veth')
    return `${device.name} with ${device.host} on the bridge ${device.bridge}`;
  return 'parent' in device ? `${device.name}, ${device.type} of ${device.parent}` : device.name;
}

function release(program: Program, plan: NetworkPlan, held: Held): void {
  const { leases, bridges } = plan;
  for (const [id, made] of held.tables)
    program.unless(made, { equals: 0 }, () =>
      asFarAsPossible(program, () => {
        removeTable(program, id);
        program.set(made, 0);
      }),
    );
  program.unless(held.isOpen as Slot, { equals: 0 }, () => {
    program.try(flock, held.leases, LOCK.EX);
    for (const lease of leases)
      program.unless(held.taken.get(lease) as Slot, { equals: 0 }, () =>
        // By the lease the table is found that could not be removed.
        program.when(held.tables.get(lease.id) ?? 0, { equals: 0 }, () =>
          program.try(unlinkat, held.leases, `${lease.bridge}/${lease.address}`, 0),
        ),
      );
    const names = new Set([
      ...leases.map(({ bridge }) => bridge),
      ...bridges.map(({ name }) => name),
    ]);
    for (const name of names)
      leaveBridge(
        program,
        held.leases,
        name,
        bridges.some((each) => each.name === name),
      );
    program.try(flock, held.leases, LOCK.UN);
  });
}

/** Deletes a table of nf_tables. */
export function removeTable(kernel: Kernel, id: string): void {
  withNetfilter(kernel, (socket) => deleteNatTable(kernel, socket, id));
}

/** Who removes the directory of a bridge was its last user, and removes the bridge if it was made on demand. */
function leaveBridge(kernel: Kernel, leases: Value, name: string, isOnDemand: boolean): void {
  asFarAsPossible(kernel, () => {
    kernel.call(unlinkat, leases, name, AT.REMOVEDIR);
    if (!isOnDemand) return;
    withDescriptor(kernel, openSocket(kernel), (socket) =>
      // In a user namespace it is not the supervisor's to remove: the directory says that it is to be swept.
      kernel.attempt(
        ['EPERM'],
        () => removeLink(kernel, socket, name),
        () => kernel.call(mkdirat, leases, name, 0o755),
      ),
    );
  });
}
