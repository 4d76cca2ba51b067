// A group, and what it is made from.
export { Cgroup, uniqueName, type CgroupOptions, type CgroupReference } from './cgroup.ts';
export type { ScopeOptions } from './scope.ts';
export { CgroupError, type CgroupErrorCode, type CgroupErrorInfo } from './error.ts';
export { checkPlace, type Place } from './place.ts';
export { readLayout, type Hierarchy, type Layout } from './layout.ts';
export { hasSystemd } from './systemd/booted.ts';

// Limits.
export type { Bytes, Count, IoDevice, RdmaLimit, Resources } from './resources.ts';
export { checkResources, settingsOf } from './controllers/index.ts';
export { explainSettings } from './explain.ts';
export type { CgroupVersion, Circumstances, Setting } from './setting.ts';
export { formatBytes, parseBytes } from './value.ts';

// Plans, and carrying them out, live or in a Program.
export { isPossible, planCgroup, type CgroupPlan, type Member } from './plan.ts';
export { applySteps, enter, openEntrances } from './apply.ts';
export { explainFailure } from './failure.ts';
export { removeNow } from './remove.ts';
export { stepTitle, type Step } from './step.ts';
export {
  countOomKills,
  memoryEventsReport,
  superviseCgroup,
  type SupervisedCgroup,
} from './supervised.ts';

// Devices.
export { attachDevices, replaceDevices } from './devices/attach.ts';
export { attachedDevices, type AttachedProgram } from './devices/attached.ts';
export { disassemble } from './devices/assembler.ts';
export { deviceProgram } from './devices/bpf.ts';
export type { DeviceRule } from './devices/rule.ts';
export { formatRule, fromDevice, parseRule } from './devices/rules.ts';

// Statistics.
export {
  cpuUsageBetween,
  type ClassicBlkio,
  type ClassicBlkioEntry,
  type ClassicCpuUsage,
  type ClassicFreezer,
  type ClassicMemory,
  type ClassicStatistics,
  type ClassicThrottling,
  type CpuSample,
  type CpuUsage,
} from './statistics/classic.ts';
export { formatPrometheus, type PrometheusEntry } from './statistics/prometheus.ts';
export { StatisticsReader, type StatisticsReaderOptions } from './statistics/reader.ts';
export { samples, type SampleOptions } from './statistics/sample.ts';
export type { Limit, Quantity } from './statistics/scanner.ts';
export type * from './statistics/statistics.ts';

// Events.
export { watchPopulated, whenEmpty, type PopulatedEvent } from './events/empty.ts';
export type { FreezeOptions } from './events/freezer.ts';
export type { FreezerEvent, FreezerState } from './events/freezer-state.ts';
export { watchMemoryEvents, type MemoryEvent } from './events/memory-events.ts';
export type { OomEvent } from './events/oom.ts';
export {
  watchPressure,
  type PressureAverages,
  type PressureEvent,
  type PressureOptions,
} from './events/pressure.ts';
export type { EventOptions, EventStream } from './events/queue.ts';
