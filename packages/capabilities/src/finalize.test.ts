import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import {
  AT_FDCWD,
  flags,
  int,
  Memory,
  memory,
  OPEN,
  openat,
  path,
  Program,
  SIGNAL,
  syscall,
  write,
} from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import {
  isRefusal,
  parseStatus,
  refusalOf,
  run,
  runScript,
  statusAfter,
  temporaryDirectory,
} from '../test/run.ts';
import { changeUser } from './change-user.ts';
import { finalize } from './finalize.ts';
import type { CapabilityName } from './names.ts';
import { readCapabilities, toMask, type CapabilitySets } from './sets.ts';
import { resolveUser } from './user.ts';

/** The list of all four sample configurations of libcontainer. */
const sample: readonly CapabilityName[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
];
const sampleBits = '00000000880425eb';
const none = '0'.repeat(16);
const hex = (...names: CapabilityName[]): string => toMask(names).toString(16).padStart(16, '0');

const root = { uid: 0, gid: 0, additionalGids: [] };
const daemon = { uid: 1, gid: 2, additionalGids: [1, 3, 4] };

const chroot = syscall('chroot', [path('path')]);
const unshare = syscall('unshare', [flags('flags', { CLONE_NEWUSER: 0x10000000 })]);
const getSignal = syscall('prctl', [int('op'), memory('sig')]);

/** A user namespace as somebody without rights makes one: groups can't be set in it. */
function enterUserNamespace(program: Program): void {
  program.call(unshare, 0x10000000);
  const maps = { setgroups: 'deny', uid_map: '0 0 1', gid_map: '0 0 1' };
  for (const [name, text] of Object.entries(maps)) {
    const file = program.call(
      openat,
      AT_FDCWD,
      `/proc/self/${name}`,
      OPEN.WRONLY | OPEN.CLOEXEC,
      0,
    );
    program.call(write, file, Memory.text(name, text), text.length);
  }
}

describe('finalize', () => {
  it('leaves root the sample list', async () => {
    expect(
      await statusAfter((program) => finalize(program, { keep: sample, user: root })),
    ).toMatchObject({
      Uid: '0\t0\t0\t0',
      Gid: '0\t0\t0\t0',
      Groups: '',
      CapInh: none,
      CapPrm: sampleBits,
      CapEff: sampleBits,
      CapBnd: sampleBits,
      CapAmb: none,
      NoNewPrivs: '0',
    });
  });

  it('leaves another user nothing but the bounding set', async () => {
    const user = resolveUser('daemon', {
      passwd: 'daemon:x:1:2::/usr/sbin:',
      group: 'a:x:1:daemon\nb:x:3:daemon\nc:x:4:root,daemon',
    });
    const steps = (program: Program): void =>
      finalize(program, { keep: sample, user, noNewPrivileges: true });
    expect(await statusAfter(steps)).toMatchObject({
      Uid: '1\t1\t1\t1',
      Gid: '2\t2\t2\t2',
      Groups: '1 3 4',
      CapInh: none,
      CapPrm: none,
      CapEff: none,
      CapBnd: sampleBits,
      CapAmb: none,
      NoNewPrivs: '1',
    });
  });

  it('can leave another user ambient capabilities', async () => {
    const bind: readonly CapabilityName[] = ['NET_BIND_SERVICE'];
    const keep = {
      bounding: bind,
      effective: bind,
      permitted: bind,
      inheritable: bind,
      ambient: bind,
    };
    expect(await statusAfter((program) => finalize(program, { keep, user: daemon }))).toMatchObject(
      {
        Uid: '1\t1\t1\t1',
        CapInh: '0000000000000400',
        CapPrm: '0000000000000400',
        CapEff: '0000000000000400',
        CapBnd: '0000000000000400',
        CapAmb: '0000000000000400',
      },
    );
  });

  it('stays who it is without a user', async () => {
    const status = await statusAfter((program) => finalize(program, { keep: ['KILL'] }));
    expect(status).toMatchObject({ Uid: '0\t0\t0\t0', CapEff: hex('KILL') });
  });

  it('sets limits before it gives up the right to', async () => {
    const { stdout } = await run(
      (program) =>
        finalize(program, {
          keep: [],
          user: daemon,
          resourceLimits: { NOFILE: { soft: 64, hard: 64 } },
        }),
      ['/bin/cat', '/proc/self/limits'],
    );
    expect(stdout).toMatch(/^Max open files +64 +64 +files/m);
  });

  it('gives the parent-death signal again that the change of user clears', async () => {
    const error = await refusalOf((program) => {
      const options = { keep: [], user: daemon } as const;
      finalize(program, { ...options, parentDeathSignal: SIGNAL.SIGKILL, parent: process.pid });
      const found = new Memory(8);
      program.call(getSignal, 2, found);
      program.expect(
        program.load(found, 0, 4),
        { equals: SIGNAL.SIGKILL },
        { code: 'ERR_UNEXPECTED', message: 'no signal' },
      );
    });
    expect(error).toBeUndefined();
  });

  it('goes to the working directory', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    const { stdout } = await run(
      (program) => finalize(program, { keep: [], user: daemon, workingDirectory: directory }),
      ['/bin/pwd'],
    );
    expect(stdout).toBe(`${directory}\n`);
  });

  it('goes there as the user, who may not be let in', async () => {
    const directory = temporaryDirectory();
    const error = await refusalOf((program) =>
      finalize(program, { keep: [], user: daemon, workingDirectory: directory }),
    );
    expect(isRefusal(error, 'EACCES', 'chdir')).toBe(true);
    expect(error?.path).toBe(directory);
  });

  it('refuses a working directory outside of the root', async () => {
    const directory = temporaryDirectory();
    mkdirSync(`${directory}/root`);
    // The current directory stays where it was: outside. So would one behind a file descriptor of the host.
    const error = await refusalOf((program) => {
      program.call(chroot, `${directory}/root`);
      finalize(program, { keep: [], workingDirectory: '.' });
    });
    expect(error).toMatchObject({ code: 'ERR_OUTSIDE_OF_ROOT' });
  });

  it('leaves the umask alone', async () => {
    const after = await statusAfter((program) => finalize(program, { keep: [], user: daemon }));
    expect(after['Umask']).toBe(parseStatus(readFileSync('/proc/self/status', 'latin1'))['Umask']);
  });

  it('does things in the order in which they are possible', () => {
    const program = new Program();
    finalize(program, {
      keep: ['SETPCAP'],
      user: daemon,
      noNewPrivileges: true,
      parentDeathSignal: SIGNAL.SIGTERM,
      workingDirectory: '/work',
      resourceLimits: { CORE: { soft: 0, hard: 0 } },
      lastCapability: 1,
    });
    const calls = program.listing().filter(({ step, owner }) => step && owner);
    expect(
      calls.map(({ syscall: name, arguments: args }) => `${name}(${args?.join(', ')})`),
    ).toEqual([
      'prlimit64(0, RLIMIT_CORE, {rlim_cur=0, rlim_max=0}, NULL)',
      'capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, [24 bytes])',
      'prctl(PR_CAPBSET_DROP, CAP_CHOWN)',
      'prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)',
      'prctl(PR_SET_KEEPCAPS, 1)',
      'setgroups(3, [1, 3, 4])',
      'setresgid(2, 2, 2)',
      'setresuid(1, 1, 1)',
      'prctl(PR_SET_KEEPCAPS, 0)',
      'capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=CAP_SETPCAP, permitted=CAP_SETPCAP, inheritable=0})',
      'prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)',
      'chdir("/work")',
      'getcwd([4096 bytes], 4096)',
      'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)',
      'prctl(PR_SET_PDEATHSIG, SIGTERM)',
    ]);
  });
});

describe('changeUser', () => {
  it('loses the capabilities, but not the bounding set', async () => {
    expect(await statusAfter((program) => changeUser(program, daemon))).toMatchObject({
      Uid: '1\t1\t1\t1',
      Groups: '1 3 4',
      CapPrm: none,
      CapEff: none,
      CapBnd: hex(...readCapabilities().bounding),
    });
  });

  it.each([
    [{ uid: 2 ** 32 - 1 }, 'uid'],
    [{ uid: -1 }, 'uid'],
    [{ uid: 1.5 }, 'uid'],
    [{ gid: 2 ** 32 - 1 }, 'gid'],
    [{ gid: 2 ** 40 }, 'gid'],
    [{ additionalGids: [1, 2 ** 32 - 1] }, 'additionalGids[1]'],
  ])('refuses %j, which would change nothing', (ids, field) => {
    expect(() => changeUser(new Program(), { ...daemon, ...ids })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining(`${field}:`) as unknown,
      }),
    );
  });

  it('fails where groups can’t be set', async () => {
    const error = await refusalOf((program) => {
      enterUserNamespace(program);
      changeUser(program, root);
    });
    expect(isRefusal(error, 'EPERM', 'setgroups')).toBe(true);
  });

  it('does without groups if told so', async () => {
    const status = await statusAfter((program) => {
      enterUserNamespace(program);
      finalize(program, { keep: ['CHOWN'], user: root, setgroups: false });
    });
    expect(status).toMatchObject({ Uid: '0\t0\t0\t0', CapEff: hex('CHOWN'), CapBnd: hex('CHOWN') });
  });

  it('changes the calling thread alone, live', async () => {
    interface Live {
      readonly error?: object;
      readonly read: CapabilitySets;
      readonly status: string;
      readonly siblings: readonly string[];
    }
    const { error, read, status, siblings } = await runScript<Live>('live', 'keep');
    expect(error).toBeUndefined();
    expect(read).toEqual({
      bounding: ['CHOWN', 'KILL'],
      effective: ['CHOWN', 'KILL'],
      permitted: ['CHOWN', 'KILL'],
      inheritable: [],
      ambient: [],
    });
    expect(parseStatus(status)).toMatchObject({
      Uid: '65534\t65534\t65534\t65534',
      Gid: '65533\t65533\t65533\t65533',
      Groups: '5 6',
    });
    for (const sibling of siblings) expect(parseStatus(sibling)['Uid']).toBe('0\t0\t0\t0');

    const plain = await runScript<Live>('live', 'change');
    expect(plain.read).toMatchObject({ effective: [], permitted: [] });
    expect(plain.read.bounding).toEqual(readCapabilities().bounding);
  });
});
