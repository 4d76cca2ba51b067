import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import {
  changePropagation,
  mount,
  MOUNT_ATTR,
  moveMount,
  MS,
  openTree,
  parseMountInfo,
  setMountAttributes,
  umount,
} from '../src/index.ts';
import { busybox, CLONE, contain, temporaryDirectory, type Outcome } from './container.ts';
import { guardHost } from './namespace.ts';

/** Does something in a mount namespace of its own, and prints what is mounted there. */
function isolate(body: (program: Program) => void): Promise<Outcome> {
  return contain(
    (program) => {
      changePropagation(program, '/', 'private');
      body(program);
    },
    'cat /proc/self/mountinfo',
    { namespaces: CLONE.NEWNS },
  );
}

describe.skipIf(!busybox)('mount and umount (need busybox-static)', () => {
  guardHost();

  it('mount by name, move and change', async () => {
    const directory = temporaryDirectory();
    for (const name of ['a', 'b', 'c']) mkdirSync(join(directory, name));
    const at = (name: string) => join(directory, name);
    const { stdout, error } = await isolate((program) => {
      mount(program, at('a'), {
        type: 'tmpfs',
        source: 'first',
        flags: MS.NOSUID | MS.NOATIME,
        data: 'size=64k,mode=700',
      });
      mount(program, at('b'), { source: at('a'), flags: MS.BIND });
      setMountAttributes(program, at('b'), { set: MOUNT_ATTR.RDONLY, clear: MOUNT_ATTR.NOATIME });
      moveMount(program, openTree(program, at('b'), { clone: false }), at('c'));
      changePropagation(program, at('c'), 'shared', { recursive: false });
    });
    expect(error).toBeUndefined();
    const mounts = parseMountInfo(stdout).filter(({ mountPoint }) =>
      mountPoint.startsWith(directory),
    );
    expect(mounts).toEqual([
      expect.objectContaining({
        mountPoint: at('a'),
        source: 'first',
        options: ['rw', 'nosuid', 'noatime'],
        superOptions: expect.arrayContaining(['size=64k', 'mode=700']),
      }),
      expect.objectContaining({
        mountPoint: at('c'),
        options: ['ro', 'nosuid', 'relatime'],
        shared: expect.any(Number),
      }),
    ]);
  });

  it('unmount, also what is in use', async () => {
    const directory = temporaryDirectory();
    const { stdout, error } = await isolate((program) => {
      mount(program, directory, { type: 'tmpfs', source: 'unused' });
      umount(program, directory, { noFollow: true });
      mount(program, directory, { type: 'tmpfs', source: 'used' });
      openTree(program, directory, { clone: false });
      program.attempt(
        ['EBUSY'],
        () => umount(program, directory),
        () => umount(program, directory, { detach: true }),
      );
    });
    expect(error).toBeUndefined();
    expect(stdout).not.toContain(directory);
  });

  it('name the call and both paths where they fail', async () => {
    const directory = temporaryDirectory();
    const missing = join(directory, 'missing');
    const first = await isolate((program) =>
      mount(program, missing, { source: '/tmp', flags: MS.BIND }),
    );
    expect(first.error).toMatchObject({ code: 'ENOENT', syscall: 'mount', dest: missing });
    const second = await isolate((program) => umount(program, directory));
    expect(second.error).toMatchObject({ code: 'EINVAL', syscall: 'umount2', path: directory });
    writeFileSync(join(directory, 'file'), '');
    symlinkSync('file', join(directory, 'link'));
    const link = join(directory, 'link');
    const third = await isolate((program) => umount(program, link, { noFollow: true }));
    expect(third.error).toMatchObject({ code: 'EINVAL', path: link });
  });
});
