import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillRootfs, busybox, makeRootfs, temporaryDirectory } from '../rootfs.ts';
import { writeSample } from '../samples.ts';
import { command, nsinit, recorded, type Result } from './nsinit.ts';

const isRoot = process.getuid?.() === 0;

/** Runs a container whose records are the test’s own, and sees that none is left. */
async function run(...args: readonly string[]): Promise<Result> {
  const root = temporaryDirectory('root');
  const result = await nsinit(['run', '--root', root, ...args]);
  expect(recorded(root)).toEqual([]);
  return result;
}

describe.skipIf(!isRoot)('nsinit run (needs root)', () => {
  it.each([
    [['true'], 0],
    [['sh', '-c', 'exit 7'], 7],
    [['--', 'sh', '-c', 'exit 255'], 255],
    [['sh', '-c', 'kill -TERM $$; exit 3'], 3],
  ])('%j: %i', async (args, status) => {
    expect(await run(...args)).toEqual({ status, stdout: '', stderr: '' });
  });

  it.each([
    [['/etc/passwd'], 126, "nsinit: EACCES: permission denied, execve '/etc/passwd'"],
    [
      ['nothing-like-it'],
      127,
      "nsinit: ENOENT: no such file or directory, execve 'nothing-like-it'",
    ],
    [
      ['/nothing/like/it'],
      127,
      "nsinit: ENOENT: no such file or directory, execve '/nothing/like/it'",
    ],
  ])('%j: %i', async (args, status, line) => {
    const result = await run(...args);
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr.split('\n')[0]).toContain(line);
  });

  it('gives the command its arguments as they are', async () => {
    const { stdout } = await run('printf', '%s|', '-la', '--help', '--', '', 'two words');
    expect(stdout).toBe('-la|--help|--||two words|');
  });

  it('is a container', async () => {
    const script =
      'echo $$; hostname; ls /proc | grep -c "^[0-9]"; ls /sys/class/net; echo $HOME $PATH';
    const { stdout, stderr } = await run('--id', 'box-1', 'sh', '-c', script);
    expect(stderr).toBe('');
    const [pid, hostname, processes, links, environment] = stdout.split('\n');
    expect({ pid, hostname, links }).toEqual({ pid: '1', hostname: 'box-1', links: 'lo' });
    expect(Number(processes)).toBeLessThan(6);
    expect(environment).toBe('/root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  });

  it('throws away what is written to the view of this machine', async () => {
    const directory = temporaryDirectory('written');
    const file = join('/var', `ts-c-${process.pid}`);
    const { status } = await run(
      'sh',
      '-c',
      `echo x > ${file} && cat ${file} && test ! -e ${directory}`,
    );
    expect(status).toBe(0);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it('passes standard input on', async () => {
    const root = temporaryDirectory('root');
    const text = 'line\n'.repeat(50_000);
    const result = await nsinit(['run', '--root', root, 'cat'], { input: text });
    expect(result.stdout === text).toBe(true);
    expect(result.status).toBe(0);
  });

  it('sets variables from options and files', async () => {
    const file = join(temporaryDirectory('env'), 'env');
    writeFileSync(file, '# comment\nA=1\nB=2\n');
    const { stdout } = await run(
      '--env-file',
      file,
      '-e',
      'B=3',
      '-e',
      'PATH',
      '-e',
      'NOT_SET_HERE',
      '--hostname',
      'h',
      'env',
    );
    expect(stdout.trim().split('\n').toSorted()).toEqual(
      ['A=1', 'B=3', 'HOME=/root', 'HOSTNAME=h', `PATH=${process.env['PATH']}`].toSorted(),
    );
  });

  it('sets user, directory, limits and capabilities', async () => {
    const script = 'id -u; pwd; ulimit -n; grep -E "CapEff|NoNewPrivs" /proc/self/status';
    const { stdout } = await run(
      '-u',
      '65534:65534',
      '-w',
      '/usr',
      '--ulimit',
      'nofile=77:88',
      'sh',
      '-c',
      script,
    );
    expect(stdout).toBe('65534\n/usr\n77\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n');
    const kept = await run(
      '--cap-drop',
      'ALL',
      '--cap-add',
      'KILL',
      '--allow-new-privileges',
      'grep',
      '-E',
      'CapBnd|NoNew',
      '/proc/self/status',
    );
    expect(kept.stdout).toBe('CapBnd:\t0000000000000020\nNoNewPrivs:\t0\n');
  });

  it('binds and mounts', async () => {
    const directory = temporaryDirectory('data');
    writeFileSync(join(directory, 'file'), 'here\n');
    const script =
      'cat /data/file; echo x > /data/new || echo refused; df /t | tail -n 1 | cut -d " " -f 1';
    const { stdout } = await run(
      '-v',
      `${directory}:/data:ro`,
      '--mount',
      'type=tmpfs,target=/t,size=1m',
      'sh',
      '-c',
      script,
    );
    expect(stdout).toBe('here\nrefused\ntmpfs\n');
    expect((await run('-v', `${directory}:/data`, 'touch', '/data/new')).status).toBe(0);
    expect(readFileSync(join(directory, 'new'), 'utf8')).toBe('');
  });

  it('shares this machine’s namespaces, joins others, and moves clocks', async () => {
    const names = ['net', 'uts', 'ipc', 'cgroup'];
    const links = names.map((name) => `readlink /proc/self/ns/${name}`).join('; ');
    const own = spawnText('sh', ['-c', links]);
    const shared = await run(
      '--network',
      'host',
      ...['uts', 'ipc', 'cgroup'].flatMap((kind) => ['--namespace', `${kind}=host`]),
      'sh',
      '-c',
      links,
    );
    expect(shared.stdout).toBe(await own);
    const joined = await run(
      '--namespace',
      `uts=pid:${process.pid}`,
      '--namespace',
      `ipc=/proc/${process.pid}/ns/ipc`,
      'sh',
      '-c',
      links,
    );
    const before = (await own).split('\n');
    expect(joined.stdout.split('\n').map((line, index) => line === before[index])).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
    const clocks = await run('--time-offset', 'boottime=1000000', 'cat', '/proc/uptime');
    expect(Number(clocks.stdout.split(' ')[0])).toBeGreaterThan(1_000_000);
  });

  it('gives a terminal', async () => {
    const { stdout, status } = await run('-t', 'sh', '-c', 'tty; echo $TERM');
    expect(stdout.replaceAll('\r', '')).toBe('/dev/pts/0\nxterm\n');
    expect(status).toBe(0);
  });

  it('ends it when its time has passed', async () => {
    const result = await run('--timeout', '300ms', 'sleep', '60');
    expect(result).toEqual({
      status: 137,
      stdout: '',
      stderr: 'nsinit: warning: the container was ended: 300ms had passed\n',
    });
  });

  it.each([
    ['SIGTERM', 'trap "exit 5" TERM', 5],
    ['SIGINT', 'trap "exit 6" INT', 6],
    ['SIGHUP', 'trap "exit 7" HUP', 7],
  ] as const)('passes %s on', async (signal, trap, expected) => {
    const root = temporaryDirectory('root');
    const [node = '', ...flags] = command;
    const script = `${trap}; echo ready; while :; do sleep 0.05; done`;
    const child = spawn(node, [...flags, 'run', '--root', root, 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill(signal);
    const [status] = await once(child, 'exit');
    expect(status).toBe(expected);
    expect(recorded(root)).toEqual([]);
  });

  it('ends with a reader that has seen enough', async () => {
    const [node = '', ...flags] = command;
    const child = spawn(node, [...flags, 'plan', '--json', 'true'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.destroy();
    const [status] = await once(child, 'close');
    expect({ status, stderr }).toEqual({ status: 141, stderr: '' });
  });

  describe.skipIf(!busybox)('with a root of its own (needs busybox-static)', () => {
    it('runs in it, read-only if asked for', async () => {
      const rootfs = makeRootfs();
      expect((await run('--rootfs', rootfs, 'sh', '-c', 'ls / > /out; echo $?')).stdout).toBe(
        '0\n',
      );
      expect(readFileSync(join(rootfs, 'out'), 'utf8')).toContain('bin\n');
      const result = await run('--rootfs', rootfs, '--read-only', 'sh', '-c', 'echo x > /out');
      expect(result.status).not.toBe(0);
      expect(result.stderr).toContain('Read-only file system');
    });

    it.each<[string, string]>([
      ['minimal', ''],
      ['apparmor', 'apparmor_profile has no effect: this version does not carry that out'],
    ])('begins with %s.json and names what has no effect', async (name, warning) => {
      const rootfs = makeRootfs();
      chmodSync(rootfs, 0o755);
      const config = writeSample(name, temporaryDirectory('config'));
      const result = await run(
        '--rootfs',
        rootfs,
        '--config',
        config,
        '-e',
        'A=1',
        'sh',
        '-c',
        'hostname; id -un; echo $A; tty',
      );
      expect(result.stdout.replaceAll('\r', '')).toBe('koye\ndaemon\n1\n/dev/pts/0\n');
      expect(result.stderr).toBe(warning === '' ? '' : `nsinit: warning: ${config}: ${warning}\n`);
    });

    it('makes a user namespace', async () => {
      const rootfs = join(temporaryDirectory('open'), 'rootfs');
      mkdirSync(rootfs);
      fillRootfs(rootfs);
      const script = 'id -u; cat /proc/self/uid_map';
      const automatic = await run('--rootfs', rootfs, '--userns', 'sh', '-c', script);
      expect(automatic).toMatchObject({ status: 0, stderr: '' });
      expect(automatic.stdout).toMatch(/^0\n\s+0\s+0\s+\d+\n$/);
      const mapped = await run(
        '--rootfs',
        rootfs,
        '--userns=0:0:1,1:100001:10',
        'sh',
        '-c',
        script,
      );
      expect(mapped).toMatchObject({ status: 0, stderr: '' });
      expect(mapped.stdout).toMatch(/^0\n\s+0\s+0\s+1\n\s+1\s+100001\s+10\n$/);
    });
  });
});

async function spawnText(file: string, args: readonly string[]): Promise<string> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return text;
}
