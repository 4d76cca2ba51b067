import { posix } from 'node:path';
import type { CapabilityName } from '@ts-c/capabilities';
import type { Mount, MountPropagation } from '@ts-c/mount';
import {
  getNamespace,
  type IdMapping,
  type NamespaceRequests,
  type TimeOffset,
  type TimeOffsets,
} from '@ts-c/namespaces';
import type { ContainerDescription } from '../description.ts';
import { describeCgroup, describeDevice } from './describe-cgroup.ts';
import { describeNetwork } from './describe-network.ts';
import { given } from './given.ts';
import { capabilityNames, mountTypes } from './known.ts';
import type { ClockOffset, Config, IdMap, MountEntry } from './types.ts';

/** What a configuration does not say. */
export interface DescribeOptions {
  /** An absolute path on this machine; without one it is a view of this machine's own root. */
  readonly rootfs?: string | undefined;
  readonly command: readonly string[];
}

/**
 * Turns a configuration, which has to be one that has been parsed, into the description of a container.
 *
 * What has been warned of when it was parsed is left out: unknown capabilities and types of mounts, and keys that nothing carries
 * out yet.
 */
export function describe(
  config: Config,
  { rootfs, command }: DescribeOptions,
): ContainerDescription {
  const { mounts = [], device_nodes = [], ...mountConfig } = config.mount_config ?? {};
  return {
    ...(rootfs === undefined ? {} : { rootfs }),
    command,
    environment: config.environment ?? [],
    namespaces: describeNamespaces(config),
    mounts: mounts.filter(({ type = '' }) => mountTypes.includes(type)).map(describeMount),
    deviceNodes: device_nodes.map(describeDevice),
    capabilities: (config.capabilities ?? []).filter(isCapability),
    ...given({
      workingDirectory: config.working_dir && posix.resolve('/', config.working_dir),
      hostname: config.hostname,
      domainname: config.domainname,
      user: config.user,
      additionalGroups: config.additional_groups,
      tty: config.tty,
      uidMappings: config.uid_mappings?.map(describeMapping),
      gidMappings: config.gid_mappings?.map(describeMapping),
      timeOffsets: describeOffsets(config),
      noPivotRoot: mountConfig.no_pivot_root,
      readonlyRoot: mountConfig.readonly_fs,
      restrictSys: config.restrict_sys,
      readonlyPaths: config.readonly_paths,
      maskedPaths: config.masked_paths,
      mountPropagation: mountConfig.mount_propagation as MountPropagation | undefined,
      noNewPrivileges: config.no_new_privileges,
      resourceLimits: config.rlimits,
      network: describeNetwork(config),
      cgroup: config.cgroups && describeCgroup(config.cgroups),
    }),
  };
}

function describeNamespaces(config: Config): NamespaceRequests {
  const { namespaces = {}, namespace_paths = {}, networks = [] } = config;
  const joined = networks.find(({ type }) => type === 'netns')?.ns_path;
  const requests = Object.entries({ ...namespaces, ...namespace_paths }).flatMap(
    ([key, request]) => {
      const kind = getNamespace(key)?.kind;
      return kind && request !== false ? [[kind, request] as const] : [];
    },
  );
  const all: NamespaceRequests = Object.fromEntries(requests);
  // A network of these types says what the network namespace is.
  if (joined !== undefined) return { ...all, net: joined };
  if (!networks.some(({ type }) => type === 'host')) return all;
  const { net: _, ...others } = all;
  return others;
}

function describeMount({ type = '', destination = '', ...mount }: MountEntry): Mount {
  return { type, destination, ...mount };
}

function describeMapping({ container_id = 0, host_id = 0, size = 0 }: IdMap): IdMapping {
  return { containerId: container_id, hostId: host_id, size };
}

function describeOffsets({ time_offsets: offsets }: Config): TimeOffsets | undefined {
  return (
    offsets &&
    given({
      monotonic: offsets.monotonic && describeOffset(offsets.monotonic),
      boottime: offsets.boottime && describeOffset(offsets.boottime),
    })
  );
}

function describeOffset({ seconds = 0, nanoseconds = 0 }: ClockOffset): TimeOffset {
  return { seconds, nanoseconds };
}

function isCapability(name: string): name is CapabilityName {
  return capabilityNames.includes(name);
}
