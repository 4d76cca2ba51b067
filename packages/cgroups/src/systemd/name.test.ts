import { describe, expect, it } from 'vitest';
import { checkSlice, escapeName, scopeName, slicePath, sliceName } from './name.ts';

const invalid = expect.objectContaining({ code: 'ERR_INVALID_CGROUP_NAME' });

describe('the name of a scope', () => {
  it.each([
    [{ parent: 'docker', name: 'koye' }, 'docker-koye.scope'],
    [{ name: 'koye' }, 'koye.scope'],
    [{ parent: '', name: 'a-b' }, 'a-b.scope'],
    [{ parent: '/ci/nightly/', name: '7' }, 'ci-nightly-7.scope'],
    [{ parent: '/', name: 'x' }, 'x.scope'],
    [{ name: 'a b@c' }, 'a\\x20b\\x40c.scope'],
    [{ name: 'é' }, '\\xc3\\xa9.scope'],
    [{ name: '😀' }, '\\xf0\\x9f\\x98\\x80.scope'],
    [{ name: 'back\\slash' }, 'back\\x5cslash.scope'],
  ])('%j is %s', (options, name) => {
    expect(scopeName(options)).toBe(name);
  });

  it.each(['', '.', '..', 'a/b', '/..', 'x'.repeat(250)])('cannot be made of %j', (name) => {
    expect(() => scopeName({ name })).toThrow(invalid);
  });

  it('cannot be made of a parent that leads out', () => {
    expect(() => scopeName({ parent: 'a/../..', name: 'b' })).toThrow(invalid);
  });
});

describe('the name of a slice', () => {
  it.each([
    ['', '-.slice', ''],
    ['/', '-.slice', ''],
    ['system', 'system.slice', 'system.slice'],
    ['/ci/nightly', 'ci-nightly.slice', 'ci.slice/ci-nightly.slice'],
    ['a/b/c', 'a-b-c.slice', 'a.slice/a-b.slice/a-b-c.slice'],
    ['my-ci/x', 'my\\x2dci-x.slice', 'my\\x2dci.slice/my\\x2dci-x.slice'],
  ])('of %j is %s, at %j', (path, slice, at) => {
    expect(sliceName(path)).toBe(slice);
    expect(slicePath(slice)).toBe(at);
  });

  it.each(['a/../b', `${'x'.repeat(200)}/${'y'.repeat(200)}`])('cannot be made of %j', (path) => {
    expect(() => sliceName(path)).toThrow(invalid);
  });

  it.each(['', 'system', '.slice', '-a.slice', 'a-.slice', 'a--b.slice', 'a/b.slice', 'a b.slice'])(
    'is not %j',
    (slice) => {
      expect(() => checkSlice(slice)).toThrow(invalid);
    },
  );
});

// What systemd-escape(1) of version 252 prints.
it.each([
  ['a/b', 'a-b'],
  ['a-b', 'a\\x2db'],
  ['.hidden', '\\x2ehidden'],
  ['Hallöchen, Meister', 'Hall\\xc3\\xb6chen\\x2c\\x20Meister'],
  ['a.b_c:d', 'a.b_c:d'],
  ['', ''],
])('%j is escaped as %s', (text, escaped) => {
  expect(escapeName(text)).toBe(escaped);
});
