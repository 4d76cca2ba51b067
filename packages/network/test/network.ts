import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { commandPid, spawn, within } from '@ts-c/namespaces';

/** A network namespace of a test's own, which ends with it. */
export interface Network extends AsyncDisposable {
  readonly namespace: { readonly pid: number };
  /** Runs ip(8) in it. */
  ip(command: string): string;
}

/** Makes a network namespace; it lives as long as a process that does nothing, until this one lets go of it or ends. */
export async function network(): Promise<Network> {
  const child: ChildProcess = spawn('sh', ['-c', 'echo ready; exec cat'], {
    namespaces: { net: true },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const namespace = { pid: await commandPid(child) };
  return {
    namespace,
    ip: (command) =>
      within('net', namespace, () =>
        execFileSync('ip', command.split(' '), { encoding: 'utf8', stdio: 'pipe' }),
      ),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
