import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../usage-error.ts';
import { capabilitiesIn, chooseCapabilities, parseCapabilities } from './capability.ts';
import { parseDuration } from './duration.ts';
import { joinVariables, parseVariable, readVariables } from './environment.ts';
import { parseIdMap } from './id-map.ts';
import { parseLimit } from './limit.ts';
import { parseMount, parseVolume } from './mount.ts';
import { parseNamespace } from './namespace.ts';
import { parseSignal } from './signal.ts';
import { parseTimeOffset } from './time-offset.ts';

/** The message of the error and its hint. */
function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { message, hint } = error;
    return hint === undefined ? message : `${message} | ${hint}`;
  }
  throw new Error('it was taken');
}

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['10', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s', (text, milliseconds) => expect(parseDuration('--timeout', text)).toBe(milliseconds));

  it.each(['', '0', '0.0001ms', '-1s', '1w', '25d', 'NaN', '1e3', ' 1s', '1s\n'])(
    'not %j',
    (text) =>
      expect(refusal(() => parseDuration('--timeout', text))).toContain(
        '--timeout: expected a duration',
      ),
  );
});

describe('a mount', () => {
  it.each([
    [
      'type=bind,source=/a,target=/b',
      { type: 'bind', source: '/a', destination: '/b', writable: true },
    ],
    ['src=./a,dst=/b,ro', { type: 'bind', source: '/here/a', destination: '/b', writable: false }],
    [
      'source=..,destination=/b,readonly=false',
      { type: 'bind', source: '/', destination: '/b', writable: true },
    ],
    [
      'source=/a,target=/b,ro,rw',
      { type: 'bind', source: '/a', destination: '/b', writable: true },
    ],
    [
      'type=tmpfs,target=/t,size=16m,mode=1777,nosuid',
      {
        type: 'tmpfs',
        destination: '/t',
        writable: true,
        options: ['size=16m', 'mode=1777', 'nosuid'],
      },
    ],
    [
      '"source=/a,b",target=/b',
      { type: 'bind', source: '/a,b', destination: '/b', writable: true },
    ],
    [
      '"source=/a""b",target=/b',
      { type: 'bind', source: '/a"b', destination: '/b', writable: true },
    ],
    [
      'type=overlay,target=/o,lowerdir=/l,upperdir=/u,workdir=/w',
      {
        type: 'overlay',
        destination: '/o',
        writable: true,
        options: ['lowerdir=/l', 'upperdir=/u', 'workdir=/w'],
      },
    ],
  ])('%s', (text, mount) => expect(parseMount('--mount', text, '/here')).toEqual(mount));

  it.each([
    ['', '--mount: "" has no target=DIR | as in type=bind,source=/a,target=/b'],
    ['target=/b', '--mount: "target=/b" has no source=PATH | as in type=bind,source=/a,target=/b'],
    [
      'type=tmpsf,target=/b',
      '--mount type: expected bind, tmpfs, proc, sysfs, devpts, mqueue, cgroup, cgroup2, overlay, got "tmpsf" | did you mean tmpfs?',
    ],
    ['source=/a,traget=/b', '--mount: there is no traget= | did you mean target?'],
    ['source=/a,target=/b,readonyl', '--mount: there is no readonyl | did you mean readonly?'],
    ['source=/a,target=b', '--mount target: expected an absolute path in the container, got "b"'],
    ['source=/a,target=/b,ro=maybe', '--mount readonly: expected true or false, got "maybe"'],
    [
      'source=data,target=/b',
      '--mount: "data" is no path | for one of this directory write ./data; there are no named volumes',
    ],
    ['"source=/a', '--mount: a quote in "\\"source=/a" is not closed, or stands in the middle'],
  ])('not %j', (text, message) =>
    expect(refusal(() => parseMount('--mount', text, '/here'))).toBe(message),
  );
});

describe('a volume', () => {
  it.each([
    ['/a:/b', { source: '/a', writable: true }],
    ['./a:/b:ro', { source: '/here/a', writable: false }],
    ['/a:/b:rw,noexec', { source: '/a', writable: true, options: ['noexec'] }],
    ['/a:/b:', { source: '/a', writable: true }],
  ])('%s', (text, mount) =>
    expect(parseVolume('--volume', text, '/here')).toEqual({
      type: 'bind',
      destination: '/b',
      ...mount,
    }),
  );

  it.each([
    ['/a', '--volume: expected SOURCE:TARGET or SOURCE:TARGET:OPTIONS, got "/a"'],
    [':/b', '--volume: expected SOURCE:TARGET or SOURCE:TARGET:OPTIONS, got ":/b"'],
    [
      '/a:b:/c:ro',
      '--volume: expected SOURCE:TARGET or SOURCE:TARGET:OPTIONS, got "/a:b:/c:ro" | paths with colons in them can be given to --mount',
    ],
    ['/a:b', '--volume target: expected an absolute path in the container, got "b"'],
  ])('not %j', (text, message) =>
    expect(refusal(() => parseVolume('--volume', text, '/'))).toBe(message),
  );
});

describe('a namespace', () => {
  it.each([
    ['net=new', { net: true }],
    ['mnt=new', { mount: true }],
    ['pid=host', { pid: false }],
    ['net=/run/netns/blue', { net: '/run/netns/blue' }],
    ['net=./ns', { net: '/here/ns' }],
    ['ipc=pid:12', { ipc: { pid: 12 } }],
  ])('%s', (text, request) =>
    expect(parseNamespace('--namespace', text, '/here')).toEqual(request),
  );

  it.each([
    [
      'nte=new',
      '--namespace: expected KIND=…, where KIND is one of mount, uts, ipc, user, pid, net, cgroup, time, got "nte=new" | did you mean net?',
    ],
    [
      'net=hots',
      '--namespace: expected new, host, a path or pid:PID behind the equals sign, got "hots" | did you mean host?',
    ],
    ['net', '--namespace: expected new, host, a path or pid:PID behind the equals sign, got ""'],
    [
      'net=pid:x',
      '--namespace: expected new, host, a path or pid:PID behind the equals sign, got "pid:x"',
    ],
  ])('not %j', (text, message) =>
    expect(refusal(() => parseNamespace('--namespace', text, '/'))).toBe(message),
  );
});

describe('variables', () => {
  it('may be the caller’s', () => {
    const caller = { A: '1' };
    expect(parseVariable('-e', 'B=2=3', caller)).toBe('B=2=3');
    expect(parseVariable('-e', 'B=', caller)).toBe('B=');
    expect(parseVariable('-e', 'A', caller)).toBe('A=1');
    expect(parseVariable('-e', 'B', caller)).toBeUndefined();
    expect(refusal(() => parseVariable('--env', '=x', caller))).toBe(
      '--env: expected KEY=VALUE or KEY, got "=x"',
    );
  });

  it('may be in a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'nsinit-env-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'env');
    writeFileSync(file, '# numbers\n\nA=1\r\n  B=two words \nC\nD\n');
    expect(readVariables('--env-file', file, { C: '3' })).toEqual(['A=1', 'B=two words ', 'C=3']);
    writeFileSync(file, 'A=1\n=2\n');
    expect(refusal(() => readVariables('--env-file', file, {}))).toBe(
      `${file}:2: expected KEY=VALUE or KEY, got "=2"`,
    );
    expect(refusal(() => readVariables('--env-file', '/nowhere', {}))).toContain(
      '--env-file: ENOENT',
    );
  });

  it('count once, the last of them, where the first was', () => {
    expect(joinVariables(['A=1', 'B=2'], ['C=3', 'A=4'])).toEqual(['A=4', 'B=2', 'C=3']);
  });
});

function choose(add: string[], drop: string[]): readonly string[] {
  const parsed = [
    parseCapabilities('--cap-add', add),
    parseCapabilities('--cap-drop', drop),
  ] as const;
  return chooseCapabilities(['KILL', 'CHOWN'], ...parsed, ['CHOWN', 'KILL', 'SYS_ADMIN']);
}

describe('capabilities', () => {
  it('are read in any spelling', () => {
    expect([...parseCapabilities('--cap-add', ['net_admin,CAP_KILL', 'all', 'CAP_41'])]).toEqual([
      'NET_ADMIN',
      'KILL',
      'ALL',
      'CAP_41',
    ]);
    expect(refusal(() => parseCapabilities('--cap-add', ['SYS_ADMNI']))).toBe(
      '--cap-add: expected the name of a capability, or ALL, got "SYS_ADMNI" | did you mean SYS_ADMIN?',
    );
    expect(refusal(() => parseCapabilities('--cap-add', ['']))).toContain(
      '--cap-add: expected the name',
    );
  });

  it.each([
    [[], ['KILL'], ['CHOWN']],
    [['SYS_TIME'], [], ['CHOWN', 'KILL', 'SYS_TIME']],
    [['ALL'], [], ['CHOWN', 'KILL', 'SYS_ADMIN']],
    [['ALL'], ['KILL'], ['CHOWN', 'SYS_ADMIN']],
    [[], ['ALL'], []],
    [['SYS_TIME'], ['ALL'], ['SYS_TIME']],
  ])('add %j, drop %j: %j', (add, drop, kept) => expect(choose(add, drop)).toEqual(kept));

  it('are the bits of a set', () =>
    expect(capabilitiesIn(0x200_0000_0003n)).toEqual(['CHOWN', 'DAC_OVERRIDE', 'CAP_41']));
});

describe('numbers', () => {
  it('of ids', () => {
    expect(parseIdMap('--userns', '0:100000:65536,65536:1000:1')).toEqual([
      { containerId: 0, hostId: 100_000, size: 65_536 },
      { containerId: 65_536, hostId: 1000, size: 1 },
    ]);
    expect(refusal(() => parseIdMap('--userns', '0:1'))).toBe(
      '--userns: expected ranges of ids such as 0:100000:65536 (CONTAINER:HOST:SIZE), got "0:1"',
    );
  });

  it.each([
    ['nofile=1024:4096', { NOFILE: { soft: 1024, hard: 4096 } }],
    ['RLIMIT_CORE=0', { CORE: { soft: 0, hard: 0 } }],
    ['stack=8388608:unlimited', { STACK: { soft: 8_388_608, hard: -1 } }],
  ])('of a limit: %s', (text, limits) => expect(parseLimit('--ulimit', text)).toEqual(limits));

  it.each([
    [
      'nofiel=1',
      '--ulimit: expected the name of a limit of getrlimit(2), got "nofiel" | did you mean NOFILE?',
    ],
    ['nofile', '--ulimit: expected NAME=SOFT or NAME=SOFT:HARD, got "nofile"'],
    ['nofile=x', '--ulimit: expected a number or unlimited, got "x"'],
  ])('not of a limit: %s', (text, message) =>
    expect(refusal(() => parseLimit('--ulimit', text))).toBe(message),
  );

  it.each([
    ['monotonic=3600', { monotonic: { seconds: 3600, nanoseconds: 0 } }],
    ['boottime=-1.5', { boottime: { seconds: -2, nanoseconds: 500_000_000 } }],
    [
      '-2',
      { monotonic: { seconds: -2, nanoseconds: 0 }, boottime: { seconds: -2, nanoseconds: 0 } },
    ],
  ])('of a clock: %s', (text, offsets) =>
    expect(parseTimeOffset('--time-offset', text)).toEqual(offsets),
  );

  it('not of a clock', () => {
    expect(refusal(() => parseTimeOffset('--time-offset', 'realtime=1'))).toBe(
      '--time-offset: expected the clock monotonic or boottime, got "realtime"',
    );
    expect(refusal(() => parseTimeOffset('--time-offset', 'boottime=soon'))).toContain(
      'expected seconds',
    );
  });

  it.each([
    ['TERM', 15],
    ['sigkill', 9],
    ['9', 9],
    ['0', 0],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['rtmax-1', 63],
  ])('of a signal: %s', (text, number) => expect(parseSignal('SIGNAL', text)).toBe(number));

  it.each(['KLL', '65', '-9', 'RTMIN+31', '', 'SIG'])('not of a signal: %j', (text) =>
    expect(refusal(() => parseSignal('SIGNAL', text))).toContain(
      'SIGNAL: expected a signal such as TERM',
    ),
  );
});
