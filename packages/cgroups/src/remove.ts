import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { CgroupError } from './error.ts';
import { readWords } from './place.ts';
import type { Member } from './plan.ts';

/** How long removing and killing wait for the kernel, in milliseconds. */
const patience = 5000;

/**
 * Removes a cgroup in all of its hierarchies, with all those beneath it, and what was made above it if nobody else uses that. A
 * cgroup that is gone already is no error; one that the kernel is still busy with is tried again.
 *
 * @param isOurs Which of the directories to remove; all, unless given.
 * @throws {CgroupError} (`ERR_CGROUP_NOT_EMPTY`) which names the processes that are still in it after 5 seconds.
 */
export async function removeMembers(
  members: readonly Member[],
  isOurs: (path: string) => boolean = () => true,
): Promise<void> {
  const deadline = performance.now() + patience;
  const reversed = members.toReversed();
  for (const { path } of reversed) if (isOurs(path)) await removeTree(path, deadline);
  for (const path of reversed.flatMap(({ made }) => made)) if (isOurs(path)) tryRemove(path);
}

/**
 * Ends what is left in a cgroup and removes it, without waiting for more than a moment: for what has ended already.
 *
 * @throws {CgroupError} (`ERR_CGROUP_NOT_EMPTY`) where the kernel is still busy with it.
 */
export function removeNow(members: readonly Member[]): void {
  killOnce(members);
  for (const { path, made } of members.toReversed()) {
    let failure: CgroupError | undefined;
    for (let tries = 0; tries < 20; tries += 1) {
      failure = removeOnce(path);
      if (!failure) break;
      killOnce(members);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
    if (failure) throw failure;
    for (const above of made) tryRemove(above);
  }
}

async function removeTree(path: string, deadline: number): Promise<void> {
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const failure = removeOnce(path);
    if (!failure) return;
    if (performance.now() > deadline) throw failure;
    await delay(pause);
  }
}

/** @returns what to say if the kernel is still busy with it. */
function removeOnce(path: string): CgroupError | undefined {
  try {
    // Removing it is what tells best whether there is something beneath, and mostly there is not.
    rmdirSync(path);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code !== 'EBUSY' && code !== 'ENOTEMPTY') {
      throw new CgroupError(
        (code ?? 'ERR_CGROUP_BUSY') as CgroupError['code'],
        `the cgroup ${path} can’t be removed: ${(error as Error).message}`,
        { path, cause: error },
      );
    }
    for (const child of childrenOf(path)) removeOnce(child);
    return tryRemove(path) ? undefined : notEmpty(path, error);
  }
}

function notEmpty(path: string, cause: unknown): CgroupError {
  const processes = processesIn(path);
  const who =
    processes.length === 0
      ? 'the kernel is still busy with it'
      : `it still has processes: ${processes.slice(0, 10).join(', ')}${processes.length > 10 ? ', …' : ''}; kill() ends them`;
  return new CgroupError('ERR_CGROUP_NOT_EMPTY', `the cgroup ${path} can’t be removed: ${who}`, {
    path,
    cause,
  });
}

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** The directories of the cgroups right beneath one. */
export function childrenOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${path}/${name}`);
  } catch {
    return [];
  }
}

/** The processes in a cgroup and in all those beneath it. */
export function processesIn(path: string): number[] {
  return [
    ...readWords(`${path}/cgroup.procs`).map(Number),
    ...childrenOf(path).flatMap((child) => processesIn(child)),
  ];
}

/**
 * Ends all processes in a cgroup and beneath it, those too that are forked meanwhile, by SIGKILL: `cgroup.kill` of version 2; in
 * version 1 they are frozen first, so that none of them can get away.
 *
 * @throws {CgroupError} (`ERR_CGROUP_NOT_EMPTY`) where processes are left after 5 seconds.
 */
export async function killMembers(members: readonly Member[]): Promise<void> {
  const deadline = performance.now() + patience;
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const place = killOnce(members);
    if (!place) return;
    const left = processesIn(place.path);
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new CgroupError(
        'ERR_CGROUP_NOT_EMPTY',
        `processes of ${place.path} do not end: ${left.join(', ')}; they wait in the kernel for something (see /proc/PID/stack)`,
        { path: place.path },
      );
    }
    await delay(pause);
  }
}

/** @returns where what has been killed is to be looked for. */
function killOnce(members: readonly Member[]): Member | undefined {
  const whole = members.find(({ version }) => version === 2);
  const freezer = members.find(
    ({ version, controllers }) => version === 1 && controllers.includes('freezer'),
  );
  const place = whole ?? freezer ?? members[0];
  if (whole) write(`${whole.path}/cgroup.kill`, '1');
  else if (place) killFrozen(place.path, freezer !== undefined);
  // Frozen by version 1 they don't even die.
  if (freezer) write(`${freezer.path}/freezer.state`, 'THAWED');
  return place;
}

function killFrozen(path: string, canFreeze: boolean): void {
  if (canFreeze) write(`${path}/freezer.state`, 'FROZEN');
  for (const pid of processesIn(path)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The cgroup is gone, and with it its processes.
    if (code !== 'ENOENT' && code !== 'ENODEV') throw error;
  }
}
