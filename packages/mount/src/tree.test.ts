import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AT_FDCWD,
  close,
  fstatfs,
  live,
  Memory,
  statfsSize,
  OPEN,
  openat,
  type Value,
} from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFileSystem } from './file-system.ts';
import { MOUNT_ATTR } from './flags.ts';
import { readMountInfo } from './mountinfo.ts';
import { bindMount, moveMount, openTree, setMountAttributes } from './tree.ts';

// All of it on this thread: what is not attached anywhere is in nobody's way, and goes when it is closed.
const through = (fd: Value, ...path: string[]): string =>
  join(`/proc/self/fd/${String(fd)}`, ...path);

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-mount-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'sub'));
  writeFileSync(join(directory, 'file'), 'content');
  return directory;
}

function closeLater<T extends Value>(fd: T): T {
  onTestFinished(() => {
    live.call(close, fd);
  });
  return fd;
}

function memory(options: { readonly attributes?: number; readonly data?: readonly string[] } = {}) {
  return closeLater(createFileSystem(live, { type: 'tmpfs', source: 'tmpfs', ...options }));
}

/** How a mount keeps access times: the flags of statfs(2). */
function accessTimes(fd: Value): string {
  const status = new Memory(statfsSize);
  live.call(fstatfs, fd, status);
  const flags = Number(status.get('u64', 80));
  if ((flags & 1024) !== 0) return 'noatime';
  return (flags & 4096) === 0 ? 'strictatime' : 'relatime';
}

const [major = 0, minor = 0] = release().split('.').map(Number);
const attachesToDetached = major > 6 || (major === 6 && minor >= 15);
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;
const readOnly = expect.objectContaining({ code: 'EROFS' });

describe('openTree', () => {
  it('copies a mount, which is attached nowhere', () => {
    const before = readMountInfo();
    const directory = makeDirectory();
    const tree = closeLater(openTree(live, directory));
    expect(readFileSync(through(tree, 'file'), 'utf8')).toBe('content');
    writeFileSync(through(tree, 'new'), 'through the copy');
    expect(readFileSync(join(directory, 'new'), 'utf8')).toBe('through the copy');
    expect(readMountInfo()).toEqual(before);
  });

  it('takes a file descriptor for a place too', () => {
    const directory = makeDirectory();
    const place = closeLater(live.call(openat, AT_FDCWD, directory, OPEN.PATH | OPEN.CLOEXEC, 0));
    const tree = closeLater(openTree(live, place, { recursive: true }));
    expect(readFileSync(through(tree, 'file'), 'utf8')).toBe('content');
  });

  it('names the path that is missing', () => {
    expect(() => openTree(live, '/no/such/path')).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'open_tree', path: '/no/such/path' }),
    );
  });
});

describe('setMountAttributes', () => {
  it('changes a copy, and not what it is a copy of', () => {
    const directory = makeDirectory();
    const tree = closeLater(openTree(live, directory));
    setMountAttributes(live, tree, { set: MOUNT_ATTR.RDONLY });
    expect(() => writeFileSync(through(tree, 'file'), '')).toThrow(readOnly);
    writeFileSync(join(directory, 'file'), 'still writable');
    setMountAttributes(live, tree, { clear: MOUNT_ATTR.RDONLY });
    writeFileSync(through(tree, 'file'), 'again');
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('again');
  });

  it('takes one bit of the access times for the whole choice', () => {
    const tree = memory({ attributes: MOUNT_ATTR.NOATIME });
    expect(accessTimes(tree)).toBe('noatime');
    setMountAttributes(live, tree, { set: MOUNT_ATTR.STRICTATIME });
    expect(accessTimes(tree)).toBe('strictatime');
    setMountAttributes(live, tree, { clear: MOUNT_ATTR.STRICTATIME });
    expect(accessTimes(tree)).toBe('relatime');
  });

  it('refuses what is no mount', () => {
    expect(() => setMountAttributes(live, makeDirectory(), { set: MOUNT_ATTR.NODEV })).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'mount_setattr' }),
    );
  });
});

describe('createFileSystem', () => {
  it('makes a file system that is used without being attached', () => {
    const before = readMountInfo();
    const tree = memory({ data: ['mode=751', 'size=64k'] });
    expect(statSync(through(tree)).mode & 0o7777).toBe(0o751);
    writeFileSync(through(tree, 'file'), 'content');
    expect(readFileSync(through(tree, 'file'), 'utf8')).toBe('content');
    expect(() => writeFileSync(through(tree, 'large'), Buffer.alloc(128 * 1024))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
    expect(readMountInfo()).toEqual(before);
  });

  it('gives it attributes from the beginning', () => {
    const tree = memory({ attributes: MOUNT_ATTR.RDONLY });
    expect(() => writeFileSync(through(tree, 'file'), '')).toThrow(readOnly);
    const noexec = memory({ attributes: MOUNT_ATTR.NOEXEC });
    writeFileSync(through(noexec, 'run'), '#!/bin/sh\n', { mode: 0o755 });
    const run = () => execFileSync(`/proc/${process.pid}/fd/${String(noexec)}/run`);
    expect(run).toThrow(expect.objectContaining({ code: 'EACCES' }));
  });

  it('says which file system, and leaves nothing open, where an option is wrong', () => {
    const before = openDescriptors();
    expect(() => memory({ data: ['sise=1m'] })).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'fsconfig' }),
    );
    expect(() => createFileSystem(live, { type: 'nosuchfs', source: 'x' })).toThrow(
      expect.objectContaining({ code: 'ENODEV', syscall: 'fsopen', path: 'nosuchfs' }),
    );
    expect(openDescriptors()).toBe(before);
  });
});

describe('moveMount and bindMount', () => {
  it.skipIf(!attachesToDetached)('attach to what is attached nowhere (needs Linux 6.15)', () => {
    const outer = memory();
    mkdirSync(through(outer, 'here'));
    const target = closeLater(
      live.call(openat, outer, 'here', OPEN.PATH | OPEN.CLOEXEC | OPEN.DIRECTORY, 0),
    );
    const directory = makeDirectory();
    bindMount(live, directory, target, { set: MOUNT_ATTR.RDONLY });
    expect(readFileSync(through(outer, 'here/file'), 'utf8')).toBe('content');
    expect(() => writeFileSync(through(outer, 'here/file'), '')).toThrow(readOnly);
  });

  it('refuse what is no mount', () => {
    const directory = makeDirectory();
    const place = closeLater(live.call(openat, AT_FDCWD, directory, OPEN.PATH | OPEN.CLOEXEC, 0));
    expect(() => moveMount(live, place, join(directory, 'sub'))).toThrow(
      expect.objectContaining({
        code: 'EINVAL',
        syscall: 'move_mount',
        dest: join(directory, 'sub'),
      }),
    );
  });
});
