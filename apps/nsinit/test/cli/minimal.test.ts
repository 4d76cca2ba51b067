import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs } from '../rootfs.ts';
import { writeSample } from '../samples.ts';
import { command } from './nsinit.ts';

const hasScript = spawnSync('script', ['--version']).status === 0;
const isRoot = process.getuid?.() === 0;

/** Runs a shell script in the container of libcontainer's minimal.json, on a terminal, and gives its lines. */
function onTerminal(inside: string): { status: number | null; lines: string[] } {
  const rootfs = makeRootfs();
  writeSample('minimal', rootfs);
  const words = [...command, 'exec', '--', '/bin/sh', '-c', inside];
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const { status, stdout } = spawnSync('script', ['-qec', quoted, '/dev/null'], {
    cwd: rootfs,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Where its own input ends, script(1) types an end-of-file, which the terminal echoes.
  const lines = stdout.replaceAll('\r', '').replace('^@', '').split('\n');
  expect(lines.filter((line) => line.startsWith('nsinit: warning:'))).toEqual([]);
  return { status, lines: lines.filter((line) => line !== '') };
}

describe.skipIf(!isRoot || !busybox || !hasScript)(
  'minimal.json on a terminal (needs root, busybox-static and script)',
  () => {
    it('has the mounts that libcontainer 1.1.0 promises', () => {
      const { status, lines } = onTerminal('cat /proc/mounts');
      expect(status).toBe(0);
      const [root, ...mounts] = lines;
      expect(root).toMatch(/^\S+ \/ /);
      // Some kernels say of a tmpfs how wide its inode numbers are.
      expect(mounts.slice(0, 6).map((line) => line.replace(',inode64', ''))).toEqual([
        'proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0',
        'sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0',
        'tmpfs /dev tmpfs rw,nosuid,mode=755 0 0',
        'shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k 0 0',
        'devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666 0 0',
        'devpts /dev/console devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666 0 0',
      ]);
      // What of these there is depends on the kernel; /proc/kcore is hidden behind the null device.
      for (const line of mounts.slice(6)) {
        expect(line).toMatch(
          /^proc \/proc\/(sys|sysrq-trigger|irq|bus) proc ro,nosuid,nodev,noexec,relatime 0 0$|^\S+ \/proc\/kcore /,
        );
      }
    });

    it('has the devices and links, a terminal of its own, and the hostname', () => {
      const { lines } = onTerminal(
        'tty; hostname; cd /dev; stat -c "%N %F %a %t:%T" *; test -t 0 && echo yes; : > /dev/tty && echo controlling',
      );
      expect(lines).toEqual([
        '/dev/pts/0',
        'koye',
        'console character special file 620 88:0',
        "'fd' -> '/proc/self/fd' symbolic link 777 0:0",
        'full character special file 666 1:7',
        ...(lines.some((line) => line.includes('kcore'))
          ? ["'kcore' -> '/proc/kcore' symbolic link 777 0:0"]
          : []),
        'null character special file 666 1:3',
        "'ptmx' -> 'pts/ptmx' symbolic link 777 0:0",
        'pts directory 755 0:0',
        'random character special file 666 1:8',
        'shm directory 1777 0:0',
        "'stderr' -> '/proc/self/fd/2' symbolic link 777 0:0",
        "'stdin' -> '/proc/self/fd/0' symbolic link 777 0:0",
        "'stdout' -> '/proc/self/fd/1' symbolic link 777 0:0",
        'tty character special file 666 5:0',
        'urandom character special file 666 1:9',
        'zero character special file 666 1:5',
        'yes',
        'controlling',
      ]);
    });

    it('is daemon, keeps twelve capabilities at most, and has its environment', () => {
      const { lines } = onTerminal(
        'grep -E "^(Uid|Gid|Groups|Cap...|NSpid|Umask):" /proc/self/status; env; pwd',
      );
      expect(lines.slice(0, 10).map((line) => line.replaceAll(/\s+/g, ' ').trim())).toEqual([
        'Umask: 0022',
        'Uid: 1 1 1 1',
        'Gid: 1 1 1 1',
        'Groups: 2000',
        expect.stringMatching(/^NSpid: \d$/),
        'CapInh: 0000000000000000',
        'CapPrm: 0000000000000000',
        'CapEff: 0000000000000000',
        'CapBnd: 00000000880425eb',
        'CapAmb: 0000000000000000',
      ]);
      // The shell adds some of its own.
      const environment = lines
        .slice(10, -1)
        .filter((line) => !/^(PWD|SHLVL|OLDPWD|_)=/.test(line));
      expect(environment.toSorted()).toEqual([
        'HOME=/',
        'HOSTNAME=koye',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'TERM=xterm',
      ]);
      expect(lines.at(-1)).toBe('/');
    });

    it('is in new mount, uts, ipc, pid and net namespaces, and in the host’s others', () => {
      const kinds = ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'];
      const { lines } = onTerminal(
        kinds.map((kind) => `readlink /proc/self/ns/${kind}`).join('; '),
      );
      const here = kinds.map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
      expect(lines.map((line, index) => line === here[index])).toEqual([
        false,
        false,
        false,
        false,
        false,
        true,
        true,
        true,
      ]);
    });
  },
);
