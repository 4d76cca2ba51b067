import { describe, expect, it } from 'vitest';
import { AT_FDCWD, close, openat } from './calls.ts';
import { fd, path, text } from './parameter.ts';
import { pathsOf } from './paths.ts';
import { syscall } from './syscall.ts';
import { Slot } from './value.ts';

const origin = (value: unknown): string | undefined => (value === 5 ? '/root' : undefined);
const slot = new Slot('fd1', '/opened/');
const rename = syscall('renameat2', [fd('from'), path('old'), fd('to'), path('new', 'dest')]);
const move = syscall('mount', [path('source'), path('target', 'dest'), text('type')]);

describe('the paths that a call is about', () => {
  it.each([
    ['a path alone', openat, [AT_FDCWD, '/a', 0, 0], { path: '/a' }],
    ['a relative path', openat, [AT_FDCWD, 'a', 0, 0], { path: 'a' }],
    ['below an open directory', openat, [5, 'a', 0, 0], { path: '/root/a' }],
    ['below a slot', openat, [slot, 'a', 0, 0], { path: '/opened/a' }],
    ['absolute in spite of the directory', openat, [5, '/a', 0, 0], { path: '/a' }],
    ['the descriptor itself, by an empty path', openat, [5, '', 0, 0], { path: '/root' }],
    ['a descriptor alone', close, [slot], { path: '/opened/' }],
    ['an unknown descriptor', close, [7], {}],
    ['two of them', rename, [5, 'a', slot, 'b'], { path: '/root/a', dest: '/opened/b' }],
    ['a source that is null', move, [null, '/dev', null], { dest: '/dev' }],
  ])('%s', (_, call, args, expected) => {
    expect(pathsOf(call, args, origin)).toEqual(expected);
  });
});
