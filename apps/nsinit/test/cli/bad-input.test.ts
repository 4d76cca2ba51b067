import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs, temporaryDirectory } from '../rootfs.ts';
import { command, nsinit, recorded } from './nsinit.ts';

const isRoot = process.getuid?.() === 0;
const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

/** Runs what can't be, and sees that nothing is left of it. */
async function refused(...args: readonly string[]): Promise<string[]> {
  const root = temporaryDirectory('root');
  const before = mounts();
  const { status, stdout, stderr } = await nsinit(['run', '--root', root, ...args]);
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(recorded(root)).toEqual([]);
  expect(mounts()).toBe(before);
  return stderr.trimEnd().split('\n');
}

describe('what can be seen beforehand is one line', () => {
  it.each<[string, string[], string]>([
    ['no command', [], 'run: there is no command; neither does a container.json have one'],
    ['an empty one', [''], 'run: there is no command; neither does a container.json have one'],
    ['no root', ['--rootfs', '/nowhere', 'true'], 'rootfs: "/nowhere" does not exist'],
    [
      'a root that is a file',
      ['--rootfs', '/etc/passwd', 'true'],
      'rootfs: "/etc/passwd" is not a directory',
    ],
    [
      'the root',
      ['--rootfs', '/', 'true'],
      'rootfs: "/" is this machine’s own root; leave rootfs out to get a throw-away view of it',
    ],
    ['a user that is unknown', ['-u', 'no-such-user', 'true'], 'user: '],
    [
      'a relative target',
      ['-v', '/tmp:x', 'true'],
      '--volume target: expected an absolute path in the container, got "x"',
    ],
    [
      'a source that is missing',
      ['-v', '/nowhere:/x', 'true'],
      'mounts[0].source: "/nowhere" does not exist',
    ],
    [
      'a mount on /proc',
      ['-v', '/tmp:/proc/1', 'true'],
      'mounts[0].destination: /proc/1 is in /proc, which has to stay what it is',
    ],
    [
      'a mount on the root',
      ['-v', '/tmp:/', 'true'],
      'mounts[0].destination: the root itself can’t be mounted over',
    ],
    [
      'a hostname without uts',
      ['--hostname', 'x', '--namespace', 'uts=host', 'true'],
      'hostname: needs a new uts namespace (NEWUTS)',
    ],
    [
      'a long hostname',
      ['--hostname', 'x'.repeat(65), 'true'],
      'hostname: is longer than 64 bytes',
    ],
    [
      'no mount namespace',
      ['--namespace', 'mount=host', 'true'],
      'namespaces: a container needs a mount namespace',
    ],
    ['no ids', ['--userns=0:0:0', 'true'], 'uidMappings[0].size: expected a number from 1 to'],
    [
      'ids that overlap',
      ['--userns=0:0:2,1:5:1', 'true'],
      'uidMappings: ranges overlap at containerId 1',
    ],
    ['an id that is a path', ['--id', '../x', 'true'], 'id: expected at most 128 letters'],
    [
      'a limit upside down',
      ['--ulimit', 'nofile=5:2', 'true'],
      '--ulimit: the soft limit 5 of nofile is above the hard limit 2',
    ],
    [
      'a config that is missing',
      ['--config', '/nowhere.json', 'true'],
      "ENOENT: no such file or directory, open '/nowhere.json'",
    ],
    [
      'a network',
      ['--network', 'brigde', 'true'],
      '--network: expected none, host, loopback, bridge[:NAME], macvlan:DEVICE[:MODE]',
    ],
  ])('%s', async (_, args, message) => {
    const [line, hint, ...more] = await refused(...args);
    expect(line).toContain(`nsinit: ${message}`);
    expect(more).toEqual([]);
    expect(hint ?? 'hint: ').toMatch(/^hint: /);
  });
});

const writeConfig = (text: string): string => {
  const file = join(temporaryDirectory('config'), 'container.json');
  writeFileSync(file, text);
  return file;
};

describe('a container.json that can’t be', () => {
  it.each<[string, string, string[]]>([
    ['is no JSON', '{"hostname":', ['expected a value']],
    ['has a wrong type', '{"tty":"yes"}', ['tty: expected true or false, got "yes"']],
    ['has a NUL', '{"hostname":"a\\u0000b"}', ['hostname: has a NUL byte in it']],
    [
      'has several mistakes',
      '{"user":1,"mount_config":{"mounts":[{"type":"bind","source":"/a","destination":"tmp"}]},"environment":["A"]}',
      ['user: expected a string, got 1'],
    ],
    [
      'has a bad address',
      '{"namespaces":{"NEWNET":true},"networks":[{"type":"veth","bridge":"b","veth_prefix":"v","address":"1.2.3.4/99"}]}',
      ['networks[0].address: '],
    ],
    ['would change the host', '{"hostname":"x"}', ['hostname: ']],
    [
      'asks for an unknown namespace',
      '{"namespaces":{"NEWNS":true,"NEWNTE":true}}',
      ['namespaces.NEWNTE: '],
    ],
  ])('%s', async (_, text, messages) => {
    const file = writeConfig(text);
    const lines = await refused('--config', file, 'true');
    for (const line of lines) expect(line).toMatch(/^nsinit: |^hint: /);
    for (const message of messages)
      expect(lines.join('\n')).toContain(`nsinit: ${file}: ${message}`);
  });

  it('warns of keys that are not known, and refuses them under --strict', async () => {
    const file = writeConfig('{"hostnmae":"x","namespaces":{"NEWNS":true}}');
    const line = `${file}: hostnmae: is no key that is known; did you mean "hostname"?`;
    const { stderr } = await nsinit(['plan', '--config', file, 'true']);
    expect(stderr).toBe(`nsinit: warning: ${line}\n`);
    expect(await refused('--strict', '--config', file, 'true')).toEqual([`nsinit: ${line}`]);
  });
});

describe.skipIf(!isRoot)('what the kernel refuses names the step (needs root)', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a directory to start in',
      ['-w', '/nowhere', 'true'],
      /ENOENT: .*'\/nowhere' \(step \d+ of \d+, @ts-c\/capabilities: /,
    ],
    [
      'an option of a mount',
      ['--mount', 'type=tmpfs,target=/t,wrong=1', 'true'],
      /EINVAL: invalid argument, fsconfig 'tmpfs' \(step \d+ of \d+, @ts-c\/mount: tmpfs on \/t\)/,
    ],
    [
      'a file that is no namespace',
      ['--namespace', 'net=/etc/passwd', 'true'],
      /EINVAL: .*'\/etc\/passwd'/,
    ],
    [
      'a namespace of another kind',
      ['--namespace', `net=/proc/${process.pid}/ns/uts`, 'true'],
      /EINVAL: .*'\/proc\/\d+\/ns\/uts'/,
    ],
    [
      'a process that is gone',
      ['--namespace', 'net=pid:2147483646', 'true'],
      /ESRCH: no such process, pidfd_open/,
    ],
  ])('%s', async (_, args, expected) => {
    const [line, hint, ...more] = await refused(...args);
    expect(line).toMatch(/^nsinit: /);
    expect(line).toMatch(expected);
    expect(more).toEqual([]);
    expect(hint ?? 'hint: ').toMatch(/^hint: /);
  });
});

describe.skipIf(!isRoot || !busybox)('a hostile root (needs root and busybox-static)', () => {
  it.each([
    ['proc', '/'],
    ['proc', '../../../../proc'],
    ['dev', '/dev'],
    ['sys', '/sys'],
  ])('whose /%s is a link to %s is refused', async (name, target) => {
    const rootfs = makeRootfs();
    symlinkSync(target, join(rootfs, name));
    const [line, hint, ...more] = await refused('--rootfs', rootfs, 'true');
    expect(line).toContain(
      `ELOOP: too many symbolic links encountered, openat2 '${join(rootfs, name)}'`,
    );
    expect(hint).toContain('is a symbolic link');
    expect(more).toEqual([]);
  });

  it('whose /dev/null leads elsewhere gets a device all the same', async () => {
    const rootfs = makeRootfs();
    const victim = join(temporaryDirectory('victim'), 'file');
    writeFileSync(victim, 'precious');
    mkdirSync(join(rootfs, 'dev'));
    symlinkSync(victim, join(rootfs, 'dev/null'));
    const root = temporaryDirectory('root');
    const { stdout } = await nsinit([
      'run',
      '--root',
      root,
      '--rootfs',
      rootfs,
      'sh',
      '-c',
      'echo x > /dev/null; ls -l /dev/null | cut -c 1',
    ]);
    expect(stdout).toBe('c\n');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('that leads a mount out of it keeps it inside', async () => {
    const rootfs = makeRootfs();
    const outside = temporaryDirectory('outside');
    symlinkSync(outside, join(rootfs, 'link'));
    const root = temporaryDirectory('root');
    const data = temporaryDirectory('data');
    writeFileSync(join(data, 'file'), 'x');
    await nsinit(['run', '--root', root, '--rootfs', rootfs, '-v', `${data}:/link/target`, 'true']);
    expect(readdirSync(outside)).toEqual([]);
  });

  it('that leads a mount into /proc is refused', async () => {
    const rootfs = makeRootfs();
    symlinkSync('proc', join(rootfs, 'link'));
    const lines = await refused('--rootfs', rootfs, '-v', `${rootfs}:/link/sys`, 'true');
    expect(lines[0]).toContain('leads into /proc, which has to stay what it is');
  });

  it('whose passwd leads elsewhere is not believed', async () => {
    const rootfs = makeRootfs();
    rmSync(join(rootfs, 'etc/passwd'));
    symlinkSync('/etc/passwd', join(rootfs, 'etc/passwd'));
    const lines = await refused('--rootfs', rootfs, '-u', 'daemon', 'true');
    expect(lines[0]).toMatch(/^nsinit: user: /);
  });
});

describe.skipIf(!isRoot)('without privileges (needs root to give them up)', () => {
  const setpriv = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--inh-caps=-all',
  ];
  const nobody = (
    args: readonly string[],
  ): { status: number | null; stdout: string; stderr: string } => {
    const [file = '', ...rest] = [...setpriv, ...command, ...args];
    return spawnSync(file, rest, { env: { PATH: process.env['PATH'] }, encoding: 'utf8' });
  };
  const nobodyIn = (words: readonly string[]): boolean => {
    const [file = '', ...rest] = [...setpriv, ...words];
    return spawnSync(file, rest, { stdio: 'ignore' }).status === 0;
  };
  // The program itself has to be within reach of others.
  const canTry = nobody(['--version']).status === 0;

  it.skipIf(!canTry)('says what is missing and what to do about it (needs setpriv)', () => {
    const root = temporaryDirectory('root');
    chmodSync(root, 0o755);
    const { status, stderr } = nobody(['run', '--root', join(root, 'x'), 'true']);
    expect(status).toBe(125);
    expect(stderr.trimEnd().split('\n')).toHaveLength(stderr.includes('hint:') ? 2 : 1);
    expect(stderr).toMatch(/needs root \(CAP_SYS_ADMIN\)|EACCES/);
  });

  const userNamespaces = nobodyIn(['unshare', '--user', '--map-root-user', 'true']);

  it.skipIf(!canTry || !userNamespaces)(
    'is root in a user namespace (needs setpriv, unshare)',
    () => {
      const root = temporaryDirectory('root');
      chmodSync(root, 0o777);
      const script = 'id -u; cat /proc/self/uid_map; touch /usr/written && echo written';
      const args = ['run', '--root', join(root, 'own'), '--userns=0:65534:1', 'sh', '-c', script];
      const { status, stdout, stderr } = nobody(args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^0\n\s+0\s+65534\s+1\nwritten\n$/);
      expect(recorded(join(root, 'own'))).toEqual([]);
    },
  );

  it.skipIf(!canTry)('plans as anybody (needs setpriv)', () => {
    const { status, stderr } = nobody(['plan', 'true']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
