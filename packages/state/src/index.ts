export { StateError, type StateErrorCode } from './error.ts';
export { formatJson } from './json/format.ts';
export { parseJson, type Parsed } from './json/parse.ts';
export {
  isArray,
  JsonNumber,
  JsonObject,
  toPlain,
  type Json,
  type JsonMember,
} from './json/value.ts';
export { DirectoryLock, lockDirectory, waitForLock, type LockOptions } from './lock.ts';
export {
  isSameProcess,
  openProcess,
  ProcessHandle,
  processStartTime,
  sendSignal,
  signalName,
  type ProcessIdentity,
  type SignalName,
} from './process.ts';
export {
  deleteState,
  getState,
  saveState,
  stateFileNames,
  type NetworkState,
  type State,
} from './state.ts';
export { checkId, generateId } from './store/id.ts';
export { recordFileNames, type ContainerRecord } from './store/record.ts';
export type { ContainerState, ContainerStatus } from './store/status.ts';
export { defaultRoot } from './store/root.ts';
export { ContainerStore, type Listing } from './store/store.ts';
