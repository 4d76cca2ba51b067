import { describe, expect, it } from 'vitest';
import { homeOf, resolveUser } from './user.ts';

const passwd = `root:x:0:0:root user:/root:/bin/bash
adm:x:42:43:adm:/var/adm:/bin/false
7:x:1007:1007:named by a number:/home/7:
seven:x:7:70:comes second::
high:x:4294967294:4294967294::/:
again:x:42:99:the same id:/again:

broken:x:one:1:::
this is just some garbage data
`;
const group = `root:x:0:root
adm:x:43:
grp:x:1234:root,adm
twice:x:1234:adm
more:x:99:adm
badly:x:?:badmember
this is just some garbage data
`;
const sources = { passwd, group };

/** Lines of group(5) that list adm. */
function lines(count: number, gid: (index: number) => number): string {
  return Array.from({ length: count }, (_, index) => `g:x:${gid(index)}:adm`).join('\n');
}

describe('resolveUser', () => {
  const root = { home: '/root', name: 'root' };
  const adm = { home: '/var/adm', name: 'adm' };
  it.each([
    ['', { uid: 0, gid: 0, additionalGids: [0, 1234], ...root }],
    ['root', { uid: 0, gid: 0, additionalGids: [0, 1234], ...root }],
    ['0', { uid: 0, gid: 0, additionalGids: [0, 1234], ...root }],
    ['adm', { uid: 42, gid: 43, additionalGids: [1234, 99], ...adm }],
    ['42', { uid: 42, gid: 43, additionalGids: [1234, 99], ...adm }],
    ['adm:', { uid: 42, gid: 43, additionalGids: [1234, 99], ...adm }],
    ['adm:grp', { uid: 42, gid: 1234, additionalGids: [], ...adm }],
    ['adm:1234', { uid: 42, gid: 1234, additionalGids: [], ...adm }],
    ['adm:77', { uid: 42, gid: 77, additionalGids: [], ...adm }],
    ['adm:0', { uid: 42, gid: 0, additionalGids: [], ...adm }],
    ['adm:grp:ignored', { uid: 42, gid: 1234, additionalGids: [], ...adm }],
    [':grp', { uid: 0, gid: 1234, additionalGids: [], ...root }],
    ['1337', { uid: 1337, gid: 0, additionalGids: [] }],
    ['1337:1234', { uid: 1337, gid: 1234, additionalGids: [] }],
    ['2147483647:2147483647', { uid: 2147483647, gid: 2147483647, additionalGids: [] }],
    ['7', { uid: 1007, gid: 1007, additionalGids: [], home: '/home/7', name: '7' }],
    ['seven', { uid: 7, gid: 70, additionalGids: [], name: 'seven' }],
    ['high', { uid: 4294967294, gid: 4294967294, additionalGids: [], home: '/', name: 'high' }],
    [
      '4294967294',
      { uid: 4294967294, gid: 4294967294, additionalGids: [], home: '/', name: 'high' },
    ],
  ])('finds %j', (spec, user) => {
    expect(resolveUser(spec, sources)).toEqual(user);
  });

  it('starts from the defaults that it is given', () => {
    const defaults = { uid: 8888, gid: 8889 };
    expect(resolveUser('', sources, defaults)).toEqual({ ...defaults, additionalGids: [] });
    expect(resolveUser('1337', sources, defaults)).toEqual({
      uid: 1337,
      gid: 8889,
      additionalGids: [],
    });
    expect(resolveUser('', sources, { uid: 42 })).toMatchObject({ uid: 42, gid: 43, name: 'adm' });
  });

  it('needs no files for numbers', () => {
    expect(resolveUser('', {})).toEqual({ uid: 0, gid: 0, additionalGids: [] });
    expect(resolveUser('0:5')).toEqual({ uid: 0, gid: 5, additionalGids: [] });
    expect(resolveUser('5', { passwd: undefined })).toEqual({ uid: 5, gid: 0, additionalGids: [] });
  });

  it.each([
    'nobody',
    'nobody:grp',
    'nobody:nogroup',
    'Root',
    ' root',
    '+5',
    '5 ',
    '1e3',
    '0x10',
    '007',
    '٣',
    '5.0',
    '-',
  ])('does not know user %j', (spec) => {
    expect(() => resolveUser(spec, sources)).toThrow(
      expect.objectContaining({
        code: 'ERR_UNKNOWN_USER',
        message: expect.stringMatching(
          /^unable to find user ".+": \/etc\/passwd does not have it/,
        ) as unknown,
        path: '/etc/passwd',
        user: spec.split(':')[0],
      }),
    );
  });

  it.each(['root:nogroup', '5:nogroup', 'root:+5', 'root:007', ':nogroup'])(
    'does not know the group of %j',
    (spec) => {
      expect(() => resolveUser(spec, sources)).toThrow(
        expect.objectContaining({ code: 'ERR_UNKNOWN_GROUP', path: '/etc/group' }),
      );
    },
  );

  it.each([
    '-1',
    '-1:0',
    '2147483648',
    '4294967295',
    '4294967296',
    '9'.repeat(400),
    '0:-3',
    'root:2147483648',
  ])('refuses a number out of range: %.20s', (spec) => {
    expect(() => resolveUser(spec, sources)).toThrow(
      expect.objectContaining({ code: 'ERR_ID_RANGE' }),
    );
  });

  it.each(['broken', 'this is just some garbage data'])(
    'makes nobody root by mistake: %j',
    (spec) => {
      expect(() => resolveUser(spec, sources)).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_PASSWD',
          message: expect.stringContaining(
            `/etc/passwd: user "${spec}" can't be used, as`,
          ) as unknown,
        }),
      );
    },
  );

  it('makes nobody a member of group 0 by mistake', () => {
    const invalid = expect.objectContaining({ code: 'ERR_INVALID_GROUP' }) as Error;
    expect(() => resolveUser('root:badly', sources)).toThrow(invalid);
    const member = { passwd: 'badmember:x:5:5:::', group };
    expect(() => resolveUser('badmember', member)).toThrow(invalid);
  });

  it('says when there is no file', () => {
    expect(() => resolveUser('bob', {})).toThrow(
      'unable to find user "bob": there is no /etc/passwd',
    );
    expect(() => resolveUser('0:staff', {})).toThrow(
      'unable to find group "staff": there is no /etc/group',
    );
  });

  it('refuses what is no text for C, and defaults that are no ids', () => {
    const invalid = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }) as Error;
    expect(() => resolveUser('a\0b', sources)).toThrow(invalid);
    expect(() => resolveUser(5 as unknown as string, sources)).toThrow(invalid);
    expect(() => resolveUser('', sources, { uid: 2 ** 32 - 1 })).toThrow(invalid);
    expect(() => resolveUser('', sources, { gid: -1 })).toThrow(invalid);
  });

  it('refuses an entry with a NUL, wherever it is', () => {
    expect(() => resolveUser('a', { passwd: 'a:x:1:1::/home\0/a:' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_PASSWD' }),
    );
  });

  it('takes each group once, and no more than a process can have', () => {
    expect(resolveUser('adm', { passwd, group: lines(70_000, () => 5) }).additionalGids).toEqual([
      5,
    ]);
    expect(
      resolveUser('adm', { passwd, group: lines(65_536, Number) }).additionalGids,
    ).toHaveLength(65_536);
    expect(() => resolveUser('adm', { passwd, group: lines(65_537, Number) })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_GROUP' }),
    );
  });

  it('finds nothing in a megabyte of nonsense', () => {
    const nonsense = ':,\n'.repeat(2 ** 20 / 3);
    expect(() => resolveUser('a:b', { passwd: nonsense, group: nonsense })).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_USER' }),
    );
  });
});

describe('homeOf', () => {
  const user = { uid: 1, gid: 1, additionalGids: [] };
  it.each([
    ['/home/bob', '/home/bob'],
    ['', '/'],
    ['relative', '/'],
  ])('of %j is %s', (home, expected) => {
    expect(homeOf({ ...user, home })).toBe(expected);
  });

  it('is / without an entry', () => {
    expect(homeOf(user)).toBe('/');
  });
});
