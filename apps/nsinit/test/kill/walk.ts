import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ContainerStore } from '@ts-c/state';
import { bringUp, type Container } from '../../src/runtime/container.ts';
import { complete, type ContainerRequest } from '../../src/runtime/defaults.ts';
import { plan } from '../../src/index.ts';
import { recordKeeper } from '../../src/runtime/keeper.ts';
import { cgroupsWith, removeParents } from '../cgroups.ts';
import { PausingProgram } from './pausing-program.ts';

/** A container that has been stopped in front of one of its steps, or has come to its end before that. */
export interface Paused {
  readonly step: number;
  readonly container: Container;
  /** Its supervisor, and its first process if there is one yet. */
  readonly pids: readonly number[];
}

/** How many steps there are to walk through. */
export function stepsOf(rootfs: string): number {
  // The record under its id takes a few more than the plan shows.
  return (
    plan(requestIn(rootfs, 'walk'))
      .listing()
      .filter(({ step }) => step !== undefined).length + 30
  );
}

function requestIn(rootfs: string, id: string): ContainerRequest {
  // The directory is no other test's, and neither is a cgroup that is named after it.
  const cgroup = { name: id, parent: parentOf(rootfs), optional: true };
  return { rootfs, command: ['/bin/sleep', '0.2'], hostname: 'walk', cgroup };
}

function parentOf(rootfs: string): string {
  return `ts-c-test-${basename(rootfs)}`;
}

/** The cgroups that are left of containers in a root file system. What is above them goes now. */
export async function cgroupsLeft(rootfs: string): Promise<string[]> {
  const left = await cgroupsWith(`${parentOf(rootfs)}/`);
  if (left.length === 0) removeParents(parentOf(rootfs));
  return left;
}

/** Brings containers up, each to another step, and leaves them there. */
export async function pauseAt(
  steps: readonly number[],
  rootfs: string,
  root: string,
): Promise<Paused[]> {
  const paused = steps.map((step) => {
    const description = complete(requestIn(rootfs, `walk-${step}`));
    const keeper = recordKeeper(new ContainerStore(root), { id: `walk-${step}`, description });
    keeper.prepare();
    const program = new PausingProgram(step);
    const container = bringUp(description, { stdio: 'ignore', hold: true, keeper, program });
    // As a session does it: written down, then let go.
    void container.pid
      .then(
        (pid) => (
          keeper.write(pid, container.process.pid as number, {
            cgroup: container.cgroup?.toJSON(),
          }),
          container.proceed()
        ),
      )
      .catch(() => {});
    return { step, container };
  });
  await delay(1000);
  return paused.map(({ step, container }) => {
    const supervisor = container.process.pid as number;
    return { step, container, pids: [supervisor, ...childrenOf(supervisor)] };
  });
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** Waits for processes to be gone, a few seconds at most, and gives those that are not. A zombie that is not ours to reap counts as gone. */
export async function remaining(pids: readonly number[]): Promise<number[]> {
  for (let tries = 0; tries < 100; tries += 1) {
    const left = pids.filter(isAlive);
    if (left.length === 0) return [];
    await delay(50);
  }
  return pids.filter(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** What is left in the directory where records are. */
export async function leftovers(root: string): Promise<string[]> {
  for (let tries = 0; tries < 60 && existsSync(root) && readdirSync(root).length > 0; tries += 1)
    await delay(50);
  return existsSync(root) ? readdirSync(root) : [];
}

/** The mounts of this namespace. */
export function mounts(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8');
}
