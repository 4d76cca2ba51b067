import { resolve } from 'node:path';
import { capabilities } from '@ts-c/capabilities';
import { CgroupError, checkPlace } from '@ts-c/cgroups';
import type { NamespaceRequests } from '@ts-c/namespaces';
import { describe, type Config } from '../config/index.ts';
import type { CgroupDescription, ContainerDescription } from '../description.ts';
import { complete, defaultDevices, defaultPath } from '../runtime/defaults.ts';
import type { Machine } from './machine.ts';
import type { RunValues } from './run-options.ts';
import { chooseCapabilities, parseCapabilities } from './specs/capability.ts';
import {
  joinVariables,
  parseVariable,
  readVariables,
  type Variables,
} from './specs/environment.ts';
import { parseIdMap } from './specs/id-map.ts';
import { parseLimit } from './specs/limit.ts';
import { parseMount, parseVolume } from './specs/mount.ts';
import { parseResources } from './specs/resources.ts';
import { parseNamespace } from './specs/namespace.ts';
import { parseNetwork, type AskedNetwork } from './specs/network.ts';
import { parseTimeOffset } from './specs/time-offset.ts';
import { unexpected, UsageError } from './usage-error.ts';

/** What a container of `nsinit run` is described from. */
export interface RunRequest {
  readonly values: RunValues;
  readonly command: readonly string[];
  /** Of `--config`. */
  readonly config?: Config | undefined;
  readonly id: string;
  /** The caller's environment. */
  readonly variables: Variables;
  /** What relative paths start from. */
  readonly directory: string;
  readonly machine: Machine;
}

const longestHostname = 64;
/** In a user namespace of one's own one has them all. */
const everyCapability = Object.keys(capabilities) as (keyof typeof capabilities)[];

/**
 * Turns the options of `nsinit run` into the description of a container.
 *
 * @throws {UsageError} for the first value that can't be understood.
 */
export function describeRun(request: RunRequest): ContainerDescription {
  const { values, command, directory } = request;
  const base = baseOf(request);
  const asked = parseNetwork(values, request.id);
  const namespaces = namespacesOf(base, values, directory, asked);
  const network = networkOf(asked, base, namespaces, request.id);
  const tty = values.tty ?? base.tty ?? false;
  const hostname = hostnameOf(request, base, namespaces);
  const noNewPrivileges = privilegesOf(base, values);
  const timeOffsets = joined(
    (values['time-offset'] ?? []).map((text) => parseTimeOffset('--time-offset', text)),
    base.timeOffsets,
  );
  const resourceLimits = joined(
    (values.ulimit ?? []).map((text) => parseLimit('--ulimit', text)),
    base.resourceLimits,
  );
  const cgroup = cgroupOf(request, base);
  const { cgroup: _, network: __, ...others } = base;
  return {
    ...others,
    ...(values.rootfs === undefined ? {} : { rootfs: resolve(directory, values.rootfs) }),
    command,
    ...(hostname === undefined ? {} : { hostname }),
    environment: environmentOf(request, base, { tty, hostname }),
    ...(values.cwd === undefined ? {} : { workingDirectory: containerDirectory(values.cwd) }),
    ...(values.user === undefined ? {} : { user: values.user }),
    ...(tty ? { tty } : {}),
    namespaces,
    ...mappingsOf(request, base, namespaces),
    ...(timeOffsets ? { timeOffsets } : {}),
    mounts: [
      ...base.mounts,
      ...(values.volume ?? []).map((text) => parseVolume('--volume', text, directory)),
      ...(values.mount ?? []).map((text) => parseMount('--mount', text, directory)),
    ],
    ...(values['read-only'] ? { readonlyRoot: true } : {}),
    capabilities: capabilitiesOf(request, base, namespaces),
    ...(noNewPrivileges === undefined ? {} : { noNewPrivileges }),
    ...(resourceLimits ? { resourceLimits } : {}),
    ...(network ? { network } : {}),
    ...(cgroup ? { cgroup } : {}),
  };
}

/** The container of the configuration, or the usual one. */
function baseOf({ config, command }: RunRequest): ContainerDescription {
  return config ? describe(config, { command }) : { ...complete({ command }), environment: [] };
}

function namespacesOf(
  base: ContainerDescription,
  values: RunValues,
  directory: string,
  { namespaces: ofNetwork }: AskedNetwork,
): NamespaceRequests {
  const asked = (values.namespace ?? []).map((text) =>
    parseNamespace('--namespace', text, directory),
  );
  if (values.network && asked.some((one) => one.net !== undefined)) {
    throw new UsageError(
      '--network and --namespace net=… are about the same thing: use one of them',
    );
  }
  const offsets = values['time-offset'] ? { time: true } : {};
  const mapped =
    values.userns !== undefined || values['uid-map'] || values['gid-map'] ? { user: true } : {};
  return Object.assign(
    {},
    base.namespaces,
    ofNetwork,
    offsets,
    mapped,
    ...asked,
  ) as NamespaceRequests;
}

/** What is asked for comes in the place of what the configuration has, or the loopback that is usual. */
function networkOf(
  { network }: AskedNetwork,
  base: ContainerDescription,
  { net }: NamespaceRequests,
  id: string,
): ContainerDescription['network'] {
  if (!network) {
    // Devices belong in a namespace of their own, and routes in that which the configuration names.
    const isAsConfigured = net !== undefined && net === base.namespaces.net;
    const fits = net === true || isAsConfigured || base.network?.networks.length === 0;
    return base.network && fits ? { ...base.network, id } : undefined;
  }
  const hasOwn = network.networks.length > 0 || net !== true;
  return hasOwn ? network : { ...network, networks: base.network?.networks ?? [] };
}

/** A cgroup where one can be had, with the usual devices, unless options or the configuration ask for more, or for none. */
function cgroupOf(
  { values, config, id }: RunRequest,
  base: ContainerDescription,
): CgroupDescription | undefined {
  const { cgroup: name, 'cgroup-parent': parent, 'systemd-cgroup': systemd } = values;
  const resources = parseResources(values, base.cgroup?.devices ?? defaultDevices);
  if (name === 'none') {
    const [key] = Object.keys(resources);
    if (key === undefined && parent === undefined && !systemd) return undefined;
    throw new UsageError('--cgroup none: there is nothing then that could limit the container');
  }
  checkPlaceOptions(name, parent);
  const isAsked = base.cgroup ?? name ?? parent ?? systemd ?? Object.keys(resources)[0];
  return {
    name: `nsinit-${id}`,
    ...(config ? {} : { devices: defaultDevices }),
    ...(isAsked === undefined ? { optional: true } : {}),
    ...base.cgroup,
    ...resources,
    ...(name === undefined ? {} : { name }),
    ...(parent === undefined ? {} : systemd ? { slice: parent } : { parent }),
    ...(systemd ? { systemd } : {}),
  };
}

/** The names that options give, by the options. */
function checkPlaceOptions(name: string | undefined, parent: string | undefined): void {
  try {
    checkPlace({ name: name ?? 'x', parent });
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error;
    const option = error.key === 'parent' ? '--cgroup-parent' : '--cgroup';
    throw new UsageError(error.message.replace(/^\w+/, option), undefined, { cause: error });
  }
}

function hostnameOf(
  { values, config, id }: RunRequest,
  base: ContainerDescription,
  { uts }: NamespaceRequests,
): string | undefined {
  if (values.hostname !== undefined) return values.hostname;
  if (base.hostname !== undefined || config || uts !== true) return base.hostname;
  return id.slice(0, longestHostname);
}

/** What a terminal is, and where the command is, come first: anybody can say otherwise. */
function environmentOf(
  { values, config, variables }: RunRequest,
  base: ContainerDescription,
  { tty, hostname }: { readonly tty: boolean; readonly hostname: string | undefined },
): string[] {
  const usual = [
    ...(config ? [] : [defaultPath]),
    ...(tty ? [`TERM=${variables['TERM'] || 'xterm'}`] : []),
    ...(hostname === undefined || config ? [] : [`HOSTNAME=${hostname}`]),
  ];
  const files = (values['env-file'] ?? []).flatMap((path) =>
    readVariables('--env-file', path, variables),
  );
  const given = (values.env ?? []).flatMap((text) => parseVariable('--env', text, variables) ?? []);
  return joinVariables(usual, base.environment, files, given);
}

function containerDirectory(path: string): string {
  if (path.startsWith('/')) return path;
  throw unexpected('--cwd', 'an absolute path in the container', path);
}

type IdMappings = Pick<ContainerDescription, 'uidMappings' | 'gidMappings'>;

function mappingsOf(
  { values, machine }: RunRequest,
  base: ContainerDescription,
  { user }: NamespaceRequests,
): IdMappings {
  const { userns = '', 'uid-map': uidMap, 'gid-map': gidMap } = values;
  if (user !== true) {
    const asked = values.userns !== undefined || uidMap || gidMap;
    if (asked)
      throw new UsageError(
        '--userns needs a new user namespace, and --namespace user=… asks for another',
      );
    return {};
  }
  const both = userns === '' || userns === 'auto' ? undefined : parseIdMap('--userns', userns);
  const given = {
    uid: uidMap?.flatMap((text) => parseIdMap('--uid-map', text)) ?? both ?? base.uidMappings,
    gid: gidMap?.flatMap((text) => parseIdMap('--gid-map', text)) ?? both ?? base.gidMappings,
  };
  const automatic = given.uid && given.gid ? {} : machine.automaticMappings();
  const uidMappings = given.uid ?? automatic.uid;
  const gidMappings = given.gid ?? automatic.gid;
  return { ...(uidMappings ? { uidMappings } : {}), ...(gidMappings ? { gidMappings } : {}) };
}

function capabilitiesOf(
  { values, machine }: RunRequest,
  base: ContainerDescription,
  { user }: NamespaceRequests,
): ContainerDescription['capabilities'] {
  const { 'cap-add': add = [], 'cap-drop': drop = [] } = values;
  if (add.length === 0 && drop.length === 0) return base.capabilities;
  const added = parseCapabilities('--cap-add', add);
  const dropped = parseCapabilities('--cap-drop', drop);
  const all = added.has('ALL') ? (user === true ? everyCapability : machine.ownCapabilities()) : [];
  return chooseCapabilities(base.capabilities, added, dropped, all);
}

function privilegesOf(base: ContainerDescription, values: RunValues): boolean | undefined {
  const { 'no-new-privileges': no, 'allow-new-privileges': allow } = values;
  if (no && allow)
    throw new UsageError('--no-new-privileges and --allow-new-privileges contradict each other');
  return no ? true : allow ? false : base.noNewPrivileges;
}

/** Joins what several options say about one thing with what was there before. */
function joined<T extends object>(parts: readonly T[], base: T | undefined): T | undefined {
  return parts.length === 0 ? base : (Object.assign({}, base, ...parts) as T);
}
