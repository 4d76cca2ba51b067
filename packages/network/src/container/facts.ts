import { readFileSync } from 'node:fs';
import { isErrno } from '@ts-c/syscall';
import { NetlinkSocket } from '../netlink/socket.ts';
import type { Cidr } from './cidr.ts';
import { isInUse } from './is-in-use.ts';
import { LeaseFiles, type LeaseFacts } from './lease-files.ts';
import { readLink, readRoutes } from './link-facts.ts';
import { Patience } from './patience.ts';

/** A link outside of the container. */
export interface LinkFacts {
  readonly name: string;
  readonly index: number;
  /** `bridge`, `veth`; undefined for hardware. */
  readonly kind: string | undefined;
  readonly mac: string | undefined;
  /** Those that others can reach, in CIDR notation. */
  readonly addresses: readonly string[];
}

/** A network that packets of the host are routed to. */
export interface RouteFacts {
  readonly network: Cidr;
  readonly device: string;
  /** Was it learned from a router's advertisement? */
  readonly isAdvertised: boolean;
}

/** What a plan needs to know of the system. */
export interface NetworkFacts {
  readonly links: ReadonlyMap<string, LinkFacts>;
  readonly routes: readonly RouteFacts[];
  /** By the name of the bridge. */
  readonly leases: ReadonlyMap<string, LeaseFacts>;
  readonly hasIpv6: boolean;
}

/**
 * What there is in the network namespace of the thread that makes it. Links are looked up at once, everything else when it is asked for:
 * most plans ask for little.
 */
export class SystemFacts implements NetworkFacts, Disposable {
  readonly links: ReadonlyMap<string, LinkFacts>;
  readonly leases: ReadonlyMap<string, LeaseFacts>;
  readonly #socket = NetlinkSocket.open();
  #routes: readonly RouteFacts[] | undefined;

  /**
   * @param names The bridges and other devices that networks are about.
   * @param root Where leases are.
   */
  constructor(names: ReadonlySet<string>, root: string) {
    const socket = this.#socket;
    const links = [...names].flatMap((name) => readLink(socket, name) ?? []);
    this.links = new Map(links.map((link) => [link.name, link]));
    const patience = new Patience();
    const look = (device: string): boolean => !patience.until(() => !isInUse(socket, device));
    this.leases = new Map([...names].map((name) => [name, new LeaseFiles(root, name, look)]));
  }

  get routes(): readonly RouteFacts[] {
    return (this.#routes ??= readRoutes(this.#socket));
  }

  get hasIpv6(): boolean {
    return !isDisabled();
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Has a new device no IPv6? */
function isDisabled(): boolean {
  try {
    return readFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'utf8').trim() !== '0';
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
}
