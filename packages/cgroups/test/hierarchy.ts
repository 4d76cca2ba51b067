/** Cgroups in one hierarchy, whichever a test needs, beneath which it may make others; nothing here blocks the event loop. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

const mounts = existsSync('/proc/self/mounts')
  ? readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
  : [];

/** Where the hierarchy of a controller of version 1 is mounted; `name=systemd` for a named one. */
export function mountV1(controller: string): string | undefined {
  return mounts.find(
    ([, , type, options = '']) => type === 'cgroup' && options.split(',').includes(controller),
  )?.[1];
}

/** Where version 2 is mounted; with a controller only where it has that. */
export function mountV2(controller?: string): string | undefined {
  const mountPoint = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
  if (mountPoint === undefined || controller === undefined) return mountPoint;
  const controllers = readFileSync(join(mountPoint, 'cgroup.controllers'), 'utf8');
  return controllers.trim().split(' ').includes(controller) ? mountPoint : undefined;
}

/** Makes a cgroup that is gone after the test, with all that is in it; with a controller of version 2 where one is named. */
export function makeGroup(mountPoint: string | undefined, controller?: string): string {
  if (mountPoint === undefined) throw new Error('the test needs a hierarchy that is not mounted');
  if (controller !== undefined)
    writeFileSync(join(mountPoint, 'cgroup.subtree_control'), `+${controller}`);
  const directory = join(mountPoint, `ts-c-test-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(directory);
  onTestFinished(() => removeGroup(directory));
  return directory;
}

/** Starts a shell command whose process is in a cgroup before it does anything. It is killed after the test. */
export function spawnIn(directory: string, command: string): ChildProcess {
  const child = spawn(
    '/bin/sh',
    ['-c', `echo $$ > "$1"/cgroup.procs && ${command}`, 'sh', directory],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Waits until a process is a member of a cgroup. */
export async function whenMember(directory: string, child: ChildProcess): Promise<void> {
  await until(() => pidsOf(directory).includes(child.pid ?? 0));
}

/** Waits until something holds. */
export async function until(holds: () => boolean, milliseconds = 20_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it does not hold: ${holds.toString()}`);
    await delay(5);
  }
}

/** Removes a cgroup and those beneath it, once their processes are gone, which it kills. */
export async function removeGroup(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  thaw(directory);
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroup(join(directory, entry.name));
  await until(() => {
    for (const pid of pidsOf(directory)) kill(pid);
    try {
      rmdirSync(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
      return false;
    }
    return true;
  });
}

function thaw(directory: string): void {
  for (const [file, value] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const)
    if (existsSync(join(directory, file))) writeFileSync(join(directory, file), value);
}

function pidsOf(directory: string): number[] {
  return readFileSync(join(directory, 'cgroup.procs'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
