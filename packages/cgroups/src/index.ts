export { applySteps, enter, openEntrances } from './apply.ts';
export { Cgroup, uniqueName, type CgroupOptions, type CgroupReference } from './cgroup.ts';
export type { DeviceRule } from './devices/rule.ts';
export { formatRule, fromDevice, parseRule } from './devices/rules.ts';
export { CgroupError, type CgroupErrorCode, type CgroupErrorInfo } from './error.ts';
export { explainFailure } from './failure.ts';
export { readLayout, type Hierarchy, type Layout } from './layout.ts';
export { checkPlace, type Place } from './place.ts';
export { isPossible, planCgroup, type CgroupPlan, type Member } from './plan.ts';
export type { Bytes, Count, IoDevice, RdmaLimit, Resources } from './resources.ts';
export type { CgroupVersion, Circumstances, Controller, Setting } from './setting.ts';
export { removeNow } from './remove.ts';
export type { EventOptions, EventStream } from './events/queue.ts';
export type { FreezeOptions } from './events/freezer.ts';
export type { FreezerEvent, FreezerState } from './events/freezer-state.ts';
export type { OomEvent } from './events/oom.ts';
export { watchPressure, type PressureEvent, type PressureOptions } from './events/pressure.ts';
export {
  cpuUsageBetween,
  type ClassicStatistics,
  type CpuSample,
  type CpuUsage,
} from './statistics/classic.ts';
export { formatPrometheus, type PrometheusEntry } from './statistics/prometheus.ts';
export type { SampleOptions } from './statistics/sample.ts';
export type { Limit, Quantity } from './statistics/scanner.ts';
export type * from './statistics/statistics.ts';
export { checkResources, settingsOf } from './controllers/index.ts';
export { stepTitle, type Step } from './step.ts';
export {
  countOomKills,
  memoryEventsReport,
  superviseCgroup,
  type SupervisedCgroup,
} from './supervised.ts';
export { explainSettings } from './explain.ts';
export type { ScopeOptions } from './scope.ts';
export { watchMemoryEvents, type MemoryEvent } from './events/memory-events.ts';
export { whenEmpty, watchPopulated, type PopulatedEvent } from './events/empty.ts';
export { samples } from './statistics/sample.ts';
export { StatisticsReader, type StatisticsReaderOptions } from './statistics/reader.ts';
export { attachDevices, replaceDevices } from './devices/attach.ts';
export { attachedDevices, type AttachedProgram } from './devices/attached.ts';
export { deviceProgram } from './devices/bpf.ts';
export { disassemble } from './devices/assembler.ts';
export { formatBytes, parseBytes } from './value.ts';
export { hasSystemd } from './systemd/detect.ts';
