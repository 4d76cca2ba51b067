import type { Kernel, Value } from '@ts-c/syscall';

/** A device of a container, planned. */
export type DevicePlan = LoopbackPlan | VethPlan | MacvlanPlan | IpvlanPlan | PhysPlan;

/** What is planned for every device that has addresses. */
export interface CommonPlan {
  /** In the container. */
  readonly name: string;
  readonly mtu?: number;
  readonly mac?: string;
  /** In CIDR notation. */
  readonly addresses: readonly string[];
  /** Of the default routes, one of a family. */
  readonly gateways: readonly string[];
  /** The gateways are there whatever the addresses say. */
  readonly onlink: boolean;
}

export interface LoopbackPlan {
  readonly type: 'loopback';
  readonly name: 'lo';
}

export interface VethPlan extends CommonPlan {
  readonly type: 'veth';
  /** The name of its end outside of the container. */
  readonly host: string;
  readonly bridge: string;
  /** What the container sends may come back to it by the bridge: its own published ports. */
  readonly hairpin?: true;
}

export interface MacvlanPlan extends CommonPlan {
  readonly type: 'macvlan';
  readonly parent: string;
  readonly mode: string;
}

export interface IpvlanPlan extends CommonPlan {
  readonly type: 'ipvlan';
  readonly parent: string;
  readonly mode: string;
}

export interface PhysPlan extends CommonPlan {
  readonly type: 'phys';
  readonly parent: string;
}

/** Puts a device into the network namespace of a process that waits. */
export type Attach<D extends DevicePlan> = (
  kernel: Kernel,
  socket: Value,
  device: D,
  pid: Value,
) => void;
