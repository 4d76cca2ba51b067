import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import type { Setting } from '../src/setting.ts';

/** Writes a setting as the library does, in one write(2). Returns the code of the refusal, or undefined. */
export function refusalOf(directory: string, { file, value }: Setting): string | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(`${directory}/${file}`, constants.O_WRONLY);
    writeSync(handle, value);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** What a file of a cgroup holds, or undefined where there is none. */
export function readFileOf(directory: string): (file: string) => string | undefined {
  return (file) => {
    try {
      return readFileSync(`${directory}/${file}`, 'latin1').trim();
    } catch {
      return undefined;
    }
  };
}
