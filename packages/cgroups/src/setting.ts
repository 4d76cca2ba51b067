import type { ErrnoCode } from '@ts-c/syscall';
import type { Resources } from './resources.ts';

/** The version of the kernel's interface that a controller is used through. */
export type CgroupVersion = 1 | 2;

/** One write into a file of a cgroup. */
export interface Setting {
  /** The controller whose file it is, as the kernel names it: `memory`, `blkio`. */
  readonly controller: string;
  /** The name of the file in the directory of the cgroup. */
  readonly file: string;
  /** What is written, in one write(2). */
  readonly value: string;
  /** Which of the {@link Resources} it comes from, with the way to it: `memory`, `ioDevices[0].readBps`. */
  readonly key: string;
  /** Refusals that are no failure, as what was asked for holds anyway: a limit of none where there is no such file. */
  readonly tolerate?: readonly ErrnoCode[];
}

/** What the settings depend on, apart from the resources. All of it is looked up beforehand. */
export interface Circumstances {
  /** The names of the files in a directory of the controller's hierarchy, or undefined where that is unknown. */
  readonly files?: ReadonlySet<string> | undefined;
  /** What a file of the cgroup holds at this moment, where the cgroup exists already: for an update in the right order. */
  readonly read?: ((file: string) => string | undefined) | undefined;
}

/** A part of the resources, turned into writes. Nothing is written, and nothing looked up but the numbers of devices given by path. */
export interface Controller {
  /** Its name in version 1 and in version 2; undefined where the version does not have it. */
  readonly names: { readonly 1?: string; readonly 2?: string };
  /** Which of the resources are its own. */
  readonly keys: readonly (keyof Resources)[];
  /**
   * Refuses what can't be in any version.
   *
   * @throws {CgroupError} (`ERR_INVALID_RESOURCES`) which names the key.
   */
  check(resources: Resources): void;
  /**
   * The writes for a version.
   *
   * @throws {CgroupError} (`ERR_INVALID_RESOURCES`) which names the key, for values that can't be, and (`ERR_NO_CONTROLLER`) for
   * those that the version does not have.
   */
  settings(resources: Resources, version: CgroupVersion, circumstances?: Circumstances): Setting[];
}
