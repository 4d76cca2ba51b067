import type {
  ChildProcess,
  ChildProcessWithoutNullStreams,
  SpawnOptions as NodeSpawnOptions,
  StdioOptions,
} from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import {
  chdir,
  checkInteger,
  checkString,
  Program,
  range,
  setresgid,
  setresuid,
  spawn as spawnProgram,
  type Kernel,
  type ProgramOptions,
  type Value,
} from '@ts-c/syscall';
import { makeMountsPrivate } from './calls.ts';
import { execute } from './execute.ts';
import { invalid } from './invalid.ts';
import { launch, type Supervised } from './launch.ts';
import { checkMappings, mapWriter, ownMapping, type IdMapping, type Mappings } from './mappings.ts';
import { sortRequests, type Join, type NamespaceRequests } from './requests.ts';
import { leaveGroups } from './root.ts';
import { supervise, type Cgroups } from './supervisor.ts';
import type { TimeOffsets } from './time.ts';

/** Options of {@link spawn}: those of `child_process.spawn`, and the namespaces. */
export interface SpawnOptions extends Pick<
  NodeSpawnOptions,
  'argv0' | 'detached' | 'gid' | 'serialization' | 'signal' | 'timeout' | 'uid'
> {
  /** Namespaces to create (`true`) or to join. */
  readonly namespaces?: NamespaceRequests | undefined;
  /** Needs a new user namespace. By default root inside is the caller outside, and there is nobody else. */
  readonly uidMappings?: readonly IdMapping[] | undefined;
  /** Needs a new user namespace. By default root's group inside is the caller's outside, and there is no other. */
  readonly gidMappings?: readonly IdMapping[] | undefined;
  /** Needs a new time namespace. */
  readonly timeOffsets?: TimeOffsets | undefined;
  /** Steps in front of all others that open the way into cgroups, which the command is in before anything else is done for it. */
  readonly cgroups?: ((kernel: Program) => Cgroups) | undefined;
  /** More steps in front of the command, inside the namespaces: operations of other packages, on the Kernel that they are given. */
  readonly setUp?: ((kernel: Kernel) => void) | undefined;
  /** Where the command starts, as seen from inside. */
  readonly cwd?: string | undefined;
  /** The environment; that of this process by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Streams, `'ignore'`, `'inherit'`, `'ipc'` or file descriptors, by their number in the command; three pipes by default. */
  readonly stdio?: StdioOptions | undefined;
  /**
   * What ends the command when `signal` is aborted or `timeout` milliseconds have passed. SIGTERM by default; SIGKILL with a new pid
   * namespace, as its first process gets no signal that it has no handler for: pid_namespaces(7).
   */
  readonly killSignal?: NodeJS.Signals | number | undefined;
}

type Stdio = Exclude<StdioOptions, string>[number];

/**
 * Starts a command in namespaces of its own. Shaped like `child_process.spawn`, and gives the same `ChildProcess`: streams, events,
 * `kill`, `AbortSignal` and `timeout` work as usual. See namespaces(7), clone(2) and setns(2).
 *
 * With namespaces the process of the ChildProcess is a tiny supervisor outside of the pid namespace. It passes signals on and ends as
 * the command ends, so `pid` is the supervisor's, and {@link commandPid} is the command's. With a new pid namespace all processes in it
 * end with the command. Without any namespace there is no supervisor: the process is the command.
 *
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for options that can't be, before anything is started. What the kernel refuses is the
 * `error` event: a SystemError that names the step. The process then ends with status 125, or, where only the command is at fault,
 * with 126 (not executable) or 127 (not found).
 *
 * @example
 * const child = spawn('hostname', [], { namespaces: { uts: true }, stdio: 'inherit' });
 */
export function spawn(
  command: string,
  args?: readonly string[],
  options?: SpawnOptions & { readonly stdio?: 'pipe' | undefined },
): ChildProcessWithoutNullStreams;
export function spawn(
  command: string,
  args: readonly string[] | undefined,
  options: SpawnOptions,
): ChildProcess;
export function spawn(
  command: string,
  options: SpawnOptions & { readonly stdio?: 'pipe' | undefined },
): ChildProcessWithoutNullStreams;
export function spawn(command: string, options: SpawnOptions): ChildProcess;
export function spawn(
  command: string,
  second: readonly string[] | SpawnOptions = [],
  third?: SpawnOptions,
): ChildProcess {
  const [args, options] = isList(second) ? [second, third ?? {}] : [[], second];
  checkOptions(command, options);
  const { created, joined } = sortRequests(options.namespaces ?? {});
  const mappings = mappingsOf(created.has('user'), options);
  const stdio = stdioList(options.stdio);
  const program = new Program({ reportFd: stdio.length });
  const passed = passPidfds(joined, program.reportFd + 1);
  const argv = [options.argv0 ?? command, ...args];
  const execution = (): void =>
    execute(program, {
      file: command,
      argv,
      environment: environmentList(options, stdio),
      closeFrom: stdio.length,
    });
  const processOptions = {
    argv0: 'ts-c',
    stdio: [...stdio, ...passed.pidfds],
    ...processOptionsOf(options, created.has('pid')),
  };
  let child: ChildProcess;
  if (created.size === 0 && joined.length === 0 && !options.timeOffsets) {
    // Nothing that takes a second process.
    options.cgroups?.(program).enter?.(program);
    setUp(program, options, false);
    execution();
    child = spawnProgram(program, processOptions).process;
    pids.set(child, ownPid(child));
  } else {
    let cgroups: Cgroups = {};
    supervise(program, {
      created,
      joined,
      descriptors: passed.descriptors,
      mappings,
      timeOffsets: options.timeOffsets,
      reserve: () => void (cgroups = options.cgroups?.(program) ?? {}),
      cgroups: () => cgroups,
      childOnly: [...stdio.keys()].filter((index) => index > 2 && isOpen(stdio[index])),
      setUp: () => setUp(program, options, created.has('mount')),
      execute: execution,
    });
    const supervised = launch(program, { ...processOptions, mappings });
    child = supervised.process;
    pids.set(child, supervised.created);
    if (options.detached) leaveAlone(supervised, mappings?.writer === 'newuidmap');
  }
  // As the caller has put it, not as we have.
  Object.assign(child, { spawnfile: command, spawnargs: argv });
  (child.stdio as unknown[] | undefined)?.splice(stdio.length);
  return child;
}

function processOptionsOf(
  { signal, timeout, detached = false, serialization, killSignal: asked }: SpawnOptions,
  newPids: boolean,
): ProgramOptions {
  const killSignal = asked ?? (newPids ? 'SIGKILL' : undefined);
  return {
    detached,
    ...(signal ? { signal } : {}),
    ...(timeout !== undefined ? { timeout } : {}),
    ...(killSignal !== undefined ? { killSignal } : {}),
    ...(serialization !== undefined ? { serialization } : {}),
  };
}

/** Lets a detached command live on without this process, once that has nothing left to do for it. */
function leaveAlone(supervised: Supervised, mapsIds: boolean): void {
  const release = (): void => {
    supervised.release();
    supervised.process.ref();
  };
  if (mapsIds) supervised.created.then(release, () => {});
  else release();
}

async function ownPid(child: ChildProcess): Promise<number> {
  if (child.pid === undefined) throw (await once(child, 'error'))[0];
  return child.pid;
}

const pids = new WeakMap<ChildProcess, Promise<number>>();

/**
 * The pid of the command that {@link spawn} has started, as this process sees it: `pid` of the ChildProcess is its supervisor's. It
 * resolves as soon as there is such a process, which may be before that has become the command, and rejects with what failed.
 *
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for the child of another function.
 */
export function commandPid(child: ChildProcess): Promise<number> {
  const pid = pids.get(child);
  if (!pid) throw invalid('commandPid: expected what spawn of @ts-c/namespaces has returned');
  return pid;
}

const isList = (value: readonly string[] | SpawnOptions): value is readonly string[] =>
  Array.isArray(value);

function checkOptions(command: string, { uid, gid, cwd }: SpawnOptions): void {
  checkString('command', command);
  if (command === '') throw invalid('command: expected a name or a path');
  if (uid !== undefined) checkInteger('uid', uid, 0, range.u32[1] - 1n);
  if (gid !== undefined) checkInteger('gid', gid, 0, range.u32[1] - 1n);
  if (cwd !== undefined) checkString('cwd', cwd);
}

/** Steps of the child: in the order of `child_process.spawn`, the directory is entered with the rights of before. */
function setUp(
  program: Program,
  { setUp: more, cwd, uid, gid }: SpawnOptions,
  newMounts: boolean,
): void {
  if (newMounts) makeMountsPrivate(program);
  more?.(program);
  if (cwd !== undefined) program.call(chdir, cwd);
  if (uid !== undefined || gid !== undefined) leaveGroups(program);
  if (gid !== undefined) program.call(setresgid, gid, gid, gid);
  if (uid !== undefined) program.call(setresuid, uid, uid, uid);
}

function mappingsOf(
  newUser: boolean,
  { uidMappings, gidMappings }: SpawnOptions,
): Mappings | undefined {
  if (!newUser) {
    if (!uidMappings && !gidMappings) return undefined;
    const name = uidMappings ? 'uidMappings' : 'gidMappings';
    throw invalid(`${name}: there is no user namespace to map ids of; ask for namespaces.user`);
  }
  const caller = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const uid = uidMappings ?? ownMapping(caller.uid);
  const gid = gidMappings ?? ownMapping(caller.gid);
  checkMappings('uidMappings', uid);
  checkMappings('gidMappings', gid);
  return { uid, gid, writer: mapWriter(uid, gid, caller) };
}

function stdioList(stdio: StdioOptions = 'pipe'): Stdio[] {
  const list: Stdio[] = typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio];
  while (list.length < 3) list.push('pipe');
  return list;
}

/** Does a child get a file descriptor for this, behind the first three? */
function isOpen(entry: Stdio): boolean {
  return entry !== 'ignore' && entry !== null && entry !== undefined;
}

/** A pidfd means nothing to another process unless it is passed on. */
export function passPidfds(
  joined: readonly Join[],
  first: number,
): { pidfds: number[]; descriptors: ReadonlyMap<Join, Value> } {
  const descriptors = new Map<Join, Value>();
  const pidfds: number[] = [];
  for (const join of joined) {
    if (typeof join.target === 'string' || !('pidfd' in join.target)) continue;
    descriptors.set(join, first + pidfds.length);
    pidfds.push(join.target.pidfd);
  }
  return { pidfds, descriptors };
}

function environmentList(
  { env = process.env, serialization = 'json' }: SpawnOptions,
  stdio: readonly Stdio[],
): string[] {
  const list = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const channel = stdio.indexOf('ipc');
  // How Node tells a child of its channel. Ours is the child of a supervisor, whose environment is empty.
  return channel < 0
    ? list
    : [
        ...list.filter((entry) => !entry.startsWith('NODE_CHANNEL_')),
        `NODE_CHANNEL_FD=${channel}`,
        `NODE_CHANNEL_SERIALIZATION_MODE=${serialization}`,
      ];
}
