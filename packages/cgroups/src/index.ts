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
