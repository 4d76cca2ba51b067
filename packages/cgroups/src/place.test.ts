import { describe, expect, it } from 'vitest';
import { makeTree } from '../test/tree.ts';
import type { Hierarchy } from './layout.ts';
import { checkPlace, isWritable, passesOn, readWords, wayTo } from './place.ts';

describe('checkPlace', () => {
  it.each([
    { name: 'a' },
    { name: '...' },
    { name: 'a b:c' },
    { name: 'ä'.repeat(127) },
    { name: 'a', parent: 'docker' },
    { name: 'a', parent: '/docker/x.slice' },
    { name: 'a', parent: '/' },
    { name: 'a', parent: 'docker//x/' },
  ])('takes $name in $parent', (place) => {
    expect(() => checkPlace(place)).not.toThrow();
  });

  it.each([
    [{ name: '' }, 'name: "" is empty'],
    [{ name: '..' }, 'name: ".." leads to another cgroup'],
    [{ name: '.' }, 'leads to another cgroup'],
    [{ name: 'a/..' }, 'name: "a/.." leads to another cgroup; give plain names, and those above'],
    [{ name: '/etc' }, 'leads to another cgroup'],
    [{ name: 'a\0' }, 'NUL'],
    [{ name: 'a\nb' }, 'line break'],
    [{ name: 'ä'.repeat(128) }, 'longer than 255 bytes'],
    [{ name: 'cgroup.procs' }, 'the kernel’s own files'],
    [{ name: 'a', parent: '' }, 'parent: "" is empty'],
    [{ name: 'a', parent: '/x/../y' }, 'parent: "/x/../y" leads to another cgroup'],
    [{ name: 'a', parent: 'x/..' }, 'parent: "x/.." leads to another cgroup'],
  ])('refuses %j', (place, message) => {
    expect(() => checkPlace(place)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_CGROUP_NAME',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});

describe('wayTo', () => {
  const memory: Hierarchy = {
    version: 1,
    mountPoint: '/cg/memory',
    controllers: ['memory'],
    own: '/cg/memory/own',
  };

  it('counts from the own cgroup', () => {
    expect(wayTo({ name: 'c' }, memory)).toEqual({
      base: '/cg/memory/own',
      directories: ['/cg/memory/own/c'],
    });
    expect(wayTo({ name: 'c', parent: 'a/b' }, memory)).toEqual({
      base: '/cg/memory/own',
      directories: ['/cg/memory/own/a', '/cg/memory/own/a/b', '/cg/memory/own/a/b/c'],
    });
  });

  it('counts from the root of the hierarchy where the parent is absolute', () => {
    expect(wayTo({ name: 'bar', parent: '/foo' }, memory)).toEqual({
      base: '/cg/memory',
      directories: ['/cg/memory/foo', '/cg/memory/foo/bar'],
    });
    expect(wayTo({ name: 'bar', parent: '/' }, memory).directories).toEqual(['/cg/memory/bar']);
  });

  it('takes in version 2 the nearest cgroup above that can pass controllers on', () => {
    const root = makeTree({
      'cgroup.procs': '1\n',
      'slice/cgroup.type': 'domain\n',
      'slice/cgroup.subtree_control': 'memory\n',
      'slice/scope/cgroup.type': 'domain\n',
      'slice/scope/cgroup.subtree_control': '',
      'slice/scope/cgroup.procs': '7\n',
      'slice/empty/cgroup.type': 'domain\n',
      'slice/empty/cgroup.procs': '',
      'busy/cgroup.type': 'domain\n',
      'busy/cgroup.procs': '7\n',
    });
    const baseFor = (own: string, mountPoint = root): string =>
      wayTo({ name: 'c' }, { version: 2, mountPoint, controllers: [], own }).base;
    expect(baseFor(`${root}/slice/scope`)).toBe(`${root}/slice`);
    expect(baseFor(`${root}/slice/empty`)).toBe(`${root}/slice/empty`);
    // The root of them all may have processes.
    expect(baseFor(`${root}/busy`)).toBe(root);
    expect(baseFor(root)).toBe(root);
    // The root of a container is none.
    expect(baseFor(`${root}/busy`, `${root}/busy`)).toBe(`${root}/busy`);
  });
});

describe('files of cgroups', () => {
  it('tell what passes controllers on', () => {
    const root = makeTree({
      'with/cgroup.type': 'domain',
      'with/cgroup.subtree_control': 'memory pids\n',
      'with/cgroup.procs': '1\n',
      'busy/cgroup.type': 'domain',
      'busy/cgroup.procs': '1\n2\n',
      'empty/cgroup.type': 'domain',
    });
    expect(['with', 'busy', 'empty', '.'].map((name) => passesOn(`${root}/${name}`))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it('are read as words, and none where there is nothing to read', () => {
    const root = makeTree({ words: ' a b\nc\n\n', empty: '\n' });
    expect(readWords(`${root}/words`)).toEqual(['a', 'b', 'c']);
    expect(readWords(`${root}/empty`)).toEqual([]);
    expect(readWords(`${root}/missing`)).toEqual([]);
    expect(readWords(root)).toEqual([]);
  });

  it('may not be there', () => {
    const root = makeTree({ 'a/': '' });
    expect(isWritable(`${root}/a`)).toBe(true);
    expect(isWritable(`${root}/b`)).toBe(false);
    expect(isWritable('/proc/self/nothing')).toBe(false);
  });
});
