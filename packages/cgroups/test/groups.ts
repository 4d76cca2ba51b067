import { randomBytes } from 'node:crypto';
import fs from 'node:fs';

const root = '/sys/fs/cgroup';

/** Controllers of version 1 with a mount of their own, where distributions have them. */
const controllers1 = ['memory', 'cpu', 'cpuacct', 'blkio', 'pids', 'freezer'] as const;
const controllers2 = readWords(`${root}/cgroup.controllers`);

/** May tests make cgroups of version 1, with all of the usual controllers? */
export const hasV1 = controllers1.every((controller) => isWritable(`${root}/${controller}/tasks`));

/** May tests make cgroups of version 2 that have controllers? */
export const hasV2 =
  controllers2.includes('memory') && isWritable(`${root}/cgroup.subtree_control`);

/** A cgroup for a test, in all hierarchies of the version. Disposing of it kills what is in it and removes it. */
export class TestGroup implements Disposable {
  readonly directoryOf: (controller: string) => string | undefined;
  readonly directories: readonly string[];

  constructor(version: 1 | 2) {
    const name = `ts-c-test-${process.pid}-${randomBytes(4).toString('hex')}`;
    if (version === 2) enable(controllers2);
    const names: readonly string[] = version === 1 ? controllers1 : [''];
    const path = (controller: string): string => `${root}/${controller}/${name}`.replace('//', '/');
    this.directories = names.map(path);
    this.directoryOf = (controller) => {
      if (version === 2) return path('');
      return names.includes(controller) ? path(controller) : undefined;
    };
    for (const directory of this.directories) fs.mkdirSync(directory);
  }

  /** Moves a process into it. */
  add(pid: number): void {
    for (const directory of this.directories) this.#write(directory, 'cgroup.procs', String(pid));
  }

  /** Stops or continues its processes, and waits until that is so. */
  freeze(frozen: boolean): void {
    const directory = this.directoryOf('freezer') ?? '';
    if (fs.existsSync(`${directory}/freezer.state`)) {
      const state = frozen ? 'FROZEN' : 'THAWED';
      this.#write(directory, 'freezer.state', state);
      waitUntil(() => fs.readFileSync(`${directory}/freezer.state`, 'latin1').trim() === state);
    } else {
      this.#write(directory, 'cgroup.freeze', frozen ? '1' : '0');
      const line = `frozen ${frozen ? 1 : 0}`;
      waitUntil(() => fs.readFileSync(`${directory}/cgroup.events`, 'latin1').includes(line));
    }
  }

  [Symbol.dispose](): void {
    const [directory = ''] = this.directories;
    if (!fs.existsSync(directory)) return;
    this.freeze(false);
    waitUntil(() => {
      const pids = readWords(`${directory}/cgroup.procs`).map(Number);
      for (const pid of pids) kill(pid);
      return pids.length === 0;
    });
    for (const each of this.directories) waitUntil(() => isRemoved(each));
  }

  #write(directory: string, file: string, value: string): void {
    fs.writeFileSync(`${directory}/${file}`, value);
  }
}

function enable(controllers: readonly string[]): void {
  for (const controller of controllers) {
    try {
      fs.writeFileSync(`${root}/cgroup.subtree_control`, `+${controller}`);
    } catch {
      // One that can't be had by children (a real-time process holds cpu back) does without.
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function isRemoved(directory: string): boolean {
  try {
    fs.rmdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') return false;
    if (code === 'ENOENT') return true;
    throw error;
  }
}

function waitUntil(condition: () => boolean, timeout = 10_000): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + timeout;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeout} ms: ${String(condition)}`);
    Atomics.wait(pause, 0, 0, 2);
  }
}

function readWords(path: string): string[] {
  return fs.existsSync(path) ? fs.readFileSync(path, 'latin1').split(/\s+/).filter(Boolean) : [];
}

function isWritable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
