import { describe, expect, it } from 'vitest';
import { Box, lacks, needs, patience, until } from './box.ts';

/** Numbers in their order. */
function sorted(numbers: readonly number[]): readonly number[] {
  return numbers.toSorted((a, b) => a - b);
}

describe.skipIf(lacks)(`nsinit ps (${needs})`, patience, () => {
  it('lists the processes of a container', async () => {
    const box = new Box();
    const pid = await box.start('web', '-u', '1000', 'sh', '-c', 'sleep 61 & sleep 62 & wait');
    await until(() => box.processes().length === 3);

    const all = JSON.parse(await box.output('ps', '--json', 'web')) as Record<string, unknown>[];
    expect(all).toHaveLength(3);
    expect(all.find((one) => one['insidePid'] === 1)).toMatchObject({
      pid,
      uid: 1000,
      state: 'S',
      threads: 1,
      command: 'sh -c sleep 61 & sleep 62 & wait',
    });
    const children = all.filter((one) => one['parentPid'] === pid);
    expect(children.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['sleep 61', 'sleep 62']),
    );
    for (const { memory, cpuTimeMs } of all) {
      expect(memory).toBeGreaterThan(0);
      expect(cpuTimeMs).toBeGreaterThanOrEqual(0);
    }

    const table = (await box.output('ps', 'web')).trimEnd().split('\n');
    expect(table[0]).toMatch(/^PID +INSIDE +PPID +UID +STATE +TIME +MEMORY +COMMAND$/);
    expect(table).toHaveLength(4);
    expect(table.some((line) => line.startsWith(`${pid} `))).toBe(true);
    const quiet = (await box.output('ps', '--quiet', 'web')).trimEnd().split('\n');
    expect(sorted(quiet.map(Number))).toEqual(sorted(all.map((one) => Number(one['pid']))));
  });
});
