import { readFileSync } from 'node:fs';
import { live, SystemError, write, type Kernel } from '@ts-c/syscall';
import { describe, expect, it, vi } from 'vitest';
import { has, hasVersion, only, testCgroup, whenIn } from '../test/machine.ts';
import type { Cgroup } from './cgroup.ts';
import type { Resources } from './resources.ts';

const canLimit = has('memory') && has('pids');
const isV1 =
  hasVersion(1) && only(1).hierarchies.some(({ controllers }) => controllers.includes('memory'));
const memoryFile = isV1 ? 'memory.limit_in_bytes' : 'memory.max';

const read = (group: Cgroup, controller: string, file: string): string =>
  readFileSync(`${group.directory(controller)}/${file}`, 'utf8').trim();

/** What an update is refused with. */
const refusal = (group: Cgroup, resources: Resources): Promise<unknown> =>
  group.update(resources).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('update', () => {
  it.skipIf(!canLimit)('changes the limits of what runs (needs memory and pids)', async () => {
    const group = await testCgroup({ memory: '64M', pids: 32 });
    await whenIn(group, group.spawn('sleep', ['60'], { stdio: 'ignore' }));
    await group.update({ memory: '128M' });
    expect(read(group, 'memory', memoryFile)).toBe('134217728');
    expect(read(group, 'pids', 'pids.max')).toBe('32');
    await group.update({ memory: '32M', pids: 'max' });
    expect(read(group, 'memory', memoryFile)).toBe('33554432');
    expect(read(group, 'pids', 'pids.max')).toBe('max');
  });

  it.skipIf(!has('cpu'))(
    'changes quota and period in an order that is taken (needs cpu)',
    async () => {
      const group = await testCgroup({ cpuQuota: 20_000, cpuPeriod: 100_000 });
      for (const [cpuQuota, cpuPeriod] of [
        [500_000, 1_000_000],
        [2000, 2000],
        [50_000, 200_000],
      ] as const) {
        await group.update({ cpuQuota, cpuPeriod });
        const held = isV1
          ? `${read(group, 'cpu', 'cpu.cfs_quota_us')} ${read(group, 'cpu', 'cpu.cfs_period_us')}`
          : read(group, 'cpu', 'cpu.max');
        expect(held).toBe(`${cpuQuota} ${cpuPeriod}`);
      }
    },
  );

  it.skipIf(!canLimit || !has('cpuset'))(
    'leaves all as it was where one change is refused (needs memory, pids and cpuset)',
    async () => {
      const group = await testCgroup({ memory: '64M', pids: 32, cpusetCpus: '0' });
      await whenIn(group, group.spawn('sleep', ['60'], { stdio: 'ignore' }));
      // The highest number that there can be, which is refused after all the others.
      const error = await refusal(group, { memory: '96M', pids: 7, hugetlb: { '3MB': '3M' } });
      expect(error).toMatchObject({ name: 'CgroupError', key: 'hugetlb.3MB' });
      expect(read(group, 'pids', 'pids.max')).toBe('32');
      expect(read(group, 'memory', memoryFile)).toBe('67108864');
      const cpus = await refusal(group, { cpusetCpus: '900', memory: '96M' });
      expect(cpus).toMatchObject({ name: 'CgroupError', key: 'cpusetCpus', value: '900' });
      expect(read(group, 'cpuset', 'cpuset.cpus')).toBe('0');
      expect(read(group, 'memory', memoryFile)).toBe('67108864');
    },
  );

  it.skipIf(!isV1)(
    'undoes what came before memory below what is in use (needs cgroup v1)',
    async () => {
      const group = await testCgroup({
        memory: '256M',
        memorySwap: '256M',
        pids: 32,
        cpuShares: 512,
      });
      const script =
        'const b = Buffer.alloc(48 << 20, 1); console.log(b.length); setInterval(() => {}, 1e6)';
      const child = group.spawn(process.execPath, ['-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      const error = await refusal(group, { cpuShares: 1024, memory: '16M', memorySwap: '16M' });
      expect(error).toMatchObject({
        code: 'EBUSY',
        key: 'memory',
        value: String(16 << 20),
        message: expect.stringContaining('more than that is in use now') as string,
      });
      expect(read(group, 'cpu', 'cpu.shares')).toBe('512');
      expect(read(group, 'memory', 'memory.limit_in_bytes')).toBe(String(256 << 20));
      expect(read(group, 'memory', 'memory.memsw.limit_in_bytes')).toBe(String(256 << 20));
    },
  );

  it.skipIf(!isV1)('undoes the switch of the OOM killer (needs cgroup v1)', async () => {
    const group = await testCgroup({ memory: '64M' });
    expect(await refusal(group, { oomKillDisable: true, hugetlb: { '3MB': 0 } })).toBeDefined();
    expect(read(group, 'memory', 'memory.oom_control')).toContain('oom_kill_disable 0');
  });

  it.skipIf(!isV1 || !has('devices'))('undoes rules about devices (needs cgroup v1)', async () => {
    const parent = await testCgroup({
      devices: [
        { type: 'c', major: 1, minor: 3 },
        { type: 'c', major: 1, minor: 5 },
      ],
    });
    const group = await testCgroup({
      parent: parent.name,
      devices: [{ type: 'c', major: 1, minor: 3, access: 'rw' }],
    });
    const list = read(group, 'devices', 'devices.list');
    expect(list).toBe('c 1:3 rw');
    const error = await refusal(group, {
      pids: 9,
      devices: [
        { type: 'c', major: 1, minor: 5, access: 'r' },
        { type: 'c', major: 1, minor: 7, access: 'r' },
      ],
    });
    expect(error).toMatchObject({ code: 'EPERM', key: 'devices[1]', value: 'c 1:7 r' });
    expect(read(group, 'devices', 'devices.list')).toBe(list);
    expect(read(group, 'pids', 'pids.max')).toBe('max');
    await group.remove();
  });

  it.skipIf(!canLimit)(
    'reports both errors where not all can be undone (needs memory and pids)',
    async () => {
      const group = await testCgroup({ memory: '64M', pids: 32 });
      const call: Kernel['call'] = live.call.bind(live);
      let writes = 0;
      const failing = vi.spyOn(live, 'call').mockImplementation((which, ...args) => {
        if (which === write) writes += 1;
        if (which === write && writes > 1)
          throw new SystemError({ errno: 5, syscall: 'write', owner: '@ts-c/cgroups' });
        return call(which, ...args);
      });
      const error = await refusal(group, { memory: '32M', pids: 5 });
      failing.mockRestore();
      expect(error).toBeInstanceOf(AggregateError);
      expect(error).toMatchObject({
        code: 'EIO',
        errors: [
          { key: 'pids', value: '5' },
          { key: 'memory', value: '67108864' },
        ],
        message: expect.stringMatching(
          /^pids: .*; and what had been made could not all be undone: memory: /,
        ) as string,
      });
      expect(read(group, 'memory', memoryFile)).toBe('33554432');
    },
  );

  it.skipIf(!canLimit)(
    'refuses what can’t be, and changes nothing (needs memory and pids)',
    async () => {
      const group = await testCgroup({ memory: '64M', pids: 32 });
      expect(await refusal(group, { pids: 5, memory: '64Q' })).toMatchObject({
        code: 'ERR_INVALID_RESOURCES',
        key: 'memory',
      });
      expect(await refusal(group, { pids: 5, nonsense: 1 } as Resources)).toMatchObject({
        code: 'ERR_INVALID_RESOURCES',
        key: 'nonsense',
      });
      expect(read(group, 'pids', 'pids.max')).toBe('32');
      await group.remove();
      expect(await refusal(group, { pids: 5 })).toMatchObject({ code: 'ENOENT', key: 'pids' });
    },
  );
});
