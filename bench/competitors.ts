import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** One way to run `/bin/true` in the same root file system with the same isolation. */
export interface Competitor {
  readonly name: string;
  /** Starts it and resolves with its exit status. */
  run(): Promise<number>;
}

/** Where a program is, if it is installed. */
export function find(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The arguments of bubblewrap for the same container. */
export function bwrapArguments(rootfs: string, capabilities: readonly string[]): string[] {
  return [
    ...['pid', 'uts', 'ipc', 'net', 'cgroup'].map((kind) => `--unshare-${kind}`),
    '--hostname',
    'box',
    '--new-session',
    '--die-with-parent',
    '--bind',
    rootfs,
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--ro-bind',
    '/sys',
    '/sys',
    '--cap-drop',
    'ALL',
    ...capabilities.flatMap((name) => ['--cap-add', `CAP_${name}`]),
    '/bin/true',
  ];
}

/** Writes an OCI bundle for the same container, for crun and runc, and gives its directory. */
export function writeBundle(
  directory: string,
  rootfs: string,
  capabilities: readonly string[],
  command: readonly string[] = ['/bin/true'],
): string {
  const names = capabilities.map((name) => `CAP_${name}`);
  const bundle = join(directory, 'bundle');
  mkdirSync(bundle);
  const config = {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: command,
      env: ['PATH=/bin'],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: names, effective: names, permitted: names },
    },
    root: { path: rootfs },
    hostname: 'box',
    mounts: [
      {
        destination: '/proc',
        type: 'proc',
        source: 'proc',
        options: ['nosuid', 'noexec', 'nodev'],
      },
      {
        destination: '/sys',
        type: 'sysfs',
        source: 'sysfs',
        options: ['nosuid', 'noexec', 'nodev', 'ro'],
      },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755'],
      },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
    ],
    linux: {
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
      readonlyPaths: ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus'],
      maskedPaths: ['/proc/kcore'],
    },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return bundle;
}

/** The version line of a program, for the record. */
export function versionOf(program: string): string {
  return (
    spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]?.trim() ?? ''
  );
}
