import { execFile, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import {
  spawn,
  type Executable,
  type Program,
  type ProgramOptions,
  type Report,
} from '@ts-c/syscall';
import type { IdMapping, Mappings } from './mappings.ts';
import { encodeMessage, messages, reports } from './protocol.ts';

/** A supervised child, seen from the process that started it. */
export interface Supervised {
  /** The supervisor. It ends as the child ends, and passes signals on to it. */
  readonly process: ChildProcess;
  /** The pid of the child, once it is there. Rejects with what failed. */
  readonly created: Promise<number>;
  /** The child has come to the gate in front of its command. Rejects with what failed. */
  readonly ready: Promise<void>;
  /** The child has become its command. Rejects with what failed. */
  readonly started: Promise<void>;
  /** Lets the child go on, past the hold at its beginning or the gate in front of its command. */
  proceed(): void;
  /** Ends the child at once, and with it the supervisor, which still does what it has to do at its end. */
  end(): void;
  /** Lets supervisor and child live on without this process, and this process end without them. */
  release(): void;
}

/** Options of {@link launch}. */
export interface LaunchOptions extends ProgramOptions {
  /** Id maps to write by newuidmap(1), where the Program asks for that. */
  readonly mappings?: Mappings | undefined;
  /** Told of reports that are not the supervisor's own. */
  readonly onReport?: ((report: Report) => void) | undefined;
}

/**
 * Starts a Program that {@link supervise} has written.
 *
 * What fails, in the supervisor or in the child, is an `error` event of the process and rejects the promises that it concerns.
 */
export function launch(program: Program | Executable, options: LaunchOptions): Supervised {
  const { mappings, onReport, ...rest } = options;
  const created = new Milestone<number>();
  const ready = new Milestone<void>();
  const started = new Milestone<void>();
  const { process, control } = spawn(program, rest, (report) => {
    const { kind, payload } = report;
    if (kind === reports.created.kind) created.reach(payload.readInt32LE(0));
    else if (kind === reports.ready.kind) ready.reach();
    else if (kind === reports.started.kind) {
      started.reach();
      // Nothing more is to come but the end of the process, which is what keeps us waiting, or does not.
      unref(control);
    } else if (kind === reports.unshared.kind) void mapIds();
    else onReport?.(report);
  });
  const mapIds = async (): Promise<void> => {
    try {
      await runMapTools(process.pid as number, mappings);
      control.write(encodeMessage(messages.proceed));
    } catch (error) {
      process.emit('error', error as Error);
      control.end();
    }
  };
  const milestones = [created, ready, started];
  const fail = (error: unknown): void => milestones.forEach((milestone) => milestone.miss(error));
  // Prepended: by the time others hear of the error, the promises have it.
  process.prependListener('error', fail);
  // By then all reports have been read.
  process.once('exit', (code, signal) =>
    fail(new Error(`the supervisor ended early, ${signal ?? `with status ${code}`}`)),
  );
  return {
    process,
    created: created.promise,
    ready: ready.promise,
    started: started.promise,
    proceed: () => void control.write(encodeMessage(messages.proceed)),
    // Half-closed: the supervisor takes that for our end, and its last reports still arrive.
    end: () => void control.end(),
    release() {
      control.end(encodeMessage(messages.release));
      process.unref();
      unref(control);
    },
  };
}

/** Lets the event loop end although there is this stream. */
function unref(stream: Duplex): void {
  (stream as Duplex & Partial<Pick<Socket, 'unref'>>).unref?.();
}

/** A promise that nobody has to wait for. */
class Milestone<T> {
  readonly promise: Promise<T>;
  reach!: (value: T) => void;
  miss!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.reach = resolve;
      this.miss = reject;
    });
    this.promise.catch(() => {});
  }
}

async function runMapTools(pid: number, mappings: Mappings | undefined): Promise<void> {
  if (!mappings) throw new Error('a user namespace asks for id maps that nobody gave');
  await runMapTool('newuidmap', pid, mappings.uid);
  await runMapTool('newgidmap', pid, mappings.gid);
}

async function runMapTool(tool: string, pid: number, list: readonly IdMapping[]): Promise<void> {
  const numbers = list.flatMap(({ containerId, hostId, size }) => [containerId, hostId, size]);
  try {
    await promisify(execFile)(tool, [pid, ...numbers].map(String));
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason =
      code === 'ENOENT' ? 'it is not installed (Debian: package uidmap)' : (stderr ?? '').trim();
    throw Object.assign(
      new Error(`${tool} could not write the id maps: ${reason}`, { cause: error }),
      { code: 'ERR_ID_MAPS' },
    );
  }
}
