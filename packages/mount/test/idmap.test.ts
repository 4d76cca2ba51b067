import { chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  AT_FDCWD,
  close,
  exitGroup,
  flags,
  live,
  Memory,
  OPEN,
  openat,
  Program,
  read,
  spawn,
  syscall,
  type SystemError,
} from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idmapMount, MOUNT_ATTR, openTree, setMountAttributes } from '../src/index.ts';
import { busybox, CLONE, makeRootfs, temporaryDirectory } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

const unshare = syscall('unshare', [flags('flags', CLONE)]);

/** The path of a user namespace in which ids from 0 are those from `first` outside. It goes when the test is over. */
async function makeUserNamespace(first: number): Promise<string> {
  const program = new Program();
  program.call(unshare, CLONE.NEWUSER);
  // Until the test lets go of its end.
  program.call(read, 0, new Memory(1), 1);
  program.call(exitGroup, 0);
  const { process } = spawn(program, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(process, 'exit');
  onTestFinished(async () => {
    process.stdin?.end();
    await ended;
  });
  const own = readFileSync('/proc/self/uid_map', 'utf8');
  const directory = `/proc/${process.pid}`;
  const hasItsOwn = (): boolean => readFileSync(`${directory}/uid_map`, 'utf8') !== own;
  await expect.poll(hasItsOwn).toBe(true);
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`${directory}/${map}`, `0 ${first} 10`);
  return `${directory}/ns/user`;
}

function supportsIdmap(directory: string, namespace: string): boolean {
  const tree = openTree(live, directory);
  const user = live.call(openat, AT_FDCWD, namespace, OPEN.RDONLY | OPEN.CLOEXEC, 0);
  try {
    idmapMount(live, tree, user);
    return true;
  } catch (error) {
    if ((error as SystemError).code === 'EINVAL') return false;
    throw error;
  } finally {
    live.call(close, user);
    live.call(close, tree);
  }
}

describe('id-mapped mounts', () => {
  guardHost();

  it('show owners through a user namespace, at once and to this mount alone', async (context) => {
    const directory = temporaryDirectory();
    const file = join(directory, 'file');
    writeFileSync(file, '');
    chownSync(file, 3, 4);
    const namespace = await makeUserNamespace(5000);
    if (!supportsIdmap(directory, namespace)) context.skip('needs a file system with idmap');
    const tree = openTree(live, directory);
    const user = live.call(openat, AT_FDCWD, namespace, OPEN.RDONLY | OPEN.CLOEXEC, 0);
    idmapMount(live, tree, user);
    live.call(close, user);
    // Below the mount, what is 3 in the file system is 5003.
    expect(statSync(`/proc/self/fd/${String(tree)}/file`)).toMatchObject({ uid: 5003, gid: 5004 });
    expect(statSync(file)).toMatchObject({ uid: 3, gid: 4 });
    live.call(close, tree);
  });

  it('are refused for what is no user namespace', () => {
    const tree = openTree(live, temporaryDirectory());
    const none = live.call(openat, AT_FDCWD, '/dev/null', OPEN.RDONLY | OPEN.CLOEXEC, 0);
    expect(() => idmapMount(live, tree, none)).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'mount_setattr' }),
    );
    live.call(close, none);
    live.call(close, tree);
  });

  it.skipIf(!busybox)('can be asked for by an option (needs busybox-static)', async (context) => {
    const source = temporaryDirectory();
    writeFileSync(join(source, 'file'), '');
    const namespace = await makeUserNamespace(7000);
    if (!supportsIdmap(source, namespace)) context.skip('needs a file system with idmap');
    const options = [`idmap=${namespace}`];
    const { stdout, error } = await inContainer(
      { rootfs: makeRootfs(), mounts: [{ type: 'bind', source, destination: '/a', options }] },
      'stat -c %u:%g /a/file',
    );
    expect(error).toBeUndefined();
    expect(stdout).toBe('7000:7000\n');
  });
});

describe('attributes of a mount that is not attached', () => {
  guardHost();

  it('hold before anybody can see it', () => {
    const directory = temporaryDirectory();
    const tree = openTree(live, directory, { recursive: true });
    setMountAttributes(live, tree, { set: MOUNT_ATTR.RDONLY, recursive: true });
    expect(() => writeFileSync(`/proc/self/fd/${String(tree)}/file`, '')).toThrow(
      expect.objectContaining({ code: 'EROFS' }),
    );
    setMountAttributes(live, tree, { clear: MOUNT_ATTR.RDONLY });
    writeFileSync(`/proc/self/fd/${String(tree)}/file`, 'x');
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('x');
    live.call(close, tree);
  });
});
