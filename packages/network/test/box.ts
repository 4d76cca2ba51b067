import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { execute, launch, ownMapping, supervise, within, type Supervised } from '@ts-c/namespaces';
import { live, Program } from '@ts-c/syscall';
import {
  planNetwork,
  superviseNetwork,
  type NetworkOptions,
  type NetworkPlan,
} from '../src/container/index.ts';

/** How a container is started. */
export interface BoxOptions extends NetworkOptions {
  /** What it runs, by `sh -c`. */
  readonly script: string;
  /** Devices are put into it by this process, and not by the supervisor. */
  readonly attachLive?: boolean;
  /** It lives on without its supervisor. */
  readonly outlives?: boolean;
  /** In a user namespace of its own. */
  readonly user?: boolean;
  /** A plan that has been made before. */
  readonly plan?: NetworkPlan;
}

/** A container with a network. */
export interface Box extends AsyncDisposable {
  readonly plan: NetworkPlan;
  readonly supervised: Supervised;
  readonly process: ChildProcess;
  /** The pid of its first process. */
  readonly pid: number;
  /** Its next line of output. */
  line(): Promise<string>;
  /** All of its output, at its end. */
  output(): Promise<string>;
}

const own = ownMapping(0);

/** Plans a container in the network namespace of a process, and writes it down. */
export function write(options: BoxOptions): {
  readonly plan: NetworkPlan;
  readonly program: Program;
} {
  const plan = options.plan ?? planNetwork(options);
  const network = superviseNetwork(plan);
  const program = new Program();
  supervise(program, {
    created: new Set(['net', 'pid', 'mount', ...(options.user ? (['user'] as const) : [])]),
    ...(options.user ? { mappings: { uid: own, gid: own, writer: 'self' } as const } : {}),
    hold: options.attachLive === true,
    outlives: options.outlives === true,
    reserve: network.reserve,
    ...(options.attachLive ? {} : { attach: network.attach }),
    release: network.release,
    setUp: network.configure,
    execute: () =>
      execute(program, {
        file: '/bin/sh',
        argv: ['sh', '-c', options.script],
        environment: ['PATH=/bin:/usr/bin:/sbin:/usr/sbin', `NODE=${process.execPath}`],
      }),
  });
  return { plan, program };
}

/** Starts a container in the network namespace of a process. */
export async function start(host: { readonly pid: number }, options: BoxOptions): Promise<Box> {
  const { plan, supervised } = within('net', host, () => {
    const written = write(options);
    return {
      plan: written.plan,
      supervised: launch(written.program, { stdio: ['pipe', 'pipe', 'inherit'] }),
    };
  });
  const child = supervised.process;
  const errors: unknown[] = [];
  child.on('error', (error) => errors.push(error));
  const closed = once(child, 'close').catch(() => {});
  const pid = await supervised.created;
  if (options.attachLive) {
    within('net', host, () => superviseNetwork(plan).attach(live, pid));
    supervised.proceed();
  }
  await supervised.started;
  const lines = child.stdout?.setEncoding('utf8') as NodeJS.ReadableStream;
  let text = '';
  lines.on('data', (chunk: string) => (text += chunk));
  return {
    plan,
    supervised,
    process: child,
    pid,
    async line() {
      while (!text.includes('\n')) await Promise.race([once(lines, 'data'), closed]);
      const end = text.indexOf('\n');
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return line;
    },
    async output() {
      await closed;
      return text;
    },
    async [Symbol.asyncDispose]() {
      supervised.end();
      await closed;
    },
  };
}

/** A server in a container: says who has asked, on port 80. */
export const serve = `exec $NODE -e '
require("net").createServer((socket) => socket.end(socket.remoteAddress + "\\n"))
  .listen(80, "::", () => console.log("ready"));
'`;

/** Asks the server at an address, and gives the answer, or the error. */
export const ask = (...addresses: readonly string[]): string => `exec $NODE -e '
(async () => {
  for (const host of ${JSON.stringify(addresses)})
    await new Promise((resolve) => {
      let text = "";
      require("net").connect({ host, port: 80, timeout: 2000 })
        .on("data", (chunk) => (text += chunk))
        .on("timeout", function () { this.destroy(); console.log("timeout"); resolve(); })
        .on("error", (error) => { console.log(error.code); resolve(); })
        .on("end", () => { console.log(text.trim().replace("::ffff:", "")); resolve(); });
    });
})();
'`;
