import { readFileSync } from 'node:fs';
import { formatJson, parseJson, type Parsed } from '@ts-c/state';
import { checkCgroups } from './checks/cgroups.ts';
import { checkIsolation } from './checks/isolation.ts';
import { checkMounts } from './checks/mounts.ts';
import { checkNetworks } from './checks/networks.ts';
import { checkProcess } from './checks/process.ts';
import { ConfigError, Issues, type Warning } from './issues.ts';
import { configSchema } from './shape.ts';
import type { Config } from './types.ts';

/** How a configuration is read. */
export interface ConfigOptions {
  /** Makes errors of what libcontainer 1.1.0 took no notice of, such as keys that are not known. */
  readonly strict?: boolean | undefined;
}

/** A configuration that can be used, and what should be said about it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly Warning[];
}

/**
 * Reads `container.json`.
 *
 * @throws {ConfigError} all that is wrong with what is in it.
 * @throws {Error} of open(2) or read(2), where it can't be read.
 */
export function loadConfig(path: string, options: ConfigOptions = {}): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || error.message.includes(path)) throw error;
    // Where reading fails, not opening, Node does not say of what.
    error.message += ` '${path}'`;
    throw Object.assign(error, { path });
  }
  return parseConfig(text, { ...options, source: path });
}

/**
 * Reads the text of a `container.json`.
 *
 * @param options.source What to call it in errors; `container.json` by default.
 * @throws {ConfigError} all that is wrong with it.
 */
export function parseConfig(
  text: string,
  options: ConfigOptions & { readonly source?: string | undefined } = {},
): LoadedConfig {
  const { strict = false, source = 'container.json' } = options;
  const { value, end } = parse(text, source);
  const issues = new Issues(strict);
  if (text.slice(end).trim() !== '') {
    issues.ignore('', 'what follows the first JSON value is not looked at');
  }
  const config = configSchema.read(value, '', issues);
  if (config && issues.errors.length === 0) check(config, issues);
  if (!config || issues.errors.length > 0) throw new ConfigError(source, issues.errors);
  return { config, warnings: issues.warnings };
}

/** Writes a configuration as `nsinit spec` of 1.1.0 does: keys in its order, zero values left out, a tab for each level. */
export function formatConfig(config: Config): string {
  return formatJson(configSchema.write(config), '\t');
}

function parse(text: string, source: string): Parsed {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ConfigError(source, [{ path: '', message: (error as Error).message }], {
      cause: error,
    });
  }
}

function check(config: Config, issues: Issues): void {
  checkIsolation(config, issues);
  checkMounts(config, issues);
  checkProcess(config, issues);
  checkNetworks(config, issues);
  checkCgroups(config, issues);
  const idle = idleKeys(config);
  if (idle.length > 0) {
    const verb = idle.length > 1 ? 'have' : 'has';
    issues.warn('', `${idle.join(', ')} ${verb} no effect: this version does not carry that out`);
  }
}

/** Keys that are in use, and that no package carries out yet. */
function idleKeys(config: Config): string[] {
  const { mount_config = {} } = config;
  const inUse = {
    apparmor_profile: Boolean(config.apparmor_profile),
    process_label: Boolean(config.process_label),
    'mount_config.mount_label': Boolean(mount_config.mount_label),
  };
  return Object.entries(inUse).flatMap(([key, used]) => (used ? [key] : []));
}
