export { createNamespace, type HeldNamespace } from './create-namespace.ts';
export {
  getNamespace,
  namespaceOf,
  namespaces,
  type Namespace,
  type NamespaceKind,
} from './kinds.ts';
export { execute, notExecutable, notFound, type Command } from './execute.ts';
export {
  checkMappings,
  formatMappings,
  mapWriter,
  ownMapping,
  parseSubordinateIds,
  type IdMapping,
  type Mappings,
  type MapWriter,
} from './mappings.ts';
export { encodeMessage, messages, reports } from './protocol.ts';
export {
  checkTarget,
  sortRequests,
  type CheckedTarget,
  type Join,
  type NamespaceRequests,
  type NamespaceTarget,
} from './requests.ts';
export { supervise, type Cgroups, type Supervision } from './supervisor.ts';
export type { TimeOffset, TimeOffsets } from './time.ts';
export { launch, type LaunchOptions, type Supervised } from './launch.ts';
export { commandPid, passPidfds, spawn, type SpawnOptions } from './spawn.ts';
export type { ThreadNamespaceKind } from './thread.ts';
export { within } from './within.ts';
export { setDomainname, setHostname } from './uts.ts';
