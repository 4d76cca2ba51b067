import type { ChildProcess, StdioOptions } from 'node:child_process';
import process from 'node:process';
import { chdir, checkString, Program, type Kernel, type Value } from '@ts-c/syscall';
import { makeMountsPrivate, setresgid, setresuid } from './calls.ts';
import { execute } from './execute.ts';
import { launch } from './launch.ts';
import { checkMappings, mapWriter, ownMapping, type IdMapping, type Mappings } from './mappings.ts';
import { sortRequests, type Join, type NamespaceRequests } from './requests.ts';
import { supervise } from './supervisor.ts';
import type { TimeOffsets } from './time.ts';

/** Options of {@link spawn}: those of `child_process.spawn`, and the namespaces. */
export interface SpawnOptions {
  /** Namespaces to create (`true`) or to join. */
  readonly namespaces?: NamespaceRequests;
  /** Needs a new user namespace. By default root inside is the caller outside, and there is nobody else. */
  readonly uidMappings?: readonly IdMapping[];
  /** Needs a new user namespace. By default root's group inside is the caller's outside, and there is no other. */
  readonly gidMappings?: readonly IdMapping[];
  /** Needs a new time namespace. */
  readonly timeOffsets?: TimeOffsets;
  /** More steps in front of the command, inside the namespaces: operations of other packages, on the Kernel that they are given. */
  readonly setUp?: (kernel: Kernel) => void;
  /** Name that the command sees itself by; the command itself by default. */
  readonly argv0?: string;
  /** Where the command starts, as seen from inside. */
  readonly cwd?: string;
  /** The environment; that of this process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdio?: StdioOptions;
  /** Gives the command a session of its own. */
  readonly detached?: boolean;
  readonly uid?: number;
  readonly gid?: number;
  /** Ends the command when aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the command is ended. */
  readonly timeout?: number;
  /** The signal that ends it then. */
  readonly killSignal?: NodeJS.Signals | number;
}

/**
 * Starts a command in namespaces of its own. Shaped like `child_process.spawn`, and gives the same `ChildProcess`: streams, events,
 * `kill`, `AbortSignal` and `timeout` work as usual. See namespaces(7), clone(2) and setns(2).
 *
 * The process of the ChildProcess is a tiny supervisor outside of the pid namespace. It passes signals on and ends as the command
 * ends, so `pid` is the supervisor's. With a new pid namespace all processes in it end with the command.
 *
 * @throws {TypeError} for options that can't be, before anything is started. What the kernel refuses is the `error` event: a
 * SystemError that names the step.
 *
 * @example
 * const child = spawn('hostname', [], { namespaces: { uts: true }, stdio: 'inherit' });
 */
export function spawn(
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): ChildProcess {
  const { argv0 = command, cwd, uid, gid, setUp, detached = false, timeOffsets } = options;
  checkString('command', command);
  if (command === '')
    throw Object.assign(new TypeError('command: expected a name or a path'), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  const { created, joined } = sortRequests(options.namespaces ?? {});
  const mappings = created.has('user') ? mappingsOf(options) : undefined;
  const stdio = stdioList(options.stdio);
  const program = new Program({ reportFd: Math.max(3, stdio.length) });
  const passed = passPidfds(joined, program.reportFd + 1);
  supervise(program, {
    created,
    joined,
    descriptors: passed.descriptors,
    ...(mappings ? { mappings } : {}),
    ...(timeOffsets ? { timeOffsets } : {}),
    setUp: () => {
      if (created.has('mount')) makeMountsPrivate(program);
      setUp?.(program);
      if (gid !== undefined) program.call(setresgid, gid, gid, gid);
      if (uid !== undefined) program.call(setresuid, uid, uid, uid);
      if (cwd !== undefined) program.call(chdir, cwd);
    },
    execute: () =>
      execute(program, {
        file: command,
        argv: [argv0, ...args],
        environment: environmentList(options.env ?? process.env),
        closeFrom: Math.max(3, stdio.length),
      }),
  });
  const { signal, timeout, killSignal } = options;
  return launch(program, {
    argv0: 'ts-c',
    detached,
    stdio: [...stdio, ...padding(stdio.length), ...passed.pidfds],
    mappings,
    ...(signal ? { signal } : {}),
    ...(timeout !== undefined ? { timeout } : {}),
    ...(killSignal !== undefined ? { killSignal } : {}),
  }).process;
}

function mappingsOf({ uidMappings, gidMappings }: SpawnOptions): Mappings {
  const caller = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const uid = uidMappings ?? ownMapping(caller.uid);
  const gid = gidMappings ?? ownMapping(caller.gid);
  checkMappings('uidMappings', uid);
  checkMappings('gidMappings', gid);
  return { uid, gid, writer: mapWriter(uid, gid, caller) };
}

function stdioList(stdio: StdioOptions = 'pipe'): (number | 'pipe' | 'ignore' | 'inherit')[] {
  return (typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio]) as (
    | number
    | 'pipe'
    | 'ignore'
    | 'inherit'
  )[];
}

function padding(length: number): 'pipe'[] {
  return Array.from({ length: Math.max(0, 3 - length) }, () => 'pipe');
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

function environmentList(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
}
