import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { spawn, type SpawnOptions } from '../src/index.ts';

/** What came of a command. */
export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Every `error` event. */
  readonly errors: readonly NodeJS.ErrnoException[];
}

/** Waits for a child until its streams are closed. */
export async function ended(child: ChildProcess): Promise<Result> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  const errors: NodeJS.ErrnoException[] = [];
  child.on('error', (error) => errors.push(error));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (status, name) => resolve([status, name])),
  );
  return { code, signal, ...output, errors };
}

/** Runs a command in namespaces. */
export function run(
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<Result> {
  return ended(spawn(command, args, options));
}

/** Runs a shell script in namespaces; its output without the last newline. Anything but success is thrown. */
export async function sh(script: string, options: SpawnOptions = {}): Promise<string> {
  const { code, signal, stdout, stderr, errors } = await run('sh', ['-c', script], options);
  if (errors[0]) throw errors[0];
  if (code !== 0 || stderr !== '') throw new Error(`${signal ?? code}: ${stderr}`);
  return stdout.trimEnd();
}

/** Starts a shell script and waits for its first output. It ends when it is disposed of. */
export async function hold(
  script: string,
  options: SpawnOptions = {},
): Promise<{ child: ChildProcess; line: string } & AsyncDisposable> {
  const child = spawn('sh', ['-c', script], { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = once(child, 'close');
  const first = (await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    failed.then(([code, signal]) => Promise.reject(new Error(`ended early: ${code ?? signal}`))),
  ])) as [Buffer];
  return {
    child,
    line: first[0].toString().trim(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
}
