import { describe, expect, it } from 'vitest';
import { defaultSimpleDevices, parseMountInfo } from '../src/index.ts';
import { busybox, CLONE, makeRootfs } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

// Only root is known there, so no terminal can belong to the group tty.
const setup = (): { rootfs: string; hasTtyGroup: boolean } => ({
  rootfs: makeRootfs(),
  hasTtyGroup: false,
});

describe.skipIf(!busybox)('in a user namespace (needs busybox-static)', () => {
  guardHost();

  it('devices are the host’s own, bound', async () => {
    const { stdout, stderr, error } = await inContainer(
      { ...setup(), deviceNodes: defaultSimpleDevices },
      'stat -c "%n %F %t:%T" /dev/null /dev/urandom; echo lost >/dev/null; cat /proc/self/mountinfo',
      { userNamespace: true },
    );
    expect(error).toBeUndefined();
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^\/dev\/null character special file 1:3\n\/dev\/urandom character special file 1:9\n/,
    );
    const mounts = parseMountInfo(stdout.split('\n').slice(2).join('\n'));
    const bound = defaultSimpleDevices.map(({ path }) =>
      mounts.some(({ mountPoint }) => mountPoint === path),
    );
    expect(bound).toEqual(defaultSimpleDevices.map(() => true));
  });

  it('a device that the host has under another number is not bound', async () => {
    const device = { type: 99, path: '/dev/zero', major_number: 1, minor_number: 3 };
    const { error } = await inContainer({ ...setup(), deviceNodes: [device] }, '', {
      userNamespace: true,
    });
    expect(error).toMatchObject({ code: 'ERR_WRONG_DEVICE' });
    expect(error?.message).toContain('/dev/zero of this machine is not device 1:3');
  });

  it('the host’s /sys is bound read-only, where the network is the host’s', async () => {
    const { NEWNS, NEWPID } = CLONE;
    const { stdout, error } = await inContainer(setup(), 'cat /proc/mounts', {
      userNamespace: true,
      namespaces: NEWNS | NEWPID,
    });
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^sysfs \/sys sysfs ro,nosuid,nodev,noexec,relatime/m);
  });

  it('the root may be read-only, and paths hidden', async () => {
    const { stdout, stderr, error } = await inContainer(
      { ...setup(), readonlyRoot: true, restrictSys: true, maskedPaths: ['/proc/version'] },
      'cat /proc/version; echo x >/new; echo x >/proc/sys/kernel/hostname',
      { userNamespace: true },
    );
    expect(error).toBeUndefined();
    expect(stdout).toBe('');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  });
});
