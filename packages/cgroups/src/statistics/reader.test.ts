import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDescriptors } from '../../test/descriptors.ts';
import { hasV1, hasV2, TestGroup } from '../../test/groups.ts';
import { cpuUsageBetween } from './classic.ts';
import { StatisticsReader } from './reader.ts';

const versions = [
  [1, hasV1],
  [2, hasV2],
] as const;

it('notices that a cgroup is gone although its files went first, one by one', () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'ts-c-reader-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  fs.writeFileSync(join(directory, 'cgroup.controllers'), 'memory\n');
  fs.writeFileSync(join(directory, 'memory.current'), '4096\n');
  const reader = new StatisticsReader(2, () => directory, { keepOpen: false });
  expect(reader.read().memory?.usage).toBe(4096);
  fs.rmSync(join(directory, 'memory.current'));
  fs.rmSync(join(directory, 'cgroup.controllers'));
  expect(reader.read().memory).toBeUndefined();
  fs.rmSync(directory, { recursive: true });
  expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'ERR_CGROUP_REMOVED' }));
});

describe.each(versions)('a reader of version %i', (version, has) => {
  const needs = `(needs cgroup v${version})`;

  it.skipIf(!has)(`says that a cgroup was removed, also where it was made anew ${needs}`, () => {
    using group = new TestGroup(version);
    const [directory = ''] = group.directories;
    using kept = new StatisticsReader(version, group.directoryOf);
    using reopening = new StatisticsReader(version, group.directoryOf, { keepOpen: false });
    kept.read();
    reopening.read();
    for (const each of group.directories) fs.rmdirSync(each);
    const gone = expect.objectContaining({
      code: 'ERR_CGROUP_REMOVED',
      path: directory,
      message: `${directory}: the cgroup was removed`,
    });
    expect(() => kept.read()).toThrow(gone);
    expect(() => reopening.read()).toThrow(gone);
    expect(() => new StatisticsReader(version, group.directoryOf).readClassic()).toThrow(
      expect.objectContaining({ code: 'ERR_CGROUP_REMOVED', path: directory }),
    );
    for (const each of group.directories) fs.mkdirSync(each);
    expect(() => kept.read()).toThrow(gone);
  });

  it.skipIf(!has)(`keeps files open until it is disposed of, or none ${needs}`, () => {
    using group = new TestGroup(version);
    const descriptors = () =>
      Object.values(openDescriptors()).filter((target) =>
        group.directories.some((each) => target.startsWith(`${each}/`)),
      ).length;
    {
      using kept = new StatisticsReader(version, group.directoryOf);
      kept.read();
      const count = descriptors();
      expect(count).toBeGreaterThan(10);
      kept.read();
      expect(descriptors()).toBe(count);
      using reopening = new StatisticsReader(version, group.directoryOf, { keepOpen: false });
      expect(Object.keys(reopening.read())).toEqual(Object.keys(kept.read()));
      expect(descriptors()).toBe(count);
    }
    expect(descriptors()).toBe(0);
  });

  it.skipIf(!has)(`measures the CPU that is in use between two samples ${needs}`, async () => {
    using group = new TestGroup(version);
    using reader = new StatisticsReader(version, group.directoryOf);
    const child = spawn('sh', ['-c', 'read line; while :; do :; done'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    group.add(child.pid ?? 0);
    child.stdin.write('go\n');
    const before = reader.read();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { percent, cpus } = cpuUsageBetween(before, reader.read());
    expect(percent).toBeGreaterThan(5);
    expect(percent).toBeLessThan(115);
    expect(cpus * 100).toBe(percent);
    const { percent_usage } = reader.readClassic(before).cpu_stats.cpu_usage;
    expect(Number.isInteger(percent_usage)).toBe(true);
    expect(percent_usage).toBeGreaterThan(4);
  });
});
