export { addNatTable, deleteNatTable } from './apply.ts';
export { openNetfilterSocket, sendBatch, withNetfilter } from './batch.ts';
export { claimPorts } from './claim-ports.ts';
export {
  batchBegin,
  batchEnd,
  deleteTable,
  getChain,
  getRule,
  getTable,
  newChain,
  newRule,
  newTable,
  NFPROTO,
} from './messages.ts';
export {
  natTable,
  natTableName,
  removeNatTable,
  type ContainerAddress,
  type NatOptions,
  type NatTable,
} from './nat-table.ts';
export { formatPublished, parsePublish, type Protocol, type PublishedPorts } from './publish.ts';
export { natSysctls, pendingSysctls, writeSysctls, type Sysctl } from './sysctls.ts';
