import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import type { ChildProcess } from 'node:child_process';
import { spawn, type SpawnOptions } from '@ts-c/namespaces';
import { checkInteger, live } from '@ts-c/syscall';
import { applySteps, enter, openEntrances } from './apply.ts';
import { CgroupError } from './error.ts';
import { whenEmpty } from './events/empty.ts';
import { freeze, type FreezeOptions } from './events/freezer.ts';
import { freezerState, watchFreezer, type FreezerEvent } from './events/freezer-state.ts';
import { watchOom, type OomEvent } from './events/oom.ts';
import { watchPressure, type PressureEvent, type PressureOptions } from './events/pressure.ts';
import type { EventOptions, EventStream } from './events/queue.ts';
import { explainFailure, withCleanup } from './failure.ts';
import { readLayout, type Layout } from './layout.ts';
import type { Place } from './place.ts';
import { planCgroup, type Member } from './plan.ts';
import { killMembers, processesIn, removeMembers } from './remove.ts';
import type { Resources } from './resources.ts';
import type { ClassicStatistics, CpuSample } from './statistics/classic.ts';
import { StatisticsReader } from './statistics/reader.ts';
import { samples, type SampleOptions } from './statistics/sample.ts';
import type { CgroupStatistics } from './statistics/statistics.ts';
import { startScopeMembers, type ScopeOptions } from './scope.ts';
import { updateMembers } from './update.ts';

/** What a cgroup is to be: where, and with which limits. */
export interface CgroupOptions extends Resources, Partial<Place> {}

/** Where a cgroup is: enough to find it again, as plain data. */
export interface CgroupReference {
  readonly name: string;
  readonly members: readonly Member[];
}

/**
 * A cgroup: a set of processes, of which the kernel limits, counts and controls what they use together. See cgroups(7).
 *
 * It is one thing, whatever is behind it: a directory of version 2, one in each hierarchy of version 1, or both. Leaving an
 * `await using` block ends all of its processes and removes it.
 *
 * @example
 * await using group = await Cgroup.create({ memory: '64M', pids: 32 });
 * const child = group.spawn('node', ['untrusted.js'], { stdio: 'inherit' });
 */
export class Cgroup implements AsyncDisposable {
  readonly name: string;
  /** Where it is, in each hierarchy. */
  readonly members: readonly Member[];
  #reader: StatisticsReader | undefined;
  /** What it has started. At first it is not in the cgroup yet. */
  readonly #children = new Set<ChildProcess>();

  private constructor({ name, members }: CgroupReference) {
    this.name = name;
    this.members = members;
  }

  /**
   * Makes a cgroup, beneath that of this process unless `parent` says otherwise. A failure leaves nothing behind.
   *
   * @throws {CgroupError} which names the key, file and value, and why: for what can't be (`ERR_INVALID_RESOURCES`,
   * `ERR_INVALID_CGROUP_NAME`), what is not to be had here (`ERR_NO_CONTROLLER`, `ERR_NO_CGROUPS`), a cgroup in use
   * (`ERR_CGROUP_BUSY`), or with the code of the kernel's refusal. An AggregateError of two, where it could not be undone either.
   */
  static async create(options: CgroupOptions = {}, layout?: Layout): Promise<Cgroup> {
    const { name = uniqueName(), parent, ...resources } = options;
    const plan = planCgroup({ name, parent }, resources, layout);
    if (plan.members.length === 0) throw nowhere();
    // What somebody else has made is not ours to remove.
    const made = new Set<string>();
    try {
      applySteps(live, plan.steps, ({ path }) => made.add(path));
    } catch (error) {
      const reason = explainFailure(error, plan.steps);
      await removeMembers(plan.members, (path) => made.has(path)).catch((failure: unknown) => {
        throw withCleanup(reason, failure);
      });
      throw reason;
    }
    return new Cgroup(plan);
  }

  /**
   * Has systemd put processes into a transient scope of their own, which is the way where systemd owns the cgroups. The scope goes as
   * its last process ends.
   *
   * @throws {CgroupError} `ERR_NO_SYSTEMD` where none answers, `EEXIST` where there is such a unit, and as {@link Cgroup.create} does.
   * The processes have been ended then, if they were in the scope already.
   * @example
   * const child = spawn('server');
   * const group = await Cgroup.createScope({ name: 'server-1', processes: [child.pid], memory: '64M' });
   */
  static async createScope(options: ScopeOptions, layout?: Layout): Promise<Cgroup> {
    return new Cgroup({ name: options.name, members: await startScopeMembers(options, layout) });
  }

  /**
   * A cgroup that exists already.
   *
   * @param reference What `toJSON` of it has given.
   */
  static from(reference: CgroupReference): Cgroup {
    return new Cgroup(reference);
  }

  /**
   * The cgroup that a process is in: the directories of the name that it has in most hierarchies.
   *
   * @returns undefined if the process is nowhere but at the roots of the hierarchies.
   * @throws {Error} Node's own (`ENOENT`), where there is no such process.
   */
  static of(pid: number): Cgroup | undefined {
    checkInteger('pid', pid, 1, 2 ** 31 - 1);
    const { hierarchies } = readLayout({
      memberships: readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
    });
    const members = hierarchies
      .filter(({ own, mountPoint }) => own !== mountPoint)
      .map(({ version, controllers, own }) => ({ version, controllers, path: own, made: [] }));
    const name = mostFrequent(members.map(({ path }) => basename(path)));
    if (name === undefined) return undefined;
    return new Cgroup({ name, members: members.filter(({ path }) => basename(path) === name) });
  }

  /** The directory in which a controller's files are; undefined where the cgroup does not have that controller. */
  directory(controller: string): string | undefined {
    return this.#memberWith(controller)?.path;
  }

  /**
   * Moves a process into the cgroup, with all of its threads. What it has used so far stays with the cgroup that it leaves.
   *
   * @throws {CgroupError} with the kernel's code: `ESRCH`, where there is no such process.
   */
  async add(pid: number): Promise<void> {
    checkInteger('pid', pid, 1, 2 ** 31 - 1);
    for (const { path } of this.members) {
      const file = `${path}/cgroup.procs`;
      try {
        writeFileSync(file, String(pid));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const removed = code === 'ENOENT' || code === 'ENODEV';
        throw new CgroupError(
          removed ? 'ERR_CGROUP_REMOVED' : (code as CgroupError['code']),
          `process ${pid} can’t be moved into ${path}: ${removed ? 'somebody has removed it' : (error as Error).message}`,
          { path: file, value: String(pid), cause: error },
        );
      }
    }
  }

  /**
   * Starts a command in the cgroup: it is there before its first instruction. As `child_process.spawn`; with namespaces as `spawn` of
   * `@ts-c/namespaces`, whose options these are.
   */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(command, args, {
      ...options,
      cgroups: (program) => {
        const entrances = openEntrances(program, this.members);
        return { enter: (steps) => enter(steps, entrances) };
      },
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** The processes in it, and in the cgroups beneath it. */
  async processes(): Promise<number[]> {
    const [first] = this.members;
    return first ? processesIn(first.path) : [];
  }

  /**
   * Changes limits while it is in use. What the resources do not name stays as it is.
   *
   * @throws {CgroupError} as {@link Cgroup.create}; what had been changed is as it was before.
   */
  async update(resources: Resources): Promise<void> {
    updateMembers(this.members, resources);
  }

  /** Stops all of its processes where they are, and waits until they stand still. Rejects if they do not in time; they go on then. */
  async freeze(options: FreezeOptions = {}): Promise<void> {
    const { path, version } = this.#freezer();
    await freeze(path, version, true, options);
  }

  /** Lets its processes go on. */
  async thaw(options: FreezeOptions = {}): Promise<void> {
    const { path, version } = this.#freezer();
    await freeze(path, version, false, options);
  }

  /** Are all of its processes stopped? */
  async isFrozen(): Promise<boolean> {
    const { path, version } = this.#freezer();
    return freezerState(path, version) === 'frozen';
  }

  /** Ends all of its processes at once, by SIGKILL, also those that start meanwhile and those that are frozen. */
  async kill(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await killMembers(this.members);
  }

  /** All that the kernel counts for it at this moment. */
  async statistics(): Promise<CgroupStatistics> {
    return this.#statisticsReader().read();
  }

  /**
   * The same under the keys of libcontainer 1.1.0.
   *
   * @param since An earlier one's CPU usage; with it there are `percent_usage` and `current_usage`.
   */
  async classicStatistics(since?: CpuSample): Promise<ClassicStatistics> {
    return this.#statisticsReader().readClassic(since);
  }

  /**
   * Statistics again and again, the first at once, until the cgroup is gone.
   *
   * @example
   * for await (const { memory } of group.stats({ interval: 1000, signal })) console.log(memory?.usage);
   */
  stats(options: SampleOptions = {}): AsyncGenerator<CgroupStatistics, void, undefined> {
    return samples(() => this.statistics(), options);
  }

  /** Tells each time that it runs out of memory. */
  oom(options: EventOptions = {}): EventStream<OomEvent> {
    const { path, version } = this.#memberOr('memory', 'oom');
    return watchOom(path, version, options);
  }

  /** Tells when its processes wait too long for memory, CPUs or devices. Only version 2 counts that for a cgroup. */
  pressure(options: PressureOptions): EventStream<PressureEvent> {
    const member = this.members.find(({ version }) => version === 2);
    if (!member) throw noController('pressure', 'is counted by cgroup version 2 only');
    return watchPressure(member.path, options);
  }

  /** Tells when it is frozen and when it is thawed, first what it is. */
  freezer(options: EventOptions = {}): EventStream<FreezerEvent> {
    const { path, version } = this.#freezer();
    return watchFreezer(path, version, options);
  }

  /** Resolves once there is no process in it, nor beneath it. */
  async whenEmpty({ signal }: EventOptions = {}): Promise<void> {
    const member = this.members.find(({ version }) => version === 2) ?? this.members[0];
    if (member) await whenEmpty(member.path, member.version, signal);
  }

  /**
   * Removes it, and the cgroups beneath it. It has to be empty: {@link Cgroup.kill} sees to that. One that is gone is no error.
   *
   * @throws {CgroupError} (`ERR_CGROUP_NOT_EMPTY`) which names the processes in it.
   */
  async remove(): Promise<void> {
    this.#close();
    await removeMembers(this.members);
  }

  /** Where it is, to find it again: {@link Cgroup.from}. */
  toJSON(): CgroupReference {
    const { name, members } = this;
    return { name, members };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await this.kill();
    await removeMembers(this.members);
  }

  #close(): void {
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
  }

  #statisticsReader(): StatisticsReader {
    const isUnified = this.members.every(({ version }) => version === 2);
    this.#reader ??= new StatisticsReader(isUnified ? 2 : 1, (controller) =>
      isUnified ? this.members[0]?.path : this.directory(controller),
    );
    return this.#reader;
  }

  #memberWith(controller: string): Member | undefined {
    return this.members.find(({ controllers }) => controllers.includes(controller));
  }

  #memberOr(controller: string, what: string): Member {
    const member = this.#memberWith(controller);
    if (member) return member;
    throw noController(what, `the ${controller} controller is not there for ${this.name}`);
  }

  #freezer(): Member {
    // Version 2 can freeze by itself. In a hybrid layout its hierarchy has all of our processes too, but the controller is the usual way.
    const member = this.#memberWith('freezer') ?? this.members.find(({ version }) => version === 2);
    if (member) return member;
    throw noController(
      'freeze',
      'neither the freezer controller (version 1) nor version 2 is mounted here',
    );
  }
}

function mostFrequent(names: readonly string[]): string | undefined {
  const count = (name: string): number => names.filter((other) => other === name).length;
  return names.toSorted((one, other) => count(other) - count(one))[0];
}

function nowhere(): CgroupError {
  return new CgroupError(
    'EACCES',
    'no cgroup can be made here: none of those that this process is in is delegated to this user; run as root, or in one that is: systemd-run --user --scope -p Delegate=yes',
  );
}

function noController(key: string, reason: string): CgroupError {
  return new CgroupError('ERR_NO_CONTROLLER', `${key}: ${reason}`, { key });
}

/** A name that no other cgroup has. */
export function uniqueName(): string {
  // It is no secret, and node:crypto takes milliseconds to load.
  const random = Math.floor(Math.random() * 2 ** 32);
  return `ts-c-${process.pid}-${random.toString(16).padStart(8, '0')}`;
}
