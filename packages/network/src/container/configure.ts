import { close, type Kernel, type Slot, type Value } from '@ts-c/syscall';
import { NLM_F } from '../netlink/message.ts';
import { openSocket } from '../netlink/open-socket.ts';
import { request } from '../netlink/request.ts';
import { sendRequest } from '../netlink/send-request.ts';
import { IFF, setLink } from '../route/link-messages.ts';
import {
  newRoute,
  ROUTE_FLAG,
  ROUTE_PROTOCOL,
  ROUTE_TYPE,
  TABLE,
} from '../route/route-messages.ts';
import { SCOPE } from '../route/address-messages.ts';
import { AF } from '../route/types.ts';
import { addAddress, indexOf } from './bridge.ts';
import { bitsOf, familyOf, networkOf, parseCidr, type Cidr, type Family } from './cidr.ts';
import type { Route } from './config.ts';
import type { CommonPlan, DevicePlan } from './device.ts';
import type { NetworkPlan } from './plan.ts';
import { bringLoopbackUp } from './strategies/loopback.ts';

const owner = '@ts-c/network';

/** Steps of the child, in its namespace: devices get their addresses, come up, and routes lead over them. */
export function configureNetwork(kernel: Kernel, { devices, routes }: NetworkPlan): void {
  if (devices.length === 0 && routes.length === 0) return;
  const socket = kernel.section(owner, 'devices of the container', () => openSocket(kernel));
  const indices = new Map<string, number | Slot>();
  for (const device of devices)
    kernel.section(owner, `addresses of ${device.name}`, () => {
      if (device.type === 'loopback') bringLoopbackUp(kernel, socket);
      else indices.set(device.name, configureDevice(kernel, socket, device));
    });
  routes.forEach((route, at) =>
    kernel.section(owner, `routes[${at}]`, () => {
      const name = route.interface_name as string;
      addRoute(kernel, socket, route, indices.get(name) ?? indexOf(kernel, socket, name));
    }),
  );
  kernel.section(owner, 'devices of the container', () => kernel.call(close, socket));
}

function configureDevice(
  kernel: Kernel,
  socket: Value,
  device: Exclude<DevicePlan, { type: 'loopback' }>,
): number | Slot {
  const { type, name, mtu, addresses, gateways, onlink } = device;
  const index = indexOf(kernel, socket, name);
  const size = type === 'phys' && mtu !== undefined ? { mtu } : {};
  for (const address of addresses) addAddress(kernel, socket, index, parseCidr(address) as Cidr);
  const up = { index, flags: IFF.UP, change: IFF.UP, ...size };
  sendRequest(kernel, socket, request(setLink, up));
  for (const gateway of gateways) {
    const family = familyOf(gateway) as Family;
    const flags = onlink || isOutside(device, gateway) ? ROUTE_FLAG.ONLINK : 0;
    sendRoute(kernel, socket, { family, flags, gateway, outputInterface: index });
  }
  return index;
}

/** Is a gateway the link-local one of a device that may have no link-local address yet? */
function isOutside({ addresses }: CommonPlan, gateway: string): boolean {
  return /^fe[89ab]/i.test(gateway) && !addresses.some((address) => /^fe[89ab]/i.test(address));
}

/**
 * Adds a route as libcontainer 1.1.0 documents them: what is left out is its family's default. `source` becomes the address that
 * packets have as theirs; in 1.1.0 it was an attribute that the kernel has no use for in IPv4.
 */
function addRoute(
  kernel: Kernel,
  socket: Value,
  { destination, source, gateway }: Route,
  outputInterface: number | Slot,
): void {
  const to = destination ? networkOf(parseCidr(destination) as Cidr) : undefined;
  const from = source ? (parseCidr(source) as Cidr) : undefined;
  const family = to?.family ?? from?.family ?? familyOf(gateway ?? '') ?? 4;
  sendRoute(kernel, socket, {
    family,
    ...(to && to.prefixLength > 0
      ? { destinationLength: to.prefixLength, destination: to.address }
      : {}),
    ...(from ? sourceOf(from) : {}),
    ...(gateway ? { gateway } : { scope: family === 4 ? SCOPE.LINK : SCOPE.UNIVERSE }),
    outputInterface,
  });
}

function sourceOf(from: Cidr): Partial<RouteFields> {
  if (from.prefixLength === 0) return {};
  const isNetwork = networkOf(from).value === from.value && from.prefixLength < bitsOf(from.family);
  return from.family === 6 && isNetwork
    ? { sourceLength: from.prefixLength, source: from.address }
    : { preferredSource: from.address };
}

interface RouteFields {
  readonly family: Family;
  readonly flags?: number;
  readonly scope?: number;
  readonly destinationLength?: number;
  readonly destination?: string;
  readonly sourceLength?: number;
  readonly source?: string;
  readonly preferredSource?: string;
  readonly gateway?: string;
  readonly outputInterface: number | Slot;
}

function sendRoute(kernel: Kernel, socket: Value, { family, ...fields }: RouteFields): void {
  const body = {
    shortTable: TABLE.MAIN,
    protocol: ROUTE_PROTOCOL.BOOT,
    type: ROUTE_TYPE.UNICAST,
    ...fields,
    family: family === 4 ? AF.INET : AF.INET6,
  };
  sendRequest(kernel, socket, request(newRoute, body, NLM_F.CREATE | NLM_F.EXCL));
}
