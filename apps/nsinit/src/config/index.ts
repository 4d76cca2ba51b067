export { describe, type DescribeOptions } from './describe.ts';
export { ConfigError, formatIssue, type Issue, type Warning } from './issues.ts';
export {
  formatConfig,
  loadConfig,
  parseConfig,
  type ConfigOptions,
  type LoadedConfig,
} from './parse.ts';
export type * from './types.ts';
