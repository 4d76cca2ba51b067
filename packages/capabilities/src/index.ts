export { changeUser, type ChangeUserOptions } from './change-user.ts';
export { finalize, type Finalization } from './finalize.ts';
export { lastCapability } from './last-capability.ts';
export {
  allCapabilities,
  capabilities,
  capabilityName,
  capabilityNumber,
  isKnownCapability,
  parseCapability,
  type CapabilityName,
  type KnownCapability,
} from './names.ts';
export {
  closeOnExec,
  setDumpable,
  setNoNewPrivileges,
  setParentDeathSignal,
} from './privileges.ts';
export {
  parseResourceLimit,
  setResourceLimits,
  type LimitValue,
  type ResourceLimit,
  type ResourceLimits,
  type ResourceName,
} from './rlimits.ts';
export { parseGroup, parsePasswd, type GroupEntry, type PasswdEntry } from './passwd.ts';
export { readFileInRoot } from './root-file.ts';
export { dropCapabilities, setCapabilities, type DropOptions } from './set-capabilities.ts';
export { readCapabilities, type CapabilitySets, type Keep } from './sets.ts';
export {
  homeOf,
  resolveUser,
  type AccountSources,
  type ResolvedUser,
  type UserDefaults,
} from './user.ts';
