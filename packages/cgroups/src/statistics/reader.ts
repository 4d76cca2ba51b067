import { classic1, classic2 } from './classic-files.ts';
import type { ClassicStatistics, CpuSample } from './classic.ts';
import { StatFiles, type DirectoryOf } from './files.ts';
import type { CgroupVersion } from '../setting.ts';
import type { CgroupStatistics } from './statistics.ts';
import { controllers1, read1 } from './v1.ts';
import { controllers2, read2 } from './v2.ts';

/** How a {@link StatisticsReader} reads. */
export interface StatisticsReaderOptions {
  /**
   * Keep the files open between two readings (the default): about 20 descriptors a cgroup, and a third of the time. All readers
   * of a process together keep at most half of the descriptors that it may have; files beyond are opened and closed each time.
   */
  readonly keepOpen?: boolean;
}

/**
 * Reads the statistics of one cgroup, again and again. It has files open, so it is to be disposed of.
 *
 *     using reader = new StatisticsReader(2, () => '/sys/fs/cgroup/demo');
 *     console.log(reader.read().memory?.usage);
 */
export class StatisticsReader {
  readonly version: CgroupVersion;
  readonly #files: StatFiles;
  readonly #controllers: readonly string[];

  /**
   * @param directoryOf The directory of the cgroup in the hierarchy of a controller, undefined where the controller is not in
   * use; in version 2 it is asked for each controller, and all files are looked for in the first directory that it answers.
   */
  constructor(
    version: CgroupVersion,
    directoryOf: DirectoryOf,
    options: StatisticsReaderOptions = {},
  ) {
    const { keepOpen = true } = options;
    this.version = version;
    this.#controllers = version === 1 ? controllers1 : controllers2;
    this.#files = new StatFiles(version === 1 ? directoryOf : oneOf(directoryOf), keepOpen);
  }

  /**
   * All that the kernel counts for the cgroup at this moment.
   *
   * @throws {CgroupError} (`ERR_CGROUP_REMOVED`) when the cgroup is gone, (`ERR_INVALID_STATISTICS`) for a file that is not as the
   * kernel writes it.
   */
  read(): CgroupStatistics {
    this.#files.refresh(this.#controllers);
    const { version } = this;
    const timestamp = performance.timeOrigin + performance.now();
    const found = version === 1 ? read1(this.#files) : read2(this.#files);
    return { version, timestamp, ...found };
  }

  /**
   * The same as libcontainer 1.1.0 has it, key by key.
   *
   * @param since An earlier sample. With it there are `percent_usage` and `current_usage`, what was used from then to now.
   * @throws {CgroupError} as `read` does.
   */
  readClassic(since?: CpuSample): ClassicStatistics {
    this.#files.refresh(this.#controllers);
    return this.version === 1 ? classic1(this.#files, since) : classic2(this.#files, since);
  }

  /** Closes the files. They are opened again should it read again. */
  [Symbol.dispose](): void {
    this.#files.close();
  }
}

function oneOf(directoryOf: DirectoryOf): DirectoryOf {
  let directory: string | undefined;
  return () => {
    for (const controller of controllers2) directory ??= directoryOf(controller);
    return directory;
  };
}
