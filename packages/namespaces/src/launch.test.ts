import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually, isAlive } from '../test/processes.ts';
import { ended, run } from '../test/run.ts';
import { scriptOf } from '../test/unprivileged.ts';
import { spawn } from './spawn.ts';

const index = fileURLToPath(new URL('index.ts', import.meta.url));

const program = (options: string, after: string): string[] => [
  '--no-warnings',
  '--conditions=@ts-c/source',
  '--input-type=module',
  '-e',
  `const { spawn } = await import(${JSON.stringify(index)});
   const child = spawn('sh', ['-c', 'echo $$ >&3; sleep 1; echo alive >&3; exec sleep 60'], { ${options}, stdio: ['ignore', 'ignore', 'ignore', 3] });
   ${after}`,
];

describe('detached', () => {
  it.each([
    ['lets this process end', 'child.unref();'],
    ['lets this process end at once', 'process.exit();'],
  ])('%s, and the command live on', async (_, after) => {
    const node = nodeSpawn(
      process.execPath,
      program('detached: true, namespaces: { uts: true }', after),
      { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] },
    );
    let output = '';
    const pipe = node.stdio[3] as NodeJS.ReadableStream;
    pipe.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(node, 'exit');
    expect(await eventually(() => output.includes('alive'))).toBe(true);
    const pid = Number.parseInt(output, 10);
    process.kill(pid, 'SIGKILL');
    expect(await eventually(() => !isAlive(pid))).toBe(true);
  });

  it('gives the command a process group whose number is the pid of the ChildProcess', async () => {
    const child = spawn('sh', ['-c', 'ps -o pgid= $$'], { detached: true });
    const { stdout } = await ended(child);
    expect(Number(stdout)).toBe(child.pid);
  });

  it('is what it takes: without, the command ends with this process', async () => {
    const node = nodeSpawn(
      process.execPath,
      program('namespaces: { uts: true }', 'child.unref(); setInterval(() => {}, 1000);'),
      { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] },
    );
    const [chunk] = (await once(node.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer];
    expect(isAlive(Number(chunk.toString()))).toBe(true);
    node.kill();
    expect(await eventually(() => !isAlive(Number(chunk.toString())))).toBe(true);
  });
});

describe('a process that is pid 1 of its namespace', () => {
  it('supervises as any other does', async () => {
    const script = `await run('sh', ['-c', 'kill -9 $$'], { namespaces: { uts: true } });`;
    const { code, stdout } = await run(process.execPath, scriptOf(script), {
      namespaces: { pid: true },
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ code: null, signal: 'SIGKILL', errors: [] });
  });
});
