import type { Kernel, Value } from '@ts-c/syscall';
import type { DevicePlan } from '../device.ts';
import { attachIpvlan } from './ipvlan.ts';
import { attachMacvlan } from './macvlan.ts';
import { attachPhys } from './phys.ts';
import { attachVeth } from './veth.ts';

/** Puts a device into the network namespace of a process that waits. */
export function attachDevice(kernel: Kernel, socket: Value, device: DevicePlan, pid: Value): void {
  switch (device.type) {
    case 'veth':
      return attachVeth(kernel, socket, device, pid);
    case 'macvlan':
      return attachMacvlan(kernel, socket, device, pid);
    case 'ipvlan':
      return attachIpvlan(kernel, socket, device, pid);
    case 'phys':
      return attachPhys(kernel, socket, device, pid);
    case 'loopback':
      return undefined;
  }
}
