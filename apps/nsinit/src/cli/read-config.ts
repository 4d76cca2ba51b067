import { resolve } from 'node:path';
import { formatIssue, loadConfig, type Config } from '../config/index.ts';
import type { Environment } from './command.ts';

/** The directory of `container.json` and `state.json`: the variable `data_path`, or the current one. */
export function dataPath({ variables, directory }: Environment): string {
  return resolve(directory, variables['data_path'] ?? '');
}

/** Reads a `container.json`, and passes on what should be said about it. */
export function readConfig(
  path: string,
  strict: boolean,
  onWarning: (text: string) => void,
): Config {
  const { config, warnings } = loadConfig(path, { strict });
  for (const issue of warnings) onWarning(formatIssue(path, issue));
  return config;
}
