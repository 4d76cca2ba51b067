export { CgroupError, type CgroupErrorCode, type CgroupErrorInfo } from './error.ts';
export type { DeviceRule } from './devices/rule.ts';
export type { Hierarchy, Layout } from './layout.ts';
export type { Bytes, Count, IoDevice, RdmaLimit, Resources } from './resources.ts';
export type { CgroupVersion, Circumstances, Controller, Setting } from './setting.ts';
