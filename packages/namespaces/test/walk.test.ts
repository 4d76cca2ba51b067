import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually, isAlive, processesWith } from './processes.ts';
import { run } from './run.ts';
import { stopEverywhere } from './walk.ts';

const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

/** The processes that are still there after a while. */
async function left(marker: string, pids: readonly number[]): Promise<number[]> {
  const alive = (): number[] => [...pids.filter(isAlive), ...processesWith(marker)];
  await eventually(() => alive().length === 0);
  return alive();
}

describe('SIGKILL at each step leaves no process and no mount, and the next run works', () => {
  it.each([
    // Whoever stands still may go on: it has to find out by itself that the supervisor is gone.
    ['the supervisor', (pids: readonly number[]) => pids.slice(0, 1)],
    ['its child, or the helper that writes its maps', (pids: readonly number[]) => pids.slice(1)],
  ])('of %s', async (_, victims) => {
    const marker = `ts-c-walk-${randomUUID()}`;
    const before = mounts();
    const stopped = await stopEverywhere(marker);
    const killed = stopped.flatMap(({ pids }) => victims(pids)).filter(isAlive);
    expect(killed.length).toBeGreaterThan(30);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    for (const { supervised } of stopped) supervised.end();
    expect(
      await left(
        marker,
        stopped.flatMap(({ pids }) => pids),
      ),
    ).toEqual([]);
    expect(mounts()).toBe(before);
    expect(await run('true', [], { namespaces: { pid: true } })).toMatchObject({
      code: 0,
      errors: [],
    });
  });

  it('of the process that has started them', async () => {
    const marker = `ts-c-walk-${randomUUID()}`;
    const before = mounts();
    const program = fileURLToPath(new URL('programs/stop-everywhere.ts', import.meta.url));
    const node = spawn(
      process.execPath,
      ['--no-warnings', '--conditions=@ts-c/source', program, marker],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [chunk] = (await once(node.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(chunk.toString()) as number[];
    expect(pids.length).toBeGreaterThan(100);
    node.kill('SIGKILL');
    await once(node, 'exit');
    expect(await left(marker, pids)).toEqual([]);
    expect(mounts()).toBe(before);
  });
});
