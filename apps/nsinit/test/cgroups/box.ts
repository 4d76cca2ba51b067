import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { cgroupsNow, hasCgroups, removeParents, uniqueParent } from '../cgroups.ts';
import { command, nsinit, output, recorded, type Result } from '../cli/nsinit.ts';
import { busybox, makeRootfs, temporaryDirectory } from '../rootfs.ts';

/** What tests of containers with cgroups need. */
export const needs = 'needs root, cgroups and busybox-static';
export const lacks: boolean = process.getuid?.() !== 0 || !hasCgroups || !busybox;

/** Each call of nsinit is a process of its own, and some machines are slow. */
export const patience = { timeout: 180_000 } as const;

/** A place for containers of a test: records, a root file system, and a cgroup that all of theirs are in. They end with it. */
export class Box {
  readonly root: string = temporaryDirectory('containers');
  readonly rootfs: string = makeRootfs();
  readonly parent: string = uniqueParent();

  constructor() {
    onTestFinished(async () => {
      const ids = recorded(this.root);
      if (ids.length > 0) await this.nsinit('delete', '--force', ...ids);
      removeParents(this.parent);
    });
  }

  /** Calls a command of nsinit's with the records of this place. */
  nsinit(name: string, ...args: readonly string[]): Promise<Result> {
    return nsinit([name, '--root', this.root, ...args]);
  }

  /** What a command prints that succeeds. */
  output(name: string, ...args: readonly string[]): Promise<string> {
    return output([name, '--root', this.root, ...args]);
  }

  get #place(): string[] {
    return ['--rootfs', this.rootfs, '--cgroup-parent', this.parent];
  }

  run(...args: readonly string[]): Promise<Result> {
    return this.nsinit('run', ...this.#place, ...args);
  }

  /** Starts a container in the background, which may have ended by now. */
  async launch(id: string, ...args: readonly string[]): Promise<void> {
    await this.output('run', '-d', '--id', id, ...this.#place, ...args);
  }

  /** Starts a container in the background, and gives the pid of its first process. */
  async start(id: string, ...args: readonly string[]): Promise<number> {
    await this.launch(id, ...args);
    return Number((await this.state(id))['pid']);
  }

  async state(id: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.output('state', id)) as Record<string, unknown>;
  }

  async list(): Promise<Record<string, unknown>[]> {
    return JSON.parse(await this.output('list', '--json')) as Record<string, unknown>[];
  }

  /** How far a container has counted. */
  count(): number {
    return statSync(join(this.rootfs, 'count'), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Makes a file that a container waits for. */
  signal(file = 'go'): void {
    writeFileSync(join(this.rootfs, file), '');
  }

  /** Where cgroups of this place are at this moment. */
  cgroups(): string[] {
    return cgroupsNow(this.parent);
  }

  /** All processes in cgroups of this place that have not ended: whoever is to reap those may take its time. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && membershipsOf(name).includes(this.parent))
      .map(Number);
  }

  /** Follows what a command prints, line by line, until it ends by itself or with the test. */
  follow(name: string, ...args: readonly string[]): Followed {
    const [node = '', ...flags] = command;
    const child = spawn(node, [...flags, name, '--root', this.root, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return {
      lines: () => text.split('\n').slice(0, -1),
      ended: once(child, 'close').then(([code]) => code as number | null),
    };
  }
}

export interface Followed {
  readonly lines: () => string[];
  readonly ended: Promise<number | null>;
}

/** A script that counts, by making a file longer, and leaves others time to do something too. */
export const counter: readonly string[] = [
  'sh',
  '-c',
  'while :; do echo >> /count; sleep 0.02; done',
];

/** A script that waits for the file `go`, and then does something. */
export function afterGo(script: string): readonly string[] {
  return ['sh', '-c', `until [ -e /go ]; do sleep 0.05; done; ${script}`];
}

/** Waits for something that happens soon. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 20_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it did not happen: ${String(condition)}`);
    await delay(25);
  }
}

function membershipsOf(pid: string): string {
  try {
    const hasEnded = /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return hasEnded ? '' : readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}
