import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { defaultCapabilities, run, type ContainerRequest } from 'nsinit';
import { describe, loadConfig } from 'nsinit/config';
import { bwrapArguments, find, writeBundle, type Competitor } from './competitors.ts';

/** The container that everybody starts. */
export function containerIn(rootfs: string): ContainerRequest {
  return { rootfs, command: ['/bin/true'], hostname: 'box' };
}

/** The container of libcontainer's own smallest sample configuration. */
export function minimalContainer(rootfs: string): ContainerRequest {
  const { config } = loadConfig(
    join(import.meta.dirname, '../apps/nsinit/test/fixtures/minimal.json'),
  );
  return describe(config, { rootfs, command: ['/bin/true'] });
}

/** Everybody who is installed. */
export function competitorsFor(directory: string, rootfs: string, cli: string): Competitor[] {
  const busybox = join(rootfs, 'bin/busybox');
  const request = containerIn(rootfs);
  const list: Competitor[] = [
    { name: 'plain spawn', run: () => statusOf(busybox, ['true']) },
    {
      name: 'library',
      run: async () => {
        const { exitCode } = await run(request, { stdio: 'ignore' });
        return exitCode ?? -1;
      },
    },
    {
      name: 'nsinit run',
      run: () =>
        statusOf(process.execPath, [
          cli,
          'run',
          '--rootfs',
          rootfs,
          '--hostname',
          'box',
          '--root',
          join(directory, 'run'),
          '--',
          '/bin/true',
        ]),
    },
  ];
  const peer = (program: string, args: (bundle: string) => readonly string[]): void => {
    const path = find(program);
    if (path) list.push({ name: program, run: () => statusOf(path, args(bundle)) });
  };
  const bundle = writeBundle(directory, rootfs, defaultCapabilities);
  let id = 0;
  const nextId = (): string => `bench-${process.pid}-${(id += 1)}`;
  peer('unshare', () => [
    '--pid',
    '--fork',
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--cgroup',
    'chroot',
    rootfs,
    '/bin/true',
  ]);
  peer('bwrap', () => bwrapArguments(rootfs, defaultCapabilities));
  peer('crun', () => [
    '--root',
    join(directory, 'crun'),
    '--cgroup-manager=disabled',
    'run',
    '--bundle',
    bundle,
    nextId(),
  ]);
  peer('runc', () => ['--root', join(directory, 'runc'), 'run', '--bundle', bundle, nextId()]);
  return list;
}

async function statusOf(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code === null) throw new Error(`ended by ${signal}`);
  return code;
}

/**
 * crun refuses a host whose /sys/fs/cgroup is no cgroup2. In a mount namespace of its own it can be given one, without touching the
 * host: the whole benchmark moves there, so that everybody runs in the same place.
 */
export function moveWhereCrunWorks(): boolean {
  const marker = 'TS_C_BENCH_MOVED';
  if (process.env[marker] || !find('crun') || !find('unshare')) return false;
  const probe = spawnSync('stat', ['--file-system', '--format=%T', '/sys/fs/cgroup'], {
    encoding: 'utf8',
  });
  if (probe.stdout.trim() === 'cgroup2fs') return false;
  const script = 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"';
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const moved = spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', ...argv], {
    stdio: 'inherit',
    env: { ...process.env, [marker]: '1' },
  });
  process.exitCode = moved.status ?? 1;
  return true;
}
