import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const programs = new URL('programs/', import.meta.url);

/** Starts one of the programs next door, in a process of Node of its own, and waits for its first words. */
export async function start(name: string, ...args: readonly string[]): Promise<ChildProcess> {
  const program = fileURLToPath(new URL(`${name}.ts`, programs));
  const flags = ['--conditions=@ts-c/source', '--experimental-strip-types', '--no-warnings'];
  const child = spawn(process.execPath, [...flags, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('no standard output');
  const ended = once(child, 'close').then(() => {
    throw new Error(`${name} has ended before it said a word`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  return child;
}

/** Kills a process as hard as possible, and waits for its end. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGKILL');
  await end;
}
