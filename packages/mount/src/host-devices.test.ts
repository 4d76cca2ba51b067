import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AT_FDCWD, live, mknodat } from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makedev } from './devices.ts';
import { getDevice, hostDeviceNodes } from './host-devices.ts';

describe('getDevice', () => {
  it('describes a device of this machine', () => {
    expect(getDevice('/dev/null', 'rw')).toMatchObject({
      type: 99,
      path: '/dev/null',
      major_number: 1,
      minor_number: 3,
      cgroup_permissions: 'rw',
      file_mode: statSync('/dev/null').mode,
    });
    expect(getDevice('/dev/zero').cgroup_permissions).toBe('rwm');
  });

  it('refuses what is no device, and what is not there', () => {
    expect(() => getDevice('/etc/passwd')).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_DEVICE', path: '/etc/passwd' }),
    );
    // A link is not followed.
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-devices-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    symlinkSync('/dev/null', join(directory, 'link'));
    expect(() => getDevice(join(directory, 'link'))).toThrow(/not a device node/);
    expect(() => getDevice('/dev/none/such')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('hostDeviceNodes', () => {
  it('finds those of this machine, in order, without terminals', () => {
    const paths = hostDeviceNodes().map(({ path = '' }) => path);
    expect(paths).toEqual(expect.arrayContaining(['/dev/null', '/dev/tty', '/dev/zero']));
    expect(paths.filter((path) => /^\/dev\/(console$|pts\/|mqueue\/|shm\/)/.test(path))).toEqual(
      [],
    );
  });

  it('leaves out what is no device, and directories of that sort at any depth', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-mount-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    for (const name of ['b', 'b/pts', 'b/shm', 'fd', 'mqueue', 'B'])
      mkdirSync(join(directory, name));
    for (const name of ['z', 'b/null', 'b/pts/0', 'b/shm/x', 'fd/0', 'mqueue/q', 'B/null'])
      live.call(mknodat, AT_FDCWD, join(directory, name), 0o020600, makedev(1, 3));
    writeFileSync(join(directory, 'file'), '');
    symlinkSync('z', join(directory, 'link'));
    expect(hostDeviceNodes(directory).map(({ path = '' }) => path)).toEqual(
      ['B/null', 'b/null', 'z'].map((name) => join(directory, name)),
    );
    expect(hostDeviceNodes(directory).at(-1)).toMatchObject({ type: 99, file_mode: 0o020600 });
    expect(hostDeviceNodes(join(directory, 'none'))).toEqual([]);
  });
});
