import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandPid, spawn, type NamespaceRequests } from '@ts-c/namespaces';
import { command, type Result } from '../cli/nsinit.ts';
import { addAddress, addLink, addressesOf, bringUp, connect, linksOf, tablesOf } from './links.ts';

export const needs = 'needs root and busybox-static';
/** Each call of nsinit is a process of its own, and some machines are slow. */
export const patience = { timeout: 180_000 } as const;

/** What there is on a host outside of its containers. */
export interface Leftovers {
  readonly links: readonly string[];
  readonly addresses: readonly string[];
  readonly tables: readonly string[];
  readonly leases: readonly string[];
  readonly records: readonly string[];
}

/** What a process has printed so far. */
export interface Running {
  readonly child: ChildProcess;
  /** The pid of what was started: the child is who started it there. */
  readonly pid: Promise<number>;
  /** Waits for the next line of its output. */
  line(): Promise<string>;
  /** Waits for its end. */
  ended(): Promise<Result>;
}

/** How to start something on a host. */
export interface StartOptions {
  readonly cwd?: string | undefined;
  readonly uid?: number;
  /** What it is started with, in front of it. */
  readonly prefix?: readonly string[];
}

/** A machine of a test's own: a network, and a /run where records and leases are. It ends with the test. */
export class Host implements AsyncDisposable {
  /** Of a process in its namespaces. */
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #running = new Set<ChildProcess>();

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /** Starts one, with a loopback that is up. */
  static async start(): Promise<Host> {
    const script = 'mount -t tmpfs -o mode=755 tmpfs /run && echo ready && exec cat';
    const child = spawn('sh', ['-c', script], {
      namespaces: { net: true, mount: true },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const host = new Host(child, await commandPid(child));
    bringUp(host, 'lo');
    return host;
  }

  /** Makes a bridge with addresses, as an administrator would have it. */
  addBridge(name: string, ...addresses: readonly string[]): void {
    addLink(this, name, 'bridge');
    for (const address of addresses) addAddress(this, name, address);
  }

  /** A cable to another machine, with addresses on both ends. */
  connect(name: string, own: readonly string[], other: Host, others: readonly string[]): void {
    connect([this, name], [other, 'eth0']);
    for (const address of own) addAddress(this, name, address);
    for (const address of others) addAddress(other, 'eth0', address);
  }

  /** Starts a command on it. */
  start(words: readonly string[], { cwd, uid, prefix = [] }: StartOptions = {}): Running {
    const { pid } = this;
    const namespaces: NamespaceRequests = { net: { pid }, mount: { pid } };
    const [file = '', ...args] = [...prefix, ...words];
    const child = spawn(file, args, {
      namespaces,
      cwd: cwd ?? '/',
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
      stdio: 'pipe',
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.#running.add(child);
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
    child.on('error', (error) => (text.stderr += `${error.message}\n`));
    const closed = new Promise<Result>((resolve) =>
      child.once('close', (code, signal) => {
        this.#running.delete(child);
        resolve({ status: code ?? signal ?? 'nothing', ...text });
      }),
    );
    const started = commandPid(child);
    started.catch(() => {});
    let read = 0;
    return {
      child,
      pid: started,
      async line() {
        while (!text.stdout.includes('\n', read)) {
          if (child.exitCode !== null || child.signalCode !== null)
            throw new Error(`it ended: ${JSON.stringify(text)}`);
          await Promise.race([once(child.stdout, 'data'), closed]);
        }
        const start = read;
        read = text.stdout.indexOf('\n', start) + 1;
        return text.stdout.slice(start, read - 1);
      },
      ended: () => closed,
    };
  }

  /** Runs a command on it to its end. */
  async run(...words: readonly string[]): Promise<Result> {
    return this.start(words).ended();
  }

  /** Starts nsinit on it. */
  nsinit(args: readonly string[], options?: StartOptions): Running {
    return this.start([...command, ...args], options);
  }

  /** What a command of nsinit's prints that succeeds and has no complaints. */
  async output(args: readonly string[], options?: StartOptions): Promise<string> {
    const { status, stdout, stderr } = await this.nsinit(args, options).ended();
    if (status !== 0 || stderr !== '')
      throw new Error(`nsinit ${args.join(' ')}: ${status}: ${stderr}`);
    return stdout;
  }

  /** All that there is at this moment. */
  look(): Leftovers {
    return {
      links: linksOf(this).toSorted(),
      addresses: addressesOf(this).toSorted(),
      tables: tablesOf(this).toSorted(),
      leases: this.#files('ts-c/network').toSorted(),
      records: this.#names('nsinit'),
    };
  }

  /** Waits until it looks as it did: the kernel takes a network down a moment after its last process. */
  async settled(as: Leftovers): Promise<Leftovers> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (JSON.stringify(this.look()) === JSON.stringify(as)) break;
      await delay(50);
    }
    return this.look();
  }

  #names(path: string): string[] {
    try {
      return readdirSync(join(`/proc/${this.pid}/root/run`, path)).toSorted();
    } catch {
      return [];
    }
  }

  #files(path: string): string[] {
    return this.#names(path).flatMap((name) => [
      name,
      ...this.#names(join(path, name)).map((file) => `${name}/${file}`),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) child.kill('SIGTERM');
    // Those that nobody waits for are there where a test has failed.
    const ids = this.#names('nsinit');
    if (ids.length > 0) await this.nsinit(['delete', '--force', ...ids]).ended();
    const ended = once(this.#child, 'close');
    this.#child.stdin?.end();
    this.#child.stdout?.resume();
    await ended;
  }
}
