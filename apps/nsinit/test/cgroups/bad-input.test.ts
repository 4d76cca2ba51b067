import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cgroupsWith, isUnified } from '../cgroups.ts';
import { command, nsinit } from '../cli/nsinit.ts';
import { temporaryDirectory } from '../rootfs.ts';
import { Box, lacks, needs, patience } from './box.ts';

describe.skipIf(lacks)(`limits that can’t be (${needs})`, patience, () => {
  it.each([
    [['--memory', '64Q'], '--memory: '],
    [['--memory', '-5'], '--memory: '],
    [['--memory', '99999999999999999999G'], '--memory: '],
    [['--memory-swap', '32M', '--memory', '64M'], '--memory-swap: '],
    [['--cpus', '-1'], '--cpus: '],
    [['--cpus', 'two'], '--cpus: expected a number, got "two"'],
    [['--cpu-shares', '1e9'], '--cpu-shares: '],
    [['--pids-limit', '-7'], '--pids-limit: '],
    [['--pids-limit', 'many'], '--pids-limit: expected a number, or max, got "many"'],
    [['--cpuset-cpus', '3-1'], '--cpuset-cpus: '],
    [['--cpuset-cpus', 'a'], '--cpuset-cpus: '],
    [['--io-weight', '0'], '--io-weight: '],
    [['--io-read-bps', '/dev/nothing-like-it:1M'], 'cgroup.ioDevices[0].device: /dev/nothing'],
    [['--io-read-bps', '1M'], '--io-read-bps: expected DEVICE:LIMIT'],
    [['--io-write-iops', '8:0:x'], '--io-write-iops: expected a number, or max, got "x"'],
    [['--device-rule', 'x 1:3 rwm'], '--device-rule: '],
    [['--device-rule', 'c 1:3 q'], '--device-rule: '],
    [['--cgroup-conf', 'memory.low'], '--cgroup-conf: expected FILE=VALUE, got "memory.low"'],
    [['--cgroup-conf', '../x=1'], '--cgroup-conf: '],
    [['--cgroup', '../x'], '--cgroup: '],
    [['--cgroup', ''], '--cgroup: '],
    [['--cgroup-parent', 'a/../b'], '--cgroup-parent: '],
    [['--cgroup', 'none', '--memory', '64M'], '--cgroup none: '],
  ])('%j', async (options, beginning) => {
    const root = temporaryDirectory('root');
    const { status, stdout, stderr } = await nsinit(['run', '--root', root, ...options, 'true']);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr.slice(0, 8 + beginning.length)).toBe(`nsinit: ${beginning}`);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('hint: ')),
    ).toHaveLength(1);
  });

  it.each([
    ['"memory": "64M"', 'cgroups.memory: expected a whole number'],
    ['"memory": -5', 'cgroups.memory: '],
    ['"cpu_quota": 1.5', 'cgroups.cpu_quota: expected a whole number'],
    ['"cpu_quota": 5', 'cgroups.cpu_quota: '],
    ['"cpu_shares": 1000000', 'cgroups.cpu_shares: '],
    ['"memory_swap": 5, "memory": 10', 'cgroups.memory_swap: '],
    ['"freezer": "COLD"', 'cgroups.freezer: expected FROZEN or THAWED, got "COLD"'],
    ['"name": "a/b"', 'cgroups.name: '],
    ['"parent": "a/../b"', 'cgroups.parent: '],
    ['"allowed_devices": [{"type": 5}]', 'cgroups.allowed_devices[0].type: '],
    [
      '"allowed_devices": [{"type": 99, "cgroup_permissions": "x"}]',
      'cgroups.allowed_devices[0].cgroup_permissions: ',
    ],
    ['"io_devices": [{"read_bps": 5}]', 'cgroups.io_devices[0].device: '],
    ['"hugetlb": {"2MB": -5}', 'cgroups.hugetlb.2MB: '],
    ['"pids_limit": -7', 'cgroups.pids_limit: '],
    ['"unified": {"../x": "1"}', 'cgroups.unified: expected names of files'],
    ['"unified": []', 'cgroups.unified: expected an object, got an array'],
  ])('in a container.json: %s', async (text, message) => {
    const config = join(temporaryDirectory('config'), 'container.json');
    writeFileSync(config, `{"namespaces": {"NEWPID": true}, "cgroups": {${text}}}`);
    const root = temporaryDirectory('root');
    const result = await nsinit(['run', '--root', root, '--config', config, 'true']);
    expect(result).toMatchObject({ status: 125, stdout: '' });
    const beginning = `nsinit: ${config}: ${message}`;
    expect(result.stderr.slice(0, beginning.length)).toBe(beginning);
  });

  it.each([
    [
      ['--cpuset-cpus', '900'],
      ['--cpuset-cpus', '900', 'cpuset.cpus'],
    ],
    [
      ['--memory', '64M', '--cpuset-mems', '900'],
      ['--cpuset-mems', '900', 'cpuset.mems'],
    ],
  ])('for the kernel: %j', async (options, words) => {
    const box = new Box();
    const { status, stdout, stderr } = await box.run(...options, 'true');
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    const [line = '', ...hints] = stderr.trimEnd().split('\n');
    for (const word of words.slice(1)) expect(line).toContain(word);
    expect(hints.every((hint) => hint.startsWith('hint: '))).toBe(true);
    expect(await box.list()).toEqual([]);
    expect(await cgroupsWith(box.parent)).toEqual([]);
  });

  it.skipIf(isUnified)('that only version 2 has (needs cgroup v1)', async () => {
    const box = new Box();
    const { status, stderr } = await box.run('--memory-high', '64M', 'true');
    expect(status).toBe(125);
    expect(stderr).toMatch(/^nsinit: .*(memory-high|memoryHigh).*version 2/);
  });

  it('where cgroups are read-only', async () => {
    const box = new Box();
    const readOnly =
      'grep -o "^[^ ]* [^ ]* cgroup2\\? " /proc/mounts | while read -r _ place _; do mount -o remount,bind,ro "$place" || exit 9; done; exec "$@"';
    const words = [...command, 'run', '--root', box.root, '--rootfs', box.rootfs];
    const run = (...args: readonly string[]) =>
      spawnSync(
        'unshare',
        ['--mount', '--propagation', 'private', 'sh', '-c', readOnly, 'sh', ...words, ...args],
        { encoding: 'utf8' },
      );
    const limited = run('--memory', '64M', 'true');
    expect(limited.status).toBe(125);
    expect(limited.stderr).toMatch(/^nsinit: .*EROFS|read-only/);
    expect(limited.stderr.split('\n').length).toBeLessThanOrEqual(3);
    // Nobody has asked for one.
    const free = run('echo', 'hello');
    expect({ status: free.status, stdout: free.stdout }).toEqual({ status: 0, stdout: 'hello\n' });
    expect(await box.list()).toEqual([]);
  });
});
