import type { CapabilityName, ResourceLimits } from '@ts-c/capabilities';
import type { Resources } from '@ts-c/cgroups';
import type { DnsOptions, Network, PublishedPorts, Route } from '@ts-c/network';
import type { Device, Mount, MountPropagation } from '@ts-c/mount';
import type { IdMapping, NamespaceRequests, TimeOffsets } from '@ts-c/namespaces';

/**
 * A container, described: plain data, and all that {@link create} needs to know. `container.json` of libcontainer 1.1.0 is one way
 * to write it; the options of `nsinit run` are another.
 */
export interface ContainerDescription {
  /**
   * The root file system: an absolute path on this machine. Without one it is a throw-away copy-on-write view of this machine's own
   * root, whose changes are gone when the container ends.
   */
  readonly rootfs?: string;
  /** The command and its arguments. A command without a slash is looked up in the `PATH` of `environment`. */
  readonly command: readonly string[];
  /** All of the command's environment, as `KEY=VALUE`. */
  readonly environment: readonly string[];
  /** Where the command starts; `/` by default. */
  readonly workingDirectory?: string;
  /** Needs a uts namespace. */
  readonly hostname?: string;
  /** Needs a uts namespace. */
  readonly domainname?: string;
  /** `name`, `uid`, `name:group` or `uid:gid`, looked up in the container's own passwd and group; root by default. */
  readonly user?: string;
  /** Groups by id, beside those of `user`. */
  readonly additionalGroups?: readonly number[];
  /** Should the command have a terminal of its own? */
  readonly tty?: boolean;
  /** Which namespaces are new (`true`) or joined (a path, a pid or a pidfd). */
  readonly namespaces: NamespaceRequests;
  /** Needs a new user namespace. */
  readonly uidMappings?: readonly IdMapping[];
  /** Needs a new user namespace. */
  readonly gidMappings?: readonly IdMapping[];
  /** Needs a new time namespace. */
  readonly timeOffsets?: TimeOffsets;
  /** Mounts beside the usual /proc, /sys, /dev, /dev/shm and /dev/pts, in order. */
  readonly mounts: readonly Mount[];
  /** Device nodes to make. */
  readonly deviceNodes: readonly Device[];
  /** Move the root mount instead of pivot_root(2). */
  readonly noPivotRoot?: boolean;
  /** Is the root file system read-only to the container? */
  readonly readonlyRoot?: boolean;
  /** Makes parts of /proc and all of /sys read-only and hides /proc/kcore. */
  readonly restrictSys?: boolean;
  readonly readonlyPaths?: readonly string[];
  readonly maskedPaths?: readonly string[];
  /** What mounts of the host do in the container: `private` by default. */
  readonly mountPropagation?: MountPropagation;
  readonly mountLabel?: string;
  /** Capabilities to keep; all others are dropped from every set. */
  readonly capabilities: readonly CapabilityName[];
  readonly noNewPrivileges?: boolean;
  readonly resourceLimits?: ResourceLimits;
  /** Its network. Without one a network namespace of its own has nothing but a loopback that is down. */
  readonly network?: NetworkDescription;
  /** The cgroup that it is in, and what that limits. Without one it stays in that of whoever starts it. */
  readonly cgroup?: CgroupDescription;
}

/** The network of a container. What is made for it goes with it. */
export interface NetworkDescription {
  /** What its addresses are leased to, and its tables are named after; something unique by default. */
  readonly id?: string;
  /** Its devices, in order. A type that makes devices needs a new network namespace. */
  readonly networks: readonly Network[];
  readonly routes?: readonly Route[];
  /** Ports of this machine that lead to the container: `parsePublish('8080:80')` of `@ts-c/network`. */
  readonly publish?: readonly PublishedPorts[];
  /** Gives it an /etc/resolv.conf, made from this machine's, and an /etc/hosts. Without it, and `hosts`, the root's own are there. */
  readonly dns?: DnsOptions;
  /** More hosts for /etc/hosts: `db:10.0.0.5`. It has both files then, as with `dns: {}`. */
  readonly hosts?: readonly string[];
}

/** The cgroup of a container. It is made before the container, and goes with it. */
export interface CgroupDescription extends Resources {
  /** The name of its directory; a unique one by default. */
  readonly name?: string;
  /**
   * The cgroups above it: `a/b` from that of whoever starts the container, `/a/b` from the root of the hierarchy. With systemd what
   * the name of its unit begins with.
   */
  readonly parent?: string;
  /** Is the container frozen as soon as it runs its command? */
  readonly frozen?: boolean;
  /** Is it fine if there can be no cgroup here: none are mounted, or they are not ours to make? */
  readonly optional?: boolean;
  /** Does systemd make it, as a scope of its own? */
  readonly systemd?: boolean;
  /** The slice of that scope; `system.slice` by default. */
  readonly slice?: string;
}
