import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDescriptors } from '../../test/descriptors.ts';
import { makeGroup, mountV2, removeGroup, spawnIn } from '../../test/hierarchy.ts';
import { watchPressure, type PressureOptions } from './pressure.ts';

const machine = '/proc/pressure/cpu';
const mount = mountV2();
const hasCgroupPressure = mount !== undefined && existsSync(join(mount, 'cpu.pressure'));
const busy = 'while :; do :; done';
/** A window that everybody may ask for. */
const often = { resource: 'cpu', kind: 'some', stall: 1000, window: 2_000_000 } as const;
const averages = {
  avg10: expect.any(Number),
  avg60: expect.any(Number),
  avg300: expect.any(Number),
  total: expect.any(Number),
};

describe('watchPressure', () => {
  it.skipIf(!existsSync(machine))(
    'tells of the whole machine (needs pressure stall information)',
    async () => {
      const before = openDescriptors();
      for (let count = 0; count < 4; count++) {
        const child = spawn('/bin/sh', ['-c', busy]);
        onTestFinished(() => void child.kill('SIGKILL'));
      }
      const totals: number[] = [];
      for await (const event of watchPressure(machine, often)) {
        expect(event).toMatchObject({
          type: 'pressure',
          resource: 'cpu',
          kind: 'some',
          some: averages,
        });
        totals.push(event.some.total);
        if (totals.length === 2) break;
      }
      expect(totals[1]).toBeGreaterThan(totals[0]!);
      expect(openDescriptors()).toEqual(before);
    },
    60_000,
  );

  it.skipIf(!hasCgroupPressure)(
    'tells of a cgroup, until it is removed (needs cgroup v2)',
    async () => {
      const before = openDescriptors();
      const directory = makeGroup(mount);
      for (let count = 0; count < 4; count++) spawnIn(directory, busy);
      const events = watchPressure(directory, often);
      const { value } = await events.next();
      expect(value).toMatchObject({ type: 'pressure', resource: 'cpu', some: averages });
      await removeGroup(directory);
      // What was told before the removal may still be there.
      for await (const _ of events);
      expect(openDescriptors()).toEqual(before);
    },
    60_000,
  );

  const hasMemory = mountV2('memory') !== undefined;
  it.skipIf(!hasMemory)(
    'tells of memory that runs short (needs cgroup v2)',
    async () => {
      const directory = makeGroup(mount, 'memory');
      writeFileSync(join(directory, 'memory.high'), '8388608');
      await using events = watchPressure(directory, { ...often, resource: 'memory', kind: 'full' });
      spawnIn(directory, 'exec tail /dev/zero');
      const { value } = await events.next();
      expect(value).toMatchObject({ resource: 'memory', kind: 'full', full: averages });
    },
    60_000,
  );

  it.skipIf(!hasCgroupPressure)(
    'ends with a cgroup that has no pressure (needs cgroup v2)',
    async () => {
      const directory = makeGroup(mount);
      const end = watchPressure(directory, often).next();
      await removeGroup(directory);
      expect(await end).toEqual({ done: true, value: undefined });
    },
  );

  it.each([
    ['window', { window: 499_999 }],
    ['window', { window: 10_000_001 }],
    ['stall', { stall: 0 }],
    ['stall', { stall: 2_000_001 }],
    ['stall', { stall: 0.5 }],
    ['stall', { stall: Number.NaN }],
    ['kind', { kind: 'most' }],
    ['resource', { resource: '../x' }],
  ])('refuses a %s that can’t be', (key, wrong) => {
    const options = { ...often, ...wrong } as PressureOptions;
    expect(() => watchPressure(machine, options)).toThrow(
      expect.objectContaining({ name: 'CgroupError', code: 'ERR_INVALID_RESOURCES', key }),
    );
  });

  it('refuses a cgroup that is not there', () => {
    expect(() => watchPressure('/no/such/cgroup', often)).toThrow(
      expect.objectContaining({ code: 'ERR_CGROUP_REMOVED', path: '/no/such/cgroup' }),
    );
  });
});
