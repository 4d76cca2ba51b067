import { constants } from 'node:os';
import process from 'node:process';
import { currentSize } from '@ts-c/terminal';
import type { ContainerDescription } from '../description.ts';
import { despiteRaces } from './address-race.ts';
import { bringUp, type Container, type ContainerResult } from './container.ts';
import type { Keeper } from './keeper.ts';

/** A container that could not be brought up, and the status to exit with. */
interface SessionFailure extends Error {
  /** 127 where the command was not found, 126 where it can't be executed, 125 else. */
  exitStatus?: number;
}

/** Exit status of nsinit's own failures. */
const failureStatus = 125;

const forwarded = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
] as const;

/** Options of {@link runAttached}. */
export interface SessionOptions {
  /** Who writes the container down while it exists. */
  readonly keeper?: Keeper | undefined;
  /** Milliseconds after which the container is ended. */
  readonly timeout?: number | undefined;
  /** Told that it was. */
  readonly onTimeout?: (() => void) | undefined;
}

/**
 * Runs a container on this process's own standard streams to its end: signals are passed on, a terminal is connected.
 *
 * @returns the exit status: the command's own, or 128 and the number of the signal that ended it.
 * @throws {SessionFailure} where it could not be brought up.
 */
export async function runAttached(
  description: ContainerDescription,
  options: SessionOptions = {},
): Promise<number> {
  return despiteRaces(() => attach(description, options));
}

async function attach(description: ContainerDescription, options: SessionOptions): Promise<number> {
  const { keeper, timeout } = options;
  keeper?.prepare();
  const container = bringUp(description, {
    stdio: 'inherit',
    hold: keeper !== undefined,
    keeper,
    terminalSize: description.tty ? currentSize(process.stdout) : undefined,
    ...(timeout === undefined ? {} : { timeout }),
  });
  const stopForwarding = forwardSignals(container);
  try {
    await keep(container, keeper);
    await using stack = new Attachments();
    if (container.terminal) await stack.attach(container);
    const result = await container.wait();
    if (result.timedOut) options.onTimeout?.();
    return statusOf(result);
  } catch (error) {
    // What failed first is what the end of the container says.
    const reason = await container.wait().then(
      () => error,
      (failure: unknown) => failure,
    );
    throw withStatus(reason, container);
  } finally {
    stopForwarding();
  }
}

/**
 * Brings a container up and lets it live on without this process. Its standard streams are /dev/null.
 *
 * @returns the pid of its first process, once that runs its command.
 * @throws {SessionFailure} where it could not be brought up.
 */
export async function runDetached(
  description: ContainerDescription,
  keeper: Keeper,
): Promise<number> {
  return despiteRaces(() => detach(description, keeper));
}

async function detach(description: ContainerDescription, keeper: Keeper): Promise<number> {
  keeper.prepare();
  const container = bringUp(description, {
    stdio: 'ignore',
    hold: true,
    detached: true,
    keeper,
  });
  try {
    await keep(container, keeper);
    await container.started;
    container.release();
    return await container.pid;
  } catch (error) {
    // It ends by itself, with the status that says what failed.
    const reason = await container.wait().then(
      () => error,
      (failure: unknown) => failure,
    );
    throw withStatus(reason, container);
  }
}

/** Has the container written down, then lets it go on. */
async function keep(container: Container, keeper: Keeper | undefined): Promise<void> {
  if (!keeper) return;
  try {
    await container.placed;
    const made = { cgroup: container.cgroup?.toJSON(), network: container.network };
    keeper.write(await container.pid, container.process.pid as number, made);
  } catch (error) {
    container.kill('SIGKILL');
    throw error;
  }
  container.proceed();
}

/** A terminal of the container, connected to ours for as long as the block lasts. */
class Attachments implements AsyncDisposable {
  readonly #open: AsyncDisposable[] = [];

  async attach(container: Container): Promise<void> {
    // Where bringing up fails there is no terminal, and the end of the container tells why.
    const terminal = await container.terminal?.catch(() => undefined);
    if (!terminal) return;
    this.#open.push(terminal, terminal.attach({ stdin: process.stdin, stdout: process.stdout }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const item of this.#open.toReversed()) await item[Symbol.asyncDispose]();
  }
}

/** Passes signals on. The second one from a keyboard that finds the container still alive ends it: pid 1 may ignore the first. */
function forwardSignals(container: Container): () => void {
  let interrupts = 0;
  const listeners = forwarded.map((signal) => {
    const listener = (): void => {
      if (signal === 'SIGINT') interrupts += 1;
      container.kill(interrupts > 1 ? 'SIGKILL' : signal);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => listeners.forEach((stop) => stop());
}

/** The exit status as a shell would give it. */
function statusOf({ exitCode, signal }: ContainerResult): number {
  if (exitCode !== null) return exitCode;
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

function withStatus(reason: unknown, container: Container): unknown {
  if (!(reason instanceof Error)) return reason;
  return Object.assign(reason, {
    exitStatus: container.process.exitCode ?? failureStatus,
  } satisfies Partial<SessionFailure>);
}
