import { realpathSync } from 'node:fs';
import process from 'node:process';
import {
  CgroupError,
  isPossible,
  planCgroup,
  uniqueName,
  type CgroupPlan,
  type ScopeOptions,
  type Layout,
} from '@ts-c/cgroups';
import { lastCapability, resolveUser, type ResolvedUser } from '@ts-c/capabilities';
import {
  planHostView,
  readMountInfo,
  ttyGroup,
  type HostViewPlan,
  type ProvidedFile,
} from '@ts-c/mount';
import type { NetworkPlan } from '@ts-c/network';
import { mapWriter, ownMapping, type IdMapping, type Mappings } from '@ts-c/namespaces';
import { resourcesOf, withoutKey } from '../cgroup.ts';
import type { ContainerDescription } from '../description.ts';
import { readAccounts } from './accounts.ts';
import { DescriptionError } from './check.ts';
import { networkFilesOf, networkOf, type NetworkSituation } from './network.ts';

/** What has to be looked up on this machine before a container can be written down. */
export interface Facts {
  /** The root file system without symbolic links on the way; nothing means the view of the host's own. */
  readonly rootfs: string | undefined;
  readonly hostView: HostViewPlan;
  readonly user: ResolvedUser;
  /** The highest capability that the kernel knows. */
  readonly lastCapability: number;
  readonly mappings: Mappings | undefined;
  /** The group that terminals belong to, if it exists inside. */
  readonly ttyGroup: number | undefined;
  /** The size of the terminal to begin with. */
  readonly terminalSize: { readonly rows: number; readonly columns: number } | undefined;
  /** What is to be done for its cgroup, unless systemd does that. */
  readonly cgroup: CgroupPlan | undefined;
  /** What is to be done for its network. */
  readonly network: NetworkPlan | undefined;
  /** Files that it is given. */
  readonly files: readonly ProvidedFile[];
  /** What systemd is to be asked for. */
  readonly scope: Omit<ScopeOptions, 'processes'> | undefined;
}

/** What else there is to know. */
export interface LookUpOptions {
  readonly terminalSize?: Facts['terminalSize'];
  /** How cgroups are laid out; by default as they are on this machine. */
  readonly layout?: Layout | undefined;
  /** What its network is planned for; by default this machine. */
  readonly network?: NetworkSituation | undefined;
}

/**
 * Looks up what a description leaves to the machine: where its root is, who its user is, how ids map.
 *
 * @throws {DescriptionError} where the user or its group is unknown in the container.
 */
export function lookUp(
  description: ContainerDescription,
  { terminalSize, layout, network: situation }: LookUpOptions = {},
): Facts {
  const rootfs = description.rootfs === undefined ? undefined : realpathSync(description.rootfs);
  const mappings = mappingsOf(description);
  const network = networkOf(description, situation);
  return {
    rootfs,
    hostView: rootfs === undefined ? viewOf(description) : { overlays: [], files: [] },
    user: userOf(description, rootfs ?? '/'),
    lastCapability: lastCapability(),
    mappings,
    ttyGroup: !mappings || mapsId(mappings.gid, ttyGroup) ? ttyGroup : undefined,
    terminalSize,
    cgroup: cgroupOf(description, layout),
    scope: scopeOf(description),
    network,
    files: networkFilesOf(description, network),
  };
}

function cgroupOf(
  { cgroup }: ContainerDescription,
  layout: Layout | undefined,
): CgroupPlan | undefined {
  if (!cgroup || cgroup.systemd) return undefined;
  const { name = uniqueName(), parent, optional } = cgroup;
  try {
    const plan = planCgroup({ name, parent }, resourcesOf(cgroup), layout);
    return optional && !isPossible(plan) ? undefined : plan;
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error;
    if (optional && unavailable.includes(error.code)) return undefined;
    throw new DescriptionError(`cgroup.${error.key ?? 'name'}`, withoutKey(error), {
      cause: error,
    });
  }
}

function scopeOf({ cgroup }: ContainerDescription): Facts['scope'] {
  if (!cgroup?.systemd) return undefined;
  const { name = uniqueName(), parent, slice } = cgroup;
  return { ...resourcesOf(cgroup), name, parent, slice };
}

/** What is no error where there need not be a cgroup. */
const unavailable: readonly string[] = ['ERR_NO_CGROUPS', 'ERR_NO_CONTROLLER'];

function viewOf({ namespaces }: ContainerDescription): HostViewPlan {
  const userNamespace = namespaces.user !== undefined && namespaces.user !== false;
  return planHostView(readMountInfo(), { userNamespace });
}

function userOf(description: ContainerDescription, rootfs: string): ResolvedUser {
  const { user = '', additionalGroups = [] } = description;
  try {
    const resolved = resolveUser(user, readAccounts(rootfs, description.mounts));
    return { ...resolved, additionalGids: [...resolved.additionalGids, ...additionalGroups] };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Looking the user up is the first system call of all.
    if (code === 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM') throw error;
    throw new DescriptionError('user', message, { cause: error });
  }
}

function mappingsOf({
  namespaces,
  uidMappings,
  gidMappings,
}: ContainerDescription): Mappings | undefined {
  if (namespaces.user !== true) return undefined;
  const caller = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const uid = uidMappings && uidMappings.length > 0 ? uidMappings : ownMapping(caller.uid);
  const gid = gidMappings && gidMappings.length > 0 ? gidMappings : ownMapping(caller.gid);
  return { uid, gid, writer: mapWriter(uid, gid, caller) };
}

function mapsId(mappings: readonly IdMapping[], id: number): boolean {
  return mappings.some(({ containerId, size }) => id >= containerId && id < containerId + size);
}
