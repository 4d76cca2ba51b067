import type { Resources } from '../src/resources.ts';
import type { CgroupVersion, Circumstances, Controller } from '../src/setting.ts';

/** What a controller writes, a line for each: `pids.max <- 32`; one that may be missing ends with `?`. */
export function writesOf(
  controller: Controller,
  resources: Resources,
  version: CgroupVersion,
  circumstances?: Circumstances,
): string[] {
  return controller
    .settings(resources, version, circumstances)
    .map(({ file, value, tolerate }) => `${file} <- ${value}${tolerate ? '?' : ''}`);
}

/** A cgroup that exists, by what its files hold. */
export function existing(files: Readonly<Record<string, string>>): Circumstances {
  return { read: (file) => (file in files ? `${files[file]}\n` : undefined) };
}

/** The error that a function throws. */
export function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}
