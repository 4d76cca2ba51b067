import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs, temporaryDirectory } from '../rootfs.ts';
import { writeSample } from '../samples.ts';
import { nsinit } from './nsinit.ts';

const isRoot = process.getuid?.() === 0;
const small =
  '{"namespaces":{"NEWNS":true,"NEWPID":true,"NEWUTS":true},"environment":["PATH=/bin"],"hostname":"box"}';

/** A root file system with its configuration in it, as `nsinit exec` wants it. */
function makeBundle(config: string): string {
  const rootfs = makeRootfs();
  chmodSync(rootfs, 0o755);
  writeFileSync(join(rootfs, 'container.json'), config);
  return rootfs;
}

it('says so where there is no container.json', async () => {
  const cwd = temporaryDirectory('empty');
  const { status, stderr } = await nsinit(['exec', 'true'], { cwd });
  expect(status).toBe(125);
  expect(stderr).toBe(
    `nsinit: ENOENT: no such file or directory, open '${join(cwd, 'container.json')}'\nhint: nsinit spec --new prints one to begin with; data_path names another directory\n`,
  );
});

describe.skipIf(!isRoot || !busybox)('nsinit exec (needs root and busybox-static)', () => {
  it('runs the container of the directory', async () => {
    const cwd = makeBundle(small);
    const result = await nsinit(
      ['exec', '--', 'sh', '-c', 'hostname; echo $$; cat /state.json; exit 4'],
      { cwd },
    );
    expect(result.status).toBe(4);
    expect(result.stdout).toMatch(
      /^box\n1\n\{"init_pid":\d+,"init_start_time":"\d+","network_state":\{\}\}\n$/,
    );
    expect(result.stderr).toBe('');
    expect(existsSync(join(cwd, 'state.json'))).toBe(false);
  });

  it('takes arguments with dashes without --', async () => {
    const { stdout } = await nsinit(['exec', 'ls', '-a', '/root'], { cwd: makeBundle(small) });
    expect(stdout).toBe('.\n..\n');
  });

  it('takes minimal.json, all of which has an effect', async () => {
    const cwd = makeBundle('');
    writeSample('minimal', cwd);
    const result = await nsinit(['exec', '--', '/bin/sh', '-c', 'tty; id -un; hostname; env'], {
      cwd,
    });
    expect(result.stderr).toBe('');
    const lines = result.stdout.replaceAll('\r', '').split('\n');
    expect(lines.slice(0, 3)).toEqual(['/dev/pts/0', 'daemon', 'koye']);
    expect(lines).toContain('HOME=/');
  });

  it('finds its files by data_path, and writes to the log', async () => {
    const cwd = makeRootfs();
    const data = temporaryDirectory('data');
    writeFileSync(
      join(data, 'container.json'),
      small.replace('"hostname"', '"unknown":1,"hostname"'),
    );
    const log = join(data, 'log');
    const env = { data_path: data, log };
    const fine = await nsinit(['exec', 'hostname'], { cwd, env });
    expect(fine).toEqual({ status: 0, stdout: 'box\n', stderr: '' });
    const missing = await nsinit(['exec', 'nothing-like-it'], { cwd, env });
    expect(missing).toMatchObject({ status: 127, stdout: '' });
    expect(missing.stderr).toContain('nsinit: ENOENT');
    const time = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /;
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(time);
    expect(lines.map((line) => line.replace(time, '').split(':')[0])).toEqual([
      'warning',
      'warning',
      'failed to exec',
    ]);
    expect(existsSync(join(cwd, 'state.json'))).toBe(false);
    const nowhere = await nsinit(['exec', 'true'], {
      cwd,
      env: { data_path: data, log: '/nowhere/log' },
    });
    expect(nowhere.status).toBe(125);
    expect(nowhere.stderr).toContain(
      "nsinit: log: ENOENT: no such file or directory, open '/nowhere/log'",
    );
  });

  it('does not enter a container that runs, and says so', async () => {
    const cwd = makeBundle(small);
    const running = nsinit(['exec', 'sh', '-c', 'while test ! -e /stop; do sleep 0.05; done'], {
      cwd,
    });
    while (!existsSync(join(cwd, 'state.json'))) await delay(20);
    const { init_pid: pid } = JSON.parse(readFileSync(join(cwd, 'state.json'), 'utf8')) as {
      init_pid: number;
    };
    const second = await nsinit(['exec', 'true'], { cwd });
    expect(second).toEqual({
      status: 125,
      stdout: '',
      stderr: `nsinit: the container of ${cwd} is running (pid ${pid}); entering a running container is not there yet: kill it first, or use another directory\n`,
    });
    writeFileSync(join(cwd, 'stop'), '');
    expect((await running).status).toBe(0);
    expect(existsSync(join(cwd, 'state.json'))).toBe(false);
  });

  it('replaces the state of a container that has ended', async () => {
    const cwd = makeBundle(small);
    writeFileSync(
      join(cwd, 'state.json'),
      '{"init_pid":2147483646,"init_start_time":"5","network_state":{}}',
    );
    const { status, stderr } = await nsinit(['exec', 'true'], { cwd });
    expect(status).toBe(0);
    expect(stderr).toBe(
      'nsinit: warning: state.json is about process 2147483646, which has ended: it is replaced\n',
    );
    expect(existsSync(join(cwd, 'state.json'))).toBe(false);
  });
});

describe('nsinit spec', () => {
  it('prints the configuration in its normal form', async () => {
    const cwd = temporaryDirectory('spec');
    writeFileSync(
      join(cwd, 'container.json'),
      '{"tty":true, "Hostname":"box", "user":"", "namespaces":{"NEWUTS":true,"NEWNS":true}}',
    );
    const { stdout, stderr, status } = await nsinit(['spec'], { cwd });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toBe(
      '{\n\t"hostname": "box",\n\t"tty": true,\n\t"namespaces": {\n\t\t"NEWNS": true,\n\t\t"NEWUTS": true\n\t}\n}\n',
    );
    expect((await nsinit(['spec'], { cwd: '/', env: { data_path: cwd } })).stdout).toBe(stdout);
    expect((await nsinit(['spec', '--config', join(cwd, 'container.json')])).stdout).toBe(stdout);
  });

  it('prints one to begin with, which is in its normal form and has no mistakes', async () => {
    const cwd = temporaryDirectory('spec');
    const { stdout } = await nsinit(['spec', '--new']);
    writeFileSync(join(cwd, 'container.json'), stdout);
    expect(await nsinit(['spec', '--strict'], { cwd })).toEqual({ status: 0, stdout, stderr: '' });
  });

  it('warns, and refuses under --strict', async () => {
    const cwd = temporaryDirectory('spec');
    writeFileSync(join(cwd, 'container.json'), '{"usr":"x"}');
    const line = `${join(cwd, 'container.json')}: usr: is no key that is known; did you mean "user"?\n`;
    expect(await nsinit(['spec'], { cwd })).toEqual({
      status: 0,
      stdout: '{}\n',
      stderr: `nsinit: warning: ${line}`,
    });
    expect(await nsinit(['spec', '--strict'], { cwd })).toEqual({
      status: 125,
      stdout: '',
      stderr: `nsinit: ${line}`,
    });
  });
});
