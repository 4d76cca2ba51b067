import { describe, expect, it } from 'vitest';
import { thrownBy } from '../../test/settings.ts';
import { CgroupError } from '../error.ts';
import type { Resources } from '../resources.ts';
import type { CgroupVersion } from '../setting.ts';
import { checkResources, controllers, controllersOf, settingsOf } from './index.ts';

const lines = (resources: Resources, version: CgroupVersion): string[] =>
  settingsOf(resources, version).map(
    ({ file, value, tolerate }) => `${file} <- ${value}${tolerate ? '?' : ''}`,
  );

describe('the smaller controllers', () => {
  it.each<[CgroupVersion, Resources, string[]]>([
    [1, { cpusetCpus: '0-2,4', cpusetMems: '0' }, ['cpuset.mems <- 0', 'cpuset.cpus <- 0-2,4']],
    [2, { cpusetCpus: '0' }, ['cpuset.cpus <- 0']],
    [1, { pids: 32 }, ['pids.max <- 32']],
    [2, { pids: 'max' }, ['pids.max <- max?']],
    [
      1,
      { hugetlb: { '2MB': '64M', '1GB': -1 } },
      ['hugetlb.2MB.limit_in_bytes <- 67108864', 'hugetlb.1GB.limit_in_bytes <- -1?'],
    ],
    [
      2,
      { hugetlb: { '2MB': '64M', '64KB': 'max' } },
      ['hugetlb.2MB.max <- 67108864', 'hugetlb.64KB.max <- max?'],
    ],
    [
      1,
      { rdma: { mlx4_0: { hcaHandles: 2, hcaObjects: 'max' } } },
      ['rdma.max <- mlx4_0 hca_handle=2 hca_object=max'],
    ],
    [
      2,
      { rdma: { mlx4_0: { hcaObjects: 2000 }, ocrdma1: { hcaHandles: 3 } } },
      ['rdma.max <- mlx4_0 hca_object=2000', 'rdma.max <- ocrdma1 hca_handle=3'],
    ],
    [2, { misc: { sev: 4, tdx: 'max' } }, ['misc.max <- sev 4', 'misc.max <- tdx max']],
    [1, { netClsClassid: 0x10_0001 }, ['net_cls.classid <- 1048577']],
    [
      1,
      { netPrio: { lo: 5, eth0: 7 } },
      ['net_prio.ifpriomap <- lo 5', 'net_prio.ifpriomap <- eth0 7'],
    ],
    [
      2,
      { unified: { 'memory.high': '1G', 'hugetlb.2MB.max': '0', 'cgroup.max.depth': '2' } },
      ['memory.high <- 1G', 'hugetlb.2MB.max <- 0', 'cgroup.max.depth <- 2'],
    ],
    [
      2,
      { unified: { 'io.max': '8:0 rbps=1\n8:16 rbps=2\n' } },
      ['io.max <- 8:0 rbps=1', 'io.max <- 8:16 rbps=2'],
    ],
    [1, { devices: [{ type: 'a' }] }, []],
    [
      2,
      { unified: { 'pids.max': '5' }, pids: 3, memory: 4096, cpusetCpus: '0' },
      ['cpuset.cpus <- 0', 'memory.max <- 4096', 'pids.max <- 3', 'pids.max <- 5'],
    ],
  ])('version %i: %j', (version, resources, writes) => {
    expect(lines(resources, version)).toEqual(writes);
  });

  it.each<[Resources, string, string]>([
    [{ cpusetMems: '' }, 'cpusetMems', "'0-2,4'"],
    [{ cpusetCpus: '2-0' }, 'cpusetCpus', 'runs backwards'],
    [{ pids: 4_194_305 }, 'pids', 'at most 4194304'],
    [{ pids: -5 }, 'pids', 'or -1'],
    [{ hugetlb: { '2M': 1 } }, 'hugetlb', "'2MB'"],
    [{ hugetlb: { '2MB/..': 1 } }, 'hugetlb', "'2MB'"],
    [{ hugetlb: { '2MB': '64Q' } }, 'hugetlb.2MB', '"64Q"'],
    [{ hugetlb: [] as never }, 'hugetlb', 'an object'],
    [{ rdma: { 'mlx4 0': {} } }, 'rdma', 'without spaces'],
    [{ rdma: { mlx4_0: {} } }, 'rdma.mlx4_0', 'hcaHandles'],
    [{ rdma: { mlx4_0: { handles: 1 } as never } }, 'rdma.mlx4_0', 'hcaHandles'],
    [{ rdma: { mlx4_0: { hcaHandles: 2 ** 31 } } }, 'rdma.mlx4_0.hcaHandles', 'at most'],
    [{ misc: { 'a\nb': 1 } }, 'misc', 'without spaces'],
    [{ misc: { sev: 0.5 } }, 'misc.sev', 'whole number'],
    [{ netClsClassid: 2 ** 32 }, 'netClsClassid', 'from 0 to 4294967295'],
    [{ netPrio: { 'an-interface-too-long': 1 } }, 'netPrio', 'network interfaces'],
    [{ netPrio: { lo: -1 } }, 'netPrio.lo', 'from 0'],
    [{ unified: { '../x.y': '1' } }, 'unified', "without '/'"],
    [{ unified: { memory: '1' } }, 'unified', "'memory.high'"],
    [{ unified: { 'cgroup.kill': '1' } }, 'unified', 'cgroup.max.depth'],
    [{ unified: { 'cgroup.procs': '1' } }, 'unified', 'cgroup.max.depth'],
    [{ unified: { 'memory.high': '' } }, 'unified["memory.high"]', 'not empty'],
    [{ unified: { 'memory.high': 1 as never } }, 'unified["memory.high"]', 'text'],
    [{ unified: { 'memory.high': '1\0' } }, 'unified["memory.high"]', 'NUL'],
    [{ memory: '64M', memorySwap: '32M' }, 'memorySwap', 'less than memory'],
    [{ cpus: 1, cpuQuota: 5000 }, 'cpus', 'one of the two'],
    [{ memory: null as never }, 'memory', 'leave the key out'],
    [{ devices: [{ type: 'x' as never }] }, 'devices[0].type', 'x'],
    [{ devices: {} as never }, 'devices', 'a list'],
    [null as never, 'resources', 'an object'],
    [undefined as never, 'resources', 'an object'],
    ['64M' as never, 'resources', 'an object'],
  ])('%j is refused without a machine', (resources, key, remedy) => {
    const error = thrownBy(() => checkResources(resources));
    expect(error).toBeInstanceOf(CgroupError);
    expect(error).toMatchObject({
      code: 'ERR_INVALID_RESOURCES',
      key,
      message: expect.stringContaining(remedy),
    });
    expect((error as Error).message.split('\n')).toHaveLength(1);
    expect(thrownBy(() => settingsOf(resources, 1))).toMatchObject({ key });
  });

  it.each([
    ['memory_swap', 'did you mean memorySwap?'],
    ['memroy', 'did you mean memory?'],
    ['cpuShare', 'did you mean cpuShares?'],
    ['pid', 'did you mean pids?'],
    ['device', 'did you mean devices?'],
    ['something', 'there are cpuBurst, cpuIdle, '],
    ['toString', 'there are '],
  ])('%s is no key', (key, remedy) => {
    expect(() => checkResources({ [key]: 1 })).toThrow(`${key}: there is no such limit; ${remedy}`);
  });

  it.each<[CgroupVersion, Resources, string]>([
    [1, { unified: { 'memory.high': '1G' } }, 'use the other keys'],
    [2, { netClsClassid: 1 }, 'socket cgroupv2'],
    [2, { netPrio: { lo: 1 } }, 'nft'],
  ])('version %i does not have %j', (version, resources, remedy) => {
    expect(thrownBy(() => settingsOf(resources, version))).toMatchObject({
      code: 'ERR_NO_CONTROLLER',
      key: Object.keys(resources)[0],
      message: expect.stringContaining(remedy),
    });
  });
});

it('each key belongs to one controller', () => {
  const keys = controllers.flatMap((one) => one.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

it.each<[CgroupVersion, Resources, string[]]>([
  [1, {}, []],
  [
    1,
    { memory: 1, cpus: 1, ioWeight: 1, devices: [], netClsClassid: 1 },
    ['cpu', 'memory', 'blkio', 'net_cls', 'devices'],
  ],
  [2, { memory: 1, cpus: 1, ioWeight: 1, devices: [] }, ['cpu', 'memory', 'io']],
  [2, { unified: { 'misc.max': 'x 1', 'cgroup.max.depth': '1' } }, ['misc']],
])('version %i needs for %j: %j', (version, resources, names) => {
  expect([...controllersOf(resources, version)]).toEqual(names);
});
