import type { ChildProcess, StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import {
  Cgroup,
  CgroupError,
  countOomKills,
  explainFailure,
  memoryEventsReport,
  type CgroupPlan,
  type ScopeOptions,
} from '@ts-c/cgroups';
import { launch, type Supervised } from '@ts-c/namespaces';
import { networkState, superviseNetwork, type NetworkPlan, type NetworkState } from '@ts-c/network';
import { live, type Program } from '@ts-c/syscall';
import { DescriptorChannel, Terminal } from '@ts-c/terminal';
import type { ContainerDescription } from '../description.ts';
import { checkDescription, checkPrivileges } from './check.ts';
import { attachesLive } from './container-program.ts';
import { compileContainer } from './executables.ts';
import { lookUp, type Facts } from './facts.ts';
import type { Keeper } from './keeper.ts';
import { sweepNetworksOf } from './sweep.ts';

/** How a container ended. */
export interface ContainerResult {
  /** The exit status of its command; `null` if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended its command. */
  readonly signal: NodeJS.Signals | null;
  /** Was it ended because `timeout` had passed? */
  readonly timedOut: boolean;
  /** Did the kernel end a process of it for want of memory? Known of a container with a cgroup. */
  readonly oomKilled: boolean;
  /** Milliseconds from its creation to its end. */
  readonly durationMs: number;
}

/** How to bring a container up. */
export interface ContainerOptions {
  /** Standard input, output and error of the command, as of `child_process.spawn`; pipes by default. Not with a terminal. */
  readonly stdio?: StdioOptions;
  /** Ends the container when aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the container is ended. */
  readonly timeout?: number;
  /** The size of its terminal to begin with. */
  readonly terminalSize?: Facts['terminalSize'];
  /** May it outlive this process? See {@link Container.release}. */
  readonly detached?: boolean;
}

/** Options that only the runtime itself sets. */
export interface InternalOptions extends ContainerOptions {
  readonly hold?: boolean;
  readonly gate?: boolean;
  /** Who writes it down while it exists. */
  readonly keeper?: Keeper | undefined;
  /** Where to write it down, if not into a Program of its own. */
  readonly program?: Program | undefined;
}

type Scope = Omit<ScopeOptions, 'processes'>;

/** What a container is watched with. */
interface Watching {
  /** A cgroup that systemd is to make. */
  readonly scope: Scope | undefined;
  /** Its network, and does this process put the devices into it? */
  readonly network: NetworkPlan | undefined;
  readonly attaches: boolean;
  readonly plan: CgroupPlan | undefined;
  /** Is it to be frozen as soon as it runs its command? */
  readonly frozen: boolean;
  /** What the supervisor has told of memory, piece by piece. */
  readonly memoryEvents: readonly Uint8Array[];
}

/** A container. Leaving an `await using` block ends it. */
export class Container implements AsyncDisposable {
  /** The supervisor: a process of a few pages that ends as the container does. */
  readonly process: ChildProcess;
  readonly #supervised: Supervised;
  #cgroup: Cgroup | undefined;
  readonly #placed: Promise<void>;
  readonly #started: Promise<void>;
  #oomKills = 0;
  readonly #network: NetworkState | undefined;
  readonly #ended: Promise<ContainerResult>;
  readonly #terminal: Promise<Terminal> | undefined;

  constructor(
    supervised: Supervised,
    terminal: Promise<Terminal> | undefined,
    options: InternalOptions & Watching,
  ) {
    this.process = supervised.process;
    this.#cgroup = options.plan && Cgroup.from(options.plan);
    this.#supervised = supervised;
    this.#network = options.network && networkState(options.network);
    this.#terminal = terminal;
    this.#placed = options.scope || options.attaches ? this.#place(options) : Promise.resolve();
    this.#placed.catch(() => {});
    this.#started = this.#start(options.frozen);
    this.#ended = this.#watch(supervised.process, options);
    this.#ended.catch(() => {});
  }

  async #watch(child: ChildProcess, options: InternalOptions & Watching): Promise<ContainerResult> {
    const { signal, timeout, plan, memoryEvents } = options;
    const begun = performance.now();
    const failures: unknown[] = [];
    let timedOut = false;
    const abort = (): void => {
      failures.push(signal?.reason);
      this.#supervised.end();
    };
    signal?.addEventListener('abort', abort, { once: true });
    const expire = (): void => {
      timedOut = true;
      this.#supervised.end();
    };
    const timer = timeout === undefined ? undefined : setTimeout(expire, timeout);
    // Without its cgroup it does not come to be.
    this.#placed.catch((error: unknown) => {
      failures.push(error);
      this.#supervised.end();
    });
    this.#started.catch((error: unknown) => {
      // It was to stand still, and would go on. Not if it has ended by itself; what else failed its process tells.
      if (!(error instanceof CgroupError) || error.code === 'ERR_CGROUP_REMOVED') return;
      failures.push(error);
      this.#supervised.end();
    });
    child.on('error', (error) => failures.push(plan ? explainFailure(error, plan.steps) : error));
    try {
      const [exitCode, signalCode] = await new Promise<[number | null, NodeJS.Signals | null]>(
        (resolve) => {
          // A process that never came to be only has an error.
          if (child.pid === undefined) child.once('error', () => resolve([null, null]));
          child.once('close', (code, name) => resolve([code, name]));
        },
      );
      await this.#tidyUp(options, signalCode !== null).catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
      return {
        exitCode,
        signal: signalCode,
        timedOut,
        oomKilled: countOomKills(memoryEvents) + this.#oomKills > 0,
        durationMs: performance.now() - begun,
      };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Removes what a supervisor that was killed, or is somebody else in a user namespace, could not. */
  async #tidyUp(
    { keeper, network, attaches }: InternalOptions & Watching,
    isKilled: boolean,
  ): Promise<void> {
    await this.#sweep();
    if (keeper && (isKilled || !keeper.keeps)) await keeper.sweep(this.process.pid as number);
    // With the record gone it is not taken for one that lives on.
    if (network && needsSweep(network, isKilled || attaches)) sweepNetworksOf(keeper?.store);
  }

  /** Does what its supervisor can't, while its first process has not taken a step yet: a scope of systemd, devices of the host. */
  async #place(options: InternalOptions & Watching): Promise<void> {
    const { hold, signal, scope, network, attaches } = options;
    const pid = await this.#supervised.created;
    if (attaches && network) superviseNetwork(network).attach(live, pid);
    if (scope) {
      const processes = [pid];
      const given = signal ? { signal } : {};
      this.#cgroup = await Cgroup.createScope({ ...scope, processes, ...given });
      void this.#countOomKills(this.#cgroup);
    }
    if (!hold) this.proceed();
  }

  async #start(frozen: boolean): Promise<void> {
    await this.#supervised.started;
    if (frozen) await this.#cgroup?.freeze();
  }

  /** Its supervisor knows nothing of a cgroup that others have made. */
  async #countOomKills(cgroup: Cgroup): Promise<void> {
    try {
      for await (const { killed } of cgroup.oom()) this.#oomKills = Math.max(killed, 1);
    } catch {
      // It has no memory controller, or is gone already.
    }
  }

  /** Its cgroup, if it was described with one; where systemd makes it, once that is done. */
  get cgroup(): Cgroup | undefined {
    return this.#cgroup;
  }

  /** Its network as `state.json` has it: the ends of its veth, the namespace that it has joined. */
  get network(): NetworkState | undefined {
    return this.#network;
  }

  /** Resolves once its first process is in its cgroup, and its devices are. */
  get placed(): Promise<void> {
    return this.#placed;
  }

  /** Removes what of the cgroup a supervisor could not, as {@link Keeper.sweep} does of the record. */
  async #sweep(): Promise<void> {
    const left = this.#cgroup?.members.some(({ path }) => existsSync(path));
    if (left) await this.#cgroup?.[Symbol.asyncDispose]();
  }

  /** The pid of the container's first process, on this machine. Rejects with what failed, if it did not come that far. */
  get pid(): Promise<number> {
    return this.#supervised.created;
  }

  get stdin(): Writable | null {
    return this.process.stdin;
  }

  get stdout(): Readable | null {
    return this.process.stdout;
  }

  get stderr(): Readable | null {
    return this.process.stderr;
  }

  /** Its terminal, if it was described with one. */
  get terminal(): Promise<Terminal> | undefined {
    return this.#terminal;
  }

  /** Resolves once it waits in front of its command; only of a container that was created, not run. */
  get ready(): Promise<void> {
    return this.#supervised.ready;
  }

  /** Resolves once it runs its command, and has been frozen, if it was described so. Rejects with what failed. */
  get started(): Promise<void> {
    return this.#started;
  }

  /** Lets a created container go on to its command, and waits until it runs. */
  async start(): Promise<void> {
    await this.#supervised.ready;
    this.#supervised.proceed();
    await this.#started;
  }

  /** Lets it go on from its very beginning. */
  proceed(): void {
    this.#supervised.proceed();
  }

  /** Sends a signal to its first process. */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return false;
    // The supervisor can't pass this one on. It ends the container in its own way, and has time to clean up.
    if (signal === 'SIGKILL' || signal === 9) this.#supervised.end();
    else return this.process.kill(signal);
    return true;
  }

  /** Waits for the end of the container. Rejects with a SystemError where bringing it up failed: the step is in it. */
  wait(): Promise<ContainerResult> {
    return this.#ended;
  }

  /** Lets it live on without this process. */
  release(): void {
    this.#supervised.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.#ended.catch(() => {});
    await (await this.#terminal?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

/** Writes a container down and starts it, up to where `options` let it come. */
export function bringUp(
  description: ContainerDescription,
  options: InternalOptions = {},
): Container {
  options.signal?.throwIfAborted();
  checkDescription(description);
  checkPrivileges(description);
  const { stdio = 'pipe', detached = false, hold, gate, keeper, program } = options;
  const facts = lookUp(description, { terminalSize: options.terminalSize });
  const attaches = attachesLive(description, facts);
  const plan = {
    description,
    facts,
    reservation: keeper?.reservation,
    hold: hold ?? (facts.scope !== undefined || attaches),
    gate: gate ?? false,
    outlives: detached,
  };
  using compiled = compileContainer(plan, program);
  const { executable, pidfds } = compiled;
  const memoryEvents: Uint8Array[] = [];
  const channel = description.tty ? new DescriptorChannel() : undefined;
  try {
    const supervised = launch(executable, {
      argv0: 'nsinit',
      cwd: '/',
      // A group of its own: what the terminal sends to ours reaches the container once, through us.
      detached: true,
      stdio: channel
        ? ['ignore', 'ignore', 'ignore', channel.childEnd, ...pidfds]
        : [...threeOf(stdio), ...pidfds],
      mappings: facts.mappings,
      onReport: ({ kind, payload }) => {
        if (kind === memoryEventsReport) memoryEvents.push(payload);
      },
    });
    const terminal = channel && receiveTerminal(channel);
    return new Container(supervised, terminal, {
      ...options,
      plan: facts.cgroup,
      scope: facts.scope,
      network: facts.network,
      attaches,
      frozen: description.cgroup?.frozen === true,
      memoryEvents,
    });
  } catch (error) {
    channel?.[Symbol.dispose]();
    throw error;
  }
}

/** Is there something of the network that only this process can remove? */
function needsSweep({ leases, bridges, nat }: NetworkPlan, isLost: boolean): boolean {
  return isLost && leases.length + bridges.length + nat.length > 0;
}

/** Waits for the master. Where none comes, as bringing up fails, all other ends are closed in the end, and that is told too. */
async function receiveTerminal(channel: DescriptorChannel): Promise<Terminal> {
  try {
    return new Terminal(await channel.receive());
  } finally {
    channel[Symbol.dispose]();
  }
}

function threeOf(stdio: StdioOptions): (number | 'pipe' | 'ignore' | 'inherit')[] {
  const list = (typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio]) as (
    | number
    | 'pipe'
    | 'ignore'
    | 'inherit'
  )[];
  if (list.length > 3)
    throw new TypeError('stdio: a container has standard input, output and error, and no more');
  while (list.length < 3) list.push('pipe');
  return list;
}
