import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { plan } from '../src/index.ts';
import { temporaryDirectory } from './rootfs.ts';

const vmrun = fileURLToPath(new URL('../../../tools/vm/vmrun.sh', import.meta.url));
// Where the guest is, on one line, if there is one.
const guest = spawnSync(vmrun, ['--arch', 'arm64', '--installed'], { encoding: 'utf8' });
const busybox = join(guest.stdout.trimEnd(), 'bin/busybox');
const hasGuest = guest.status === 0 && existsSync(busybox);

describe.skipIf(!hasGuest)('on arm64 (needs qemu-system-aarch64 and the guest of tools/vm)', () => {
  it('a container that was compiled here starts, runs and ends with its status', async () => {
    const directory = temporaryDirectory('arm64');
    const rootfs = join(directory, 'rootfs');
    mkdirSync(join(rootfs, 'bin'), { recursive: true });
    cpSync(busybox, join(rootfs, 'bin/busybox'));
    const script =
      'echo pid $$ on $(busybox hostname); busybox uname -m; busybox cat /proc/mounts; busybox ls /dev; exit 7';
    const request = { rootfs, hostname: 'box', command: ['/bin/busybox', 'sh', '-c', script] };
    const program = join(directory, 'container');
    writeFileSync(program, plan(request).compile('arm64').bytes, { mode: 0o755 });
    // Nobody listens to its reports, yet there has to be somebody who could: a pipe that stays open.
    const command = `mkfifo /run/reports && ${program} 3<>/run/reports; echo status $?`;

    const { stdout } = await promisify(execFile)(vmrun, [
      '--arch',
      'arm64',
      '--timeout',
      '120',
      '--',
      'sh',
      '-c',
      command,
    ]);

    expect(stdout).toMatch(/^pid 1 on box\naarch64\n/);
    expect(stdout).toContain('proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n');
    expect(stdout).toContain(
      'devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666 0 0\n',
    );
    expect(stdout).toMatch(/^urandom$/m);
    expect(stdout).toMatch(/status 7\n$/);
  }, 150_000);
});
