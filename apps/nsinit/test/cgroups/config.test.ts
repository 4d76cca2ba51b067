import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryOf, isUnified } from '../cgroups.ts';
import { temporaryDirectory } from '../rootfs.ts';
import { Box, lacks, needs, patience } from './box.ts';

const mebibyte = 2 ** 20;

/** Keys that both versions have, and what the kernel's files say then: controller, file, text; of version 1, then of version 2. */
const cgroups = {
  name: 'box',
  allow_all_devices: true,
  memory: 64 * mebibyte,
  memory_reservation: 32 * mebibyte,
  cpu_shares: 512,
  cpu_quota: 20_000,
  cpu_period: 50_000,
  cpuset_cpus: '0',
  cpuset_mems: '0',
  pids_limit: 30,
} as const;

const expected = {
  1: [
    ['memory', 'memory.limit_in_bytes', String(64 * mebibyte)],
    ['memory', 'memory.soft_limit_in_bytes', String(32 * mebibyte)],
    ['cpu', 'cpu.shares', '512'],
    ['cpu', 'cpu.cfs_quota_us', '20000'],
    ['cpu', 'cpu.cfs_period_us', '50000'],
    ['cpuset', 'cpuset.cpus', '0'],
    ['cpuset', 'cpuset.mems', '0'],
    ['pids', 'pids.max', '30'],
    ['devices', 'devices.list', 'a *:* rwm'],
  ],
  2: [
    ['memory', 'memory.max', String(64 * mebibyte)],
    ['memory', 'memory.low', String(32 * mebibyte)],
    ['cpu', 'cpu.max', '20000 50000'],
    ['cpuset', 'cpuset.cpus', '0'],
    ['cpuset', 'cpuset.mems', '0'],
    ['pids', 'pids.max', '30'],
  ],
} as const;

describe.skipIf(lacks)(`cgroups of a container.json (${needs})`, patience, () => {
  it('are what the kernel’s files say', async () => {
    const box = new Box();
    const config = join(temporaryDirectory('config'), 'container.json');
    const namespaces = { NEWNS: true, NEWPID: true };
    writeFileSync(
      config,
      JSON.stringify({ namespaces, environment: ['PATH=/bin'], mount_config: {}, cgroups }),
    );
    const pid = await box.start('web', '--config', config, 'sleep', '60');
    const files = expected[isUnified ? 2 : 1];
    const found = files.map(([controller, file]) => {
      const path = join(directoryOf(pid, controller), file);
      return [controller, file, existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined];
    });
    expect(found).toEqual(files);
    expect(new Set(box.cgroups().map((path) => path.split('/').at(-1)))).toEqual(
      new Set([box.parent, 'box']),
    );
  });
});
