import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { defaultSimpleDevices, parseMountInfo } from '../src/index.ts';
import { busybox, makeRootfs, temporaryDirectory, type Outcome } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

/** A root file system that has such links in it. */
function rootfsWith(links: Readonly<Record<string, string>>): string {
  const rootfs = makeRootfs();
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(join(rootfs, name, '..'), { recursive: true });
    symlinkSync(target, join(rootfs, name));
  }
  return rootfs;
}

/** Mounts below /a, which is a link, and shows what has come of it. */
async function mountThrough(target: string): Promise<Outcome & { readonly name: string }> {
  const name = `ts-c-escape-${process.pid}`;
  const source = temporaryDirectory();
  writeFileSync(join(source, 'file'), 'content\n');
  const mounts = [
    { type: 'bind', source, destination: `/a/${name}/deep` },
    { type: 'tmpfs', destination: `/a/${name}/memory` },
    { type: 'bind', source: join(source, 'file'), destination: `/a/${name}/b/file` },
  ];
  const script = `cat /${name}/deep/file /${name}/b/file; ls /${name}`;
  return { ...(await inContainer({ rootfs: rootfsWith({ a: target }), mounts }, script)), name };
}

describe.skipIf(!busybox)('a root file system that means harm (needs busybox-static)', () => {
  guardHost();

  it.each([
    ['proc', '/'],
    ['proc', '/etc'],
    ['proc', '../../../../proc'],
    ['sys', '/etc'],
    ['sys', '/tmp'],
    ['dev', '/dev'],
    ['dev', '/proc/self/root/dev'],
    ['dev', 'tmp'],
  ])('with /%s -> %s is refused', async (name, target) => {
    const { error } = await inContainer({ rootfs: rootfsWith({ [name]: target }) });
    expect(error).toMatchObject({
      code: 'ELOOP',
      syscall: 'openat2',
      owner: '@ts-c/mount',
      title: expect.stringMatching(new RegExp(`on /${name}$`)),
      step: { call: expect.stringContaining(`"${name}"`) },
    });
  });

  it.each(['proc', 'sys', 'dev'])('with a file for /%s is refused', async (name) => {
    const rootfs = makeRootfs();
    writeFileSync(join(rootfs, name), 'mine');
    const { error } = await inContainer({ rootfs });
    expect(error).toMatchObject({ code: 'ENOTDIR', step: expect.anything() });
    expect(readFileSync(join(rootfs, name), 'utf8')).toBe('mine');
  });

  it('can’t have devices of its own for those that are made', async () => {
    const victim = join(temporaryDirectory(), 'victim');
    writeFileSync(victim, 'whole');
    const rootfs = rootfsWith({ 'dev/null': victim, 'dev/pts': '/etc', 'dev/shm': '/' });
    const { stdout, error } = await inContainer(
      { rootfs, deviceNodes: defaultSimpleDevices },
      'echo lost >/dev/null; stat -c "%F %t:%T" /dev/null',
    );
    expect(error).toBeUndefined();
    expect(stdout).toBe('character special file 1:3\n');
    expect(readFileSync(victim, 'utf8')).toBe('whole');
  });

  it.each(['/', '../../../../../..'])('with a -> %s keeps mounts inside', async (target) => {
    const { stdout, name } = await mountThrough(target);
    expect(stdout).toBe('content\ncontent\nb\ndeep\nmemory\n');
    expect(existsSync(`/${name}`)).toBe(false);
  });

  it('with a link to / is left without the host’s root all the same', async () => {
    const mounts = ['bind', 'tmpfs'].map((type) => ({ type, source: '/usr', destination: '/a' }));
    const { stdout, error } = await inContainer(
      { rootfs: rootfsWith({ a: '/' }), mounts },
      'cat /proc/self/mountinfo',
    );
    expect(error).toBeUndefined();
    const roots = parseMountInfo(stdout).filter(({ mountPoint }) => mountPoint === '/');
    expect(roots).toHaveLength(3);
    // The outermost is the container's; what lies over it is what was asked for.
    expect(roots[0]?.root).toMatch(/ts-c-rootfs/);
    expect(roots[1]?.root).toBe('/usr');
    expect(roots[2]?.type).toBe('tmpfs');
  });

  it.each(['/proc/self/root', '/proc/1/root'])('with a -> %s is refused', async (target) => {
    const { error, name } = await mountThrough(target);
    expect(error).toMatchObject({ code: 'ELOOP' });
    expect(existsSync(`/${name}`)).toBe(false);
  });

  it.each([
    ['a link', '/a', { a: '/proc' }],
    ['a link to what is in it', '/a', { a: '/proc/sys' }],
    ['a relative link', '/x/a/sys', { 'x/a': '../proc' }],
    ['a chain of links', '/a/net', { a: 'b', b: '/c', c: 'proc' }],
  ] as const)('can’t have /proc covered by %s', async (_, destination, links) => {
    const source = temporaryDirectory();
    for (const mount of [
      { type: 'bind', source, destination },
      { type: 'tmpfs', destination },
    ]) {
      const { error } = await inContainer({ rootfs: rootfsWith(links), mounts: [mount] });
      expect(error).toMatchObject({ code: 'ERR_MOUNT_ON_PROC' });
      expect(error?.message).toContain(destination);
    }
  });

  it('can’t make a path that is to be restricted lead elsewhere', async () => {
    const rootfs = makeRootfs();
    symlinkSync('/etc', join(rootfs, 'tricked'));
    const { error } = await inContainer({ rootfs, readonlyPaths: ['/tricked'] });
    expect(error).toMatchObject({ code: 'ELOOP', title: '/tricked read-only' });
    const hidden = await inContainer({ rootfs, maskedPaths: ['/tricked/passwd'] });
    expect(hidden.error).toMatchObject({ code: 'ELOOP', title: '/tricked/passwd hidden' });
  });

  it('does not get devices made through a link out of it', async () => {
    const outside = temporaryDirectory();
    const rootfs = rootfsWith({ out: outside });
    const device = { type: 99, path: '/out/null', major_number: 1, minor_number: 3 };
    const { error } = await inContainer({ rootfs, deviceNodes: [device] });
    expect(error).toMatchObject({ code: 'ELOOP' });
    expect(readdirSync(outside)).toEqual([]);
  });

  it('does not get its ptmx followed', async () => {
    const victim = join(temporaryDirectory(), 'victim');
    writeFileSync(victim, 'whole');
    const source = temporaryDirectory();
    symlinkSync(victim, join(source, 'ptmx'));
    symlinkSync(victim, join(source, 'fd'));
    // The last word on /dev has a mount of the configuration.
    const mounts = [{ type: 'bind', source, destination: '/dev', writable: true }];
    const { stdout, error } = await inContainer(
      { rootfs: makeRootfs(), mounts },
      'readlink /dev/ptmx; readlink /dev/fd',
    );
    expect(error).toBeUndefined();
    expect(stdout).toBe(`pts/ptmx\n${victim}\n`);
    expect(readFileSync(victim, 'utf8')).toBe('whole');
  });
});
