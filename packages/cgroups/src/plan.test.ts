import { describe, expect, it } from 'vitest';
import { makeTree, readTree } from '../test/tree.ts';
import type { Hierarchy, Layout } from './layout.ts';
import type { Place } from './place.ts';
import { isPossible, planCgroup, type CgroupPlan } from './plan.ts';
import type { Resources } from './resources.ts';
import { stepTitle } from './step.ts';

/** A hierarchy of version 1 in a tree. */
const v1 = (root: string, controllers: string, own = ''): Hierarchy => ({
  version: 1,
  mountPoint: `${root}/${controllers}`,
  controllers: controllers.split(','),
  own: `${root}/${controllers}${own}`,
});

const v2 = (root: string, controllers: string, own = ''): Hierarchy => ({
  version: 2,
  mountPoint: `${root}/unified`,
  controllers: controllers.split(' ').filter(Boolean),
  own: `${root}/unified${own}`,
});

const layout = (...hierarchies: readonly Hierarchy[]): Layout => {
  const versions = new Set(hierarchies.map(({ version }) => version));
  return {
    mode: versions.size > 1 ? 'hybrid' : versions.has(2) ? 'v2' : 'v1',
    hierarchies,
  };
};

/** What a plan does, without the directory that it is in. */
const titles = (root: string, { steps }: CgroupPlan): string[] =>
  steps.map((step) => stepTitle(step).replaceAll(root, ''));

/** Plans in a tree, of which nothing may change. */
function plan(root: string, place: Place, resources: Resources, where: Layout): string[] {
  const before = readTree(root);
  const planned = planCgroup(place, resources, where);
  expect(readTree(root)).toEqual(before);
  return titles(root, planned);
}

const tree1 = (): string =>
  makeTree({
    'cpu,cpuacct/own/': '',
    'memory/own/': '',
    'cpuset/cpuset.cpus': '0-3\n',
    'cpuset/cpuset.mems': '0\n',
    'cpuset/own/cpuset.cpus': '0-1\n',
    'cpuset/own/cpuset.mems': '0\n',
    'net_cls/': '',
    'name=systemd/own/': '',
  });

const all1 = (root: string): Layout =>
  layout(
    v1(root, 'cpu,cpuacct', '/own'),
    v1(root, 'memory', '/own'),
    v1(root, 'cpuset', '/own'),
    v1(root, 'net_cls'),
    v1(root, 'name=systemd', '/own'),
  );

describe('version 1', () => {
  it('has a directory in each hierarchy that measures or limits, and then the limits', () => {
    const root = tree1();
    expect(plan(root, { name: 'c' }, { memory: '64M', cpuShares: 512 }, all1(root))).toEqual([
      'the cgroup /cpu,cpuacct/own/c',
      'the cgroup /memory/own/c',
      '/cpu,cpuacct/own/c/cpu.shares <- 512 (cpuShares)',
      '/memory/own/c/memory.limit_in_bytes <- 67108864 (memory)',
    ]);
  });

  it('takes an absolute parent from the root of the hierarchy', () => {
    const root = tree1();
    const planned = planCgroup({ name: 'bar', parent: '/foo' }, {}, all1(root));
    expect(titles(root, planned)).toEqual([
      'the cgroup /cpu,cpuacct/foo',
      'the cgroup /cpu,cpuacct/foo/bar',
      'the cgroup /memory/foo',
      'the cgroup /memory/foo/bar',
    ]);
    expect(planned).toMatchObject({
      name: 'bar',
      mode: 'v1',
      members: [
        {
          version: 1,
          controllers: ['cpu', 'cpuacct'],
          path: `${root}/cpu,cpuacct/foo/bar`,
          made: [`${root}/cpu,cpuacct/foo`],
        },
        { path: `${root}/memory/foo/bar`, made: [`${root}/memory/foo`] },
      ],
    });
  });

  it('goes with it what is made above it, innermost first, and nothing that was there', () => {
    const root = makeTree({ 'memory/there/': '' });
    const { members } = planCgroup(
      { name: 'c', parent: 'there/a/b' },
      {},
      layout(v1(root, 'memory')),
    );
    expect(members.map(({ made }) => made)).toEqual([
      [`${root}/memory/there/a/b`, `${root}/memory/there/a`],
    ]);
  });

  it('uses a hierarchy that only marks or orders where it is asked for', () => {
    const root = tree1();
    expect(plan(root, { name: 'c' }, { netClsClassid: 1 }, all1(root))).toContain(
      'the cgroup /net_cls/c',
    );
  });

  it('gives a cpuset the CPUs and memory nodes of the cgroup above, and then what is asked for', () => {
    const root = tree1();
    const where = layout(v1(root, 'cpuset', '/own'));
    expect(plan(root, { name: 'c' }, { cpusetCpus: '1' }, where)).toEqual([
      'the cgroup /cpuset/own/c',
      '/cpuset/own/c/cpuset.cpus <- 0-1 (cpusetCpus)',
      '/cpuset/own/c/cpuset.mems <- 0 (cpusetMems)',
      '/cpuset/own/c/cpuset.cpus <- 1 (cpusetCpus)',
    ]);
  });

  it('fills the cpusets on the way, but none that has something', () => {
    const root = makeTree({
      'cpuset/cpuset.cpus': '0-3\n',
      'cpuset/cpuset.mems': '0\n',
      'cpuset/a/cpuset.cpus': '2\n',
      'cpuset/a/cpuset.mems': '\n',
    });
    const where = layout(v1(root, 'cpuset'));
    expect(plan(root, { name: 'c', parent: 'a/b' }, { cpusetMems: '0' }, where)).toEqual([
      'the cgroup /cpuset/a',
      '/cpuset/a/cpuset.mems <- 0 (cpusetMems)',
      'the cgroup /cpuset/a/b',
      '/cpuset/a/b/cpuset.cpus <- 2 (cpusetCpus)',
      '/cpuset/a/b/cpuset.mems <- 0 (cpusetMems)',
      'the cgroup /cpuset/a/b/c',
      '/cpuset/a/b/c/cpuset.cpus <- 2 (cpusetCpus)',
      '/cpuset/a/b/c/cpuset.mems <- 0 (cpusetMems)',
      '/cpuset/a/b/c/cpuset.mems <- 0 (cpusetMems)',
    ]);
  });

  it.each([
    [{ pids: 32 }, 'pids: the pids controller is not mounted here'],
    [{ devices: [] }, 'devices: the devices controller is not mounted here'],
    [
      { unified: { 'memory.high': '1' } },
      'unified: its files are of cgroup version 2, which is not mounted here',
    ],
  ] as [Resources, string][])('names the controller that %j lacks', (resources, message) => {
    const root = tree1();
    const [key] = Object.keys(resources);
    expect(() => planCgroup({ name: 'c' }, resources, all1(root))).toThrow(
      expect.objectContaining({ code: 'ERR_NO_CONTROLLER', message, key }),
    );
  });
});

const container = (): string =>
  makeTree({ 'unified/cgroup.type': 'domain\n', 'unified/cgroup.procs': '1\n2\n' });

describe('version 2', () => {
  it('has the controllers passed on from the own cgroup down, what is asked for one by one', () => {
    const root = makeTree({ 'unified/cgroup.subtree_control': 'memory\n' });
    const where = layout(v2(root, 'cpu io memory pids'));
    const resources = { memory: '64M', pids: 32 };
    expect(plan(root, { name: 'c', parent: 'a' }, resources, where)).toEqual([
      '/unified/cgroup.subtree_control <- +pids (pids)',
      '/unified/cgroup.subtree_control <- +cpu +io (name)',
      'the cgroup /unified/a',
      '/unified/a/cgroup.subtree_control <- +memory (memory)',
      '/unified/a/cgroup.subtree_control <- +pids (pids)',
      '/unified/a/cgroup.subtree_control <- +cpu +io (name)',
      'the cgroup /unified/a/c',
      '/unified/a/c/memory.max <- 67108864 (memory)',
      '/unified/a/c/pids.max <- 32 (pids)',
    ]);
  });

  it('does without those that nobody asked for, where they can’t be had', () => {
    const root = makeTree({ 'unified/': '' });
    const { steps } = planCgroup({ name: 'c' }, { pids: 1 }, layout(v2(root, 'cpu pids')));
    expect(steps.map((step) => (step.kind === 'write' ? [step.value, step.tolerate] : []))).toEqual(
      [
        ['+pids', undefined],
        ['+cpu', expect.arrayContaining(['EBUSY', 'EACCES', 'ENOENT'])],
        [],
        ['1', undefined],
      ],
    );
  });

  it('enables for files of `unified` the controllers that they belong to', () => {
    const root = makeTree({ 'unified/': '' });
    const where = layout(v2(root, 'memory hugetlb'));
    expect(plan(root, { name: 'c' }, { unified: { 'hugetlb.2MB.max': '0' } }, where)).toEqual([
      '/unified/cgroup.subtree_control <- +hugetlb (unified["hugetlb.2MB.max"])',
      '/unified/cgroup.subtree_control <- +memory (name)',
      'the cgroup /unified/c',
      '/unified/c/hugetlb.2MB.max <- 0 (unified["hugetlb.2MB.max"])',
    ]);
  });

  it('leaves the own cgroup, which has this process, for the nearest that can pass on', () => {
    const root = makeTree({
      'unified/slice/cgroup.type': 'domain\n',
      'unified/slice/cgroup.controllers': 'memory pids\n',
      'unified/slice/cgroup.subtree_control': 'memory pids\n',
      'unified/slice/own/cgroup.type': 'domain\n',
      'unified/slice/own/cgroup.procs': '1\n',
    });
    const where = layout(v2(root, 'memory', '/slice/own'));
    expect(plan(root, { name: 'c' }, { pids: 1 }, where)).toEqual([
      'the cgroup /unified/slice/c',
      '/unified/slice/c/pids.max <- 1 (pids)',
    ]);
  });

  describe('where the own cgroup has processes, and nothing above it is to be seen: a container', () => {
    it('says what to do about it', () => {
      const root = container();
      expect(() =>
        planCgroup({ name: 'c' }, { memory: '64M' }, layout(v2(root, 'memory pids'))),
      ).toThrow(
        expect.objectContaining({
          code: 'ERR_CGROUP_BUSY',
          key: 'memory',
          path: `${root}/unified`,
          message: `memory: ${root}/unified has processes of its own, and can pass no controllers on while it has (cgroups(7), no internal processes); in a container, move them first: mkdir ${root}/unified/init, and echo the number of each process > ${root}/unified/init/cgroup.procs`,
        }),
      );
    });

    it('does without controllers where there are no limits', () => {
      const root = container();
      expect(plan(root, { name: 'c' }, {}, layout(v2(root, 'memory pids')))).toEqual([
        'the cgroup /unified/c',
      ]);
    });
  });

  it('names the controller that is missing, and how to get it', () => {
    const root = makeTree({ 'unified/': '' });
    expect(() => planCgroup({ name: 'c' }, { cpus: 1 }, layout(v2(root, 'memory')))).toThrow(
      expect.objectContaining({
        code: 'ERR_NO_CONTROLLER',
        key: 'cpus',
        message:
          'cpus: the cpu controller is not available to this cgroup (version 2); enable it from the root down (echo +cpu > cgroup.subtree_control), or with systemd delegate it (Delegate=cpu)',
      }),
    );
  });

  it('has rules about devices attached, last', () => {
    const root = makeTree({ 'unified/': '' });
    const devices = [{ type: 'c', major: 1, minor: 3 }] as const;
    expect(plan(root, { name: 'c' }, { devices, pids: 1 }, layout(v2(root, 'pids'))).at(-1)).toBe(
      '1 rules for devices of /unified/c (devices)',
    );
  });
});

describe('hybrid', () => {
  it('takes each controller from where it is', () => {
    const root = makeTree({ 'memory/': '', 'devices/': '', 'unified/': '' });
    const where = layout(v1(root, 'memory'), v1(root, 'devices'), v2(root, 'hugetlb'));
    const resources: Resources = { memory: '1M', hugetlb: { '2MB': 0 }, devices: [] };
    expect(plan(root, { name: 'c' }, resources, where)).toEqual([
      'the cgroup /memory/c',
      'the cgroup /devices/c',
      '/unified/cgroup.subtree_control <- +hugetlb (hugetlb.2MB)',
      'the cgroup /unified/c',
      '/memory/c/memory.limit_in_bytes <- 1048576 (memory)',
      '/unified/c/hugetlb.2MB.max <- 0 (hugetlb.2MB)',
      '/devices/c/devices.deny <- a (devices)',
    ]);
  });

  it('says where a controller was looked for', () => {
    const root = makeTree({ 'memory/': '', 'unified/': '' });
    const where = layout(v1(root, 'memory'), v2(root, ''));
    expect(() => planCgroup({ name: 'c' }, { pids: 1 }, where)).toThrow(
      'pids: the pids controller is neither mounted (version 1) nor available to this cgroup (version 2)',
    );
  });
});

const memoryOnly = (root: string): Layout => layout(v1(root, 'memory'));

describe('a cgroup of that name', () => {
  it('is refused while it is in use, and by whom', () => {
    const root = makeTree({
      'memory/one/cgroup.procs': '17\n',
      'memory/two/beneath/cgroup.procs': '17\n18\n',
      'memory/three/beneath/': '',
    });
    const refusal = (name: string): unknown => {
      try {
        return planCgroup({ name }, {}, memoryOnly(root));
      } catch (error) {
        return error;
      }
    };
    const path = `${root}/memory`;
    expect(refusal('one')).toMatchObject({
      code: 'ERR_CGROUP_BUSY',
      path: `${path}/one`,
      message: `the cgroup ${path}/one is in use by process 17; choose another name or parent`,
    });
    expect((refusal('two') as Error).message).toContain('in use by 2 processes');
    expect((refusal('three') as Error).message).toContain('in use by cgroups beneath it');
  });

  it('is replaced where it is empty: it may have limits of its own', () => {
    const root = makeTree({ 'memory/c/cgroup.procs': '' });
    expect(plan(root, { name: 'c' }, {}, memoryOnly(root))).toEqual([
      'an empty cgroup in the place of /memory/c',
      'the cgroup /memory/c',
    ]);
  });
});

it('refuses names and resources that can’t be, before it looks at anything', () => {
  const nowhere = layout(v1('/nowhere', 'memory'));
  expect(() => planCgroup({ name: 'a/..' }, {}, nowhere)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_CGROUP_NAME' }),
  );
  for (const [resources, key] of [
    [{ memory: '64Q' }, 'memory'],
    [{ pids: -2 }, 'pids'],
    [{ memry: 1 }, 'memry'],
  ] as [Resources, string][])
    expect(() => planCgroup({ name: 'c' }, resources, nowhere)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_RESOURCES', key }),
    );
});

it('tells beforehand whether a plan can be carried out, as far as the files say', () => {
  const root = makeTree({ 'memory/': '' });
  expect(isPossible(planCgroup({ name: 'c' }, {}, layout(v1(root, 'memory'))))).toBe(true);
  // Nothing to be had.
  expect(isPossible(planCgroup({ name: 'c' }, {}, layout(v1(root, 'gone'))))).toBe(false);
  const nowhere = layout(v1(`${root}/gone`, 'memory'));
  expect(isPossible(planCgroup({ name: 'c' }, { memory: 1 }, nowhere))).toBe(false);
});
