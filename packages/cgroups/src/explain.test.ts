import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { refusalOf } from '../test/apply-settings.ts';
import { hasV1, hasV2, TestGroup } from '../test/groups.ts';
import { settingsOf } from './controllers/index.ts';
import { explainSettings, reasonOf } from './explain.ts';
import type { Resources } from './resources.ts';
import type { CgroupVersion, Setting } from './setting.ts';

const cpusets = '/sys/fs/cgroup/cpuset';
const hasCpuset = hasV1 && existsSync(`${cpusets}/tasks`);

function explained(resources: Resources, version: CgroupVersion): string[] {
  return explainSettings(settingsOf(resources, version)).split('\n');
}

/** Takes its memory when it is told to: what was taken before it entered the cgroup is not counted there. */
const allocateLater = `process.stdin.once('data', () => {
  globalThis.kept = Buffer.alloc(48 << 20, 1);
  process.stdout.write('x');
})`;

/** A setting that comes from no resources, as they can't say it. */
function raw(file: string, value: string, key = 'unified'): Setting {
  return { controller: file.split('.', 1)[0] ?? '', file, value, key };
}

/** What the kernel refuses in the cgroup of a test: the code, and the reason given for it. */
function refused(group: TestGroup, setting: Setting, below = ''): string {
  const directory = `${group.directoryOf(setting.controller) ?? ''}${below}`;
  const code = refusalOf(directory, setting);
  return code === undefined ? 'taken' : `${code}: ${reasonOf(code, setting)}`;
}

it('settings are explained', () => {
  const ioDevices = [{ device: '8:0', readBps: '1M' }];
  expect(explained({ memory: '64M', memorySwap: -1, cpus: 0.5, pids: 5, ioDevices }, 1)).toEqual([
    'cpu.cfs_quota_us <- 50000  (cpus: 50000 µs)',
    'memory.limit_in_bytes <- 67108864  (memory: 64 MiB)',
    'memory.memsw.limit_in_bytes <- -1  (memorySwap: no limit)',
    'pids.max <- 5  (pids)',
    'blkio.throttle.read_bps_device <- 8:0 1048576  (ioDevices[0].readBps: 1 MiB a second)',
  ]);
  const unified = { 'memory.high': 'max' };
  expect(explained({ memory: '64M', memorySwap: '96M', cpus: 0.5, ioDevices, unified }, 2)).toEqual(
    [
      'cpu.max <- 50000 100000  (cpus: 50000 µs of CPU time every 100000 µs)',
      'memory.max <- 67108864  (memory: 64 MiB)',
      'memory.swap.max <- 33554432  (memorySwap: 32 MiB of swap)',
      'io.max <- 8:0 rbps=1048576  (ioDevices[0].readBps: 1 MiB a second)',
      'memory.high <- max  (unified["memory.high"])',
    ],
  );
  expect(explained({ cpuQuota: -1, hugetlb: { '2MB': 'max' } }, 2)).toEqual([
    'cpu.max <- max 100000  (cpuQuota: no limit, period 100000 µs)',
    'hugetlb.2MB.max <- max  (hugetlb.2MB: no limit)',
  ]);
  const none = [{ device: '8:0', writeBps: 'max' }];
  expect(explained({ ioDevices: none }, 1).at(-1)).toMatch(/: no limit\)$/);
  expect(explained({ ioDevices: none }, 2).at(-1)).toBe(
    'io.max <- 8:0 wbps=max  (ioDevices[0].writeBps)',
  );
  expect(explainSettings([])).toBe('');
});

describe('every refusal has a reason of one line', () => {
  const codes = [
    'EBUSY',
    'ENOSPC',
    'EINVAL',
    'ERANGE',
    'ENOENT',
    'EROFS',
    'EACCES',
    'EPERM',
    'ENODEV',
    'EOPNOTSUPP',
    'EIO',
  ];
  const files = [
    'memory.limit_in_bytes',
    'memory.max',
    'cpu.max',
    'cpuset.cpus',
    'cpuset.mems',
    'pids.max',
    'io.max',
    'blkio.bfq.weight',
    'hugetlb.2MB.max',
    'rdma.max',
    'misc.max',
    'net_prio.ifpriomap',
    'devices.allow',
    'x.y',
  ];
  it.each(codes)('%s', (code) => {
    for (const file of files) {
      const reason = reasonOf(code, raw(file, '8:0 1', 'the key'));
      expect([file, reason]).toEqual([file, expect.stringMatching(/^[^\n]{20,400}$/)]);
    }
  });
});

it.each([
  ['ENOENT', 'memory.max', 'the memory controller is not enabled'],
  ['EROFS', 'memory.max', 'mounted read-only'],
  ['EACCES', 'memory.max', 'Delegate=yes'],
  ['EPERM', 'cpu.max', 'Delegate=yes'],
  ['ENODEV', 'memory.max', 'removed meanwhile'],
  ['ENODEV', 'io.max', 'no block device 8:0'],
  ['EOPNOTSUPP', 'cpu.max', 'does not support cpu.max'],
  ['EOPNOTSUPP', 'io.bfq.weight', 'scheduler'],
  ['ENOTSUP', 'io.bfq.weight', 'scheduler'],
  ['ERANGE', 'blkio.bfq.weight', 'no more than 1000'],
  ['ENOSPC', 'cpuset.cpus', 'without CPUs or memory nodes'],
  ['ERANGE', 'x.y', 'out of the range'],
  ['EINVAL', 'x.y', 'does not take "8:0"'],
  ['EINVAL', 'misc.max', 'knows no 8:0'],
  ['EINVAL', 'net_prio.ifpriomap', 'no network interface 8:0'],
])('%s of %s', (code, file, reason) => {
  expect(reasonOf(code, raw(file, '8:0'))).toContain(reason);
});

describe.skipIf(!hasV1)('refusals of the kernel (needs cgroup v1)', () => {
  it.each([
    ['memory.memsw.limit_in_bytes', '1048576', 'EINVAL: memory and swap together can’t be less'],
    ['memory.swappiness', '201', 'EINVAL: it goes from 0 to 100'],
    ['memory.oom_control', '2', 'EINVAL: the kernel has no switch'],
    ['cpu.cfs_quota_us', '999', 'EINVAL: it gives more CPU time than'],
    ['cpu.cfs_period_us', '999', 'EINVAL: it gives more CPU time than'],
    ['cpu.cfs_burst_us', '200000', 'EINVAL: the burst can’t be more than the quota'],
    ['pids.max', '4194305', 'EINVAL: it goes from 0 to 4194304'],
    ['blkio.throttle.read_bps_device', '4000:77 1', 'ENODEV: there is no block device 4000:77'],
    ['blkio.no_such', '1', 'ENOENT: there is no such file: the blkio controller is not enabled'],
  ])('%s <- %s', (file, value, reason) => {
    using group = new TestGroup(1);
    for (const setting of settingsOf({ memory: '64M', memorySwap: '128M', cpus: 1 }, 1))
      expect(refused(group, setting)).toBe('taken');
    expect(refused(group, raw(file, value))).toContain(reason);
  });

  it('memory above what memory and swap may be', () => {
    using group = new TestGroup(1);
    for (const setting of settingsOf({ memory: '64M', memorySwap: '64M' }, 1))
      expect(refused(group, setting)).toBe('taken');
    const [larger] = settingsOf({ memory: '128M' }, 1) as [Setting];
    expect(refused(group, larger)).toContain('EINVAL: memory can’t be more than');
  });

  it('memory below what is in use', async () => {
    using group = new TestGroup(1);
    const child = spawn(process.execPath, ['-e', allocateLater], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    group.add(child.pid ?? 0);
    child.stdin.write('x');
    await new Promise((resolve) => {
      child.stdout.once('data', resolve);
    });
    // Without swap to go to, anonymous memory can't be reclaimed.
    expect(refused(group, raw('memory.swappiness', '0'))).toBe('taken');
    const [less] = settingsOf({ memory: '1M' }, 1) as [Setting];
    expect(refused(group, less)).toMatch(/^EBUSY: more than that is in use now.+give memory more/);
  });

  it('the weight of an idle cgroup', () => {
    using group = new TestGroup(1);
    expect(refused(group, raw('cpu.idle', '1'))).toBe('taken');
    expect(refused(group, raw('cpu.shares', '512'))).toMatch(/^EINVAL: .+set cpuIdle to false/);
  });

  it('more CPU time than the cgroup above', () => {
    using group = new TestGroup(1);
    expect(refused(group, raw('cpu.cfs_quota_us', '50000'))).toBe('taken');
    const child = `${group.directoryOf('cpu') ?? ''}/child`;
    mkdirSync(child);
    try {
      expect(refused(group, raw('cpu.cfs_quota_us', '60000'), '/child')).toMatch(
        /^EINVAL: it gives more CPU time than a cgroup above allows/,
      );
    } finally {
      rmdirSync(child);
    }
  });

  it('of a user that it is not delegated to', () => {
    using group = new TestGroup(1);
    const setting = raw('pids.max', '1');
    process.seteuid?.(65_534);
    try {
      expect(refused(group, setting)).toMatch(/^EACCES: this cgroup is not delegated to this user/);
    } finally {
      process.seteuid?.(0);
    }
  });

  it('a cgroup that is gone', () => {
    using group = new TestGroup(1);
    rmdirSync(group.directoryOf('pids') ?? '');
    expect(refused(group, raw('pids.max', '1'))).toMatch(/^ENOENT: .+the cgroup is gone/);
    mkdirSync(group.directoryOf('pids') ?? '');
  });
});

describe.skipIf(!hasCpuset)('refusals of the kernel (needs the cpuset of cgroup v1)', () => {
  it('of CPUs and memory nodes that are not there, or are needed', async () => {
    const directory = `${cpusets}/ts-c-test-${process.pid}-${randomBytes(4).toString('hex')}`;
    mkdirSync(directory);
    const child = spawn('sleep', ['100'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      const reason = (file: string, value: string): string => {
        const code = refusalOf(directory, raw(file, value));
        return code === undefined ? 'taken' : `${code}: ${reasonOf(code, raw(file, value))}`;
      };
      expect(reason('cpuset.cpus', '9000')).toMatch(/^ERANGE: not all of these CPUs are there/);
      expect(reason('cpuset.mems', '1000')).toMatch(
        /^\w+: not all of these memory nodes are there/,
      );
      expect(reason('cpuset.cpus', 'x')).toMatch(/^EINVAL: not all of these CPUs/);
      for (const setting of settingsOf({ cpusetCpus: '0', cpusetMems: '0' }, 1))
        expect(reason(setting.file, setting.value)).toBe('taken');
      expect(refusalOf(directory, raw('cgroup.procs', String(child.pid)))).toBe(undefined);
      expect(reason('cpuset.cpus', '\n')).toMatch(/^ENOSPC: a cgroup that has processes/);
    } finally {
      child.kill('SIGKILL');
      await ended;
      await removeSoon(directory);
    }
  });
});

describe.skipIf(!hasV2)('refusals of the kernel (needs cgroup v2)', () => {
  it.each([
    ['cpu.max', '999 100000', 'EINVAL: it gives more CPU time than'],
    ['cpu.max.burst', '200000', 'EINVAL: the burst can’t be more than the quota'],
    ['cpu.weight', '10001', 'ERANGE: 10001 is out of the range of cpu.weight'],
    ['cpuset.cpus', '9000', 'ERANGE: not all of these CPUs are there'],
    ['cpuset.mems', '1000', 'EINVAL: not all of these memory nodes are there'],
    ['pids.max', '4194305', 'EINVAL: it goes from 0 to 4194304'],
    ['io.max', '4000:77 rbps=1', 'ENODEV: there is no block device 4000:77'],
    ['misc.max', 'no_such 1', 'EINVAL: the kernel knows no no_such'],
    ['rdma.max', 'no_such hca_handle=1', 'ENODEV: the kernel knows no no_such'],
    ['memory.max', 'x', 'EINVAL: memory.max does not take "x"'],
    ['memory.no_such', '1', 'ENOENT: there is no such file: the memory controller is not enabled'],
  ])('%s <- %s', (file, value, reason) => {
    using group = new TestGroup(2);
    for (const setting of settingsOf({ cpus: 1 }, 2)) expect(refused(group, setting)).toBe('taken');
    expect(refused(group, raw(file, value))).toContain(reason);
  });

  it('the weight of an idle cgroup', () => {
    using group = new TestGroup(2);
    expect(refused(group, raw('cpu.idle', '1'))).toBe('taken');
    expect(refused(group, raw('cpu.weight', '50'))).toMatch(/^EINVAL: .+set cpuIdle to false/);
  });

  it('controllers for those beneath a cgroup that has processes', () => {
    using group = new TestGroup(2);
    const child = spawn('sleep', ['100'], { stdio: 'ignore' });
    group.add(child.pid ?? 0);
    const setting = { ...raw('cgroup.subtree_control', '+memory'), controller: 'cgroup' };
    expect(refused(group, setting)).toMatch(/^EBUSY: the cgroup has processes of its own/);
  });
});

/** A process that has ended is in its cgroup for a moment still. */
async function removeSoon(directory: string): Promise<void> {
  await vi.waitFor(() => rmdirSync(directory), { timeout: 10_000 });
}
