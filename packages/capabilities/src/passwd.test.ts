import { describe, expect, it } from 'vitest';
import { parseGroup, parsePasswd } from './passwd.ts';

describe('parsePasswd', () => {
  it('reads every field', () => {
    expect(parsePasswd('adm:x:3:4:The Adm:/var/adm:/bin/false\n')).toEqual([
      { name: 'adm', uid: 3, gid: 4, gecos: 'The Adm', home: '/var/adm', shell: '/bin/false' },
    ]);
  });

  it('skips empty lines and knows those of other systems', () => {
    const names = parsePasswd('\n\r\n  \na:x:1:1::/:\r\n\n\tb:x:2:2::/:').map(({ name }) => name);
    expect(names).toEqual(['a', 'b']);
  });

  it.each([
    ['this is just some garbage data', 'it has no uid'],
    ['a:x', 'it has no uid'],
    ['a:x:1', 'it has no gid'],
    ['a:x::1:', 'it has no uid'],
    ['a:x:one:1:', 'its uid "one" is no number from 0 to 4294967294'],
    ['a:x:-1:1:', 'its uid "-1" is no number from 0 to 4294967294'],
    ['a:x:1:0x1:', 'its gid "0x1" is no number from 0 to 4294967294'],
    ['a:x:4294967295:1:', 'its uid "4294967295" is no number from 0 to 4294967294'],
    [
      'a:x:1:18446744073709551616:',
      'its gid "18446744073709551616" is no number from 0 to 4294967294',
    ],
    ['a\0:x:1:1:', 'its line holds a NUL byte'],
  ])('makes an entry of %j all the same, and says what is wrong', (line, problem) => {
    expect(parsePasswd(line)).toEqual([expect.objectContaining({ problem })]);
  });

  it('makes 0 of ids that are none', () => {
    expect(parsePasswd('a:x:one:1:')).toMatchObject([{ uid: 0, gid: 1 }]);
    expect(parsePasswd('a')).toMatchObject([{ name: 'a', uid: 0, gid: 0, home: '', shell: '' }]);
  });

  it('takes the highest id that there is', () => {
    expect(parsePasswd('a:x:4294967294:0:')).toEqual([
      expect.objectContaining({ uid: 4294967294, gid: 0 }),
    ]);
    expect(parsePasswd('a:x:4294967294:0:')[0]).not.toHaveProperty('problem');
  });
});

describe('parseGroup', () => {
  it('reads members', () => {
    expect(parseGroup('root:x:0:root\nadm:x:4:root,adm,daemon\nnone:x:5:\n')).toEqual([
      { name: 'root', gid: 0, members: ['root'] },
      { name: 'adm', gid: 4, members: ['root', 'adm', 'daemon'] },
      { name: 'none', gid: 5, members: [] },
    ]);
  });

  it('makes an entry of garbage all the same', () => {
    expect(parseGroup('\nthis is just some garbage data\n')).toEqual([
      {
        name: 'this is just some garbage data',
        gid: 0,
        members: [],
        problem: 'it has no gid',
      },
    ]);
  });
});
