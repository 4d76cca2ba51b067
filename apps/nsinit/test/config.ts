import { expect } from 'vitest';
import { ConfigError } from '../src/config/issues.ts';
import { parseConfig } from '../src/config/parse.ts';

/** All that is wrong with a text, a line for each. */
export function errorsOf(text: string, strict = false): string[] {
  try {
    parseConfig(text, { strict });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
  return [];
}

/** All warnings about a text, and that each of them is an error under `strict`. */
export function warningsOf(text: string): string[] {
  const { warnings } = parseConfig(text);
  const lines = warnings.map(({ path, message, suggestion }) =>
    [path, message, suggestion].filter((part) => part !== undefined).join(' | '),
  );
  expect(errorsOf(text, true)).toHaveLength(lines.length);
  return lines;
}
