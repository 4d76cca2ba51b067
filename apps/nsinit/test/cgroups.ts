import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { isPossible, planCgroup, readLayout } from '@ts-c/cgroups';

/** May tests make cgroups here, in all hierarchies that containers use? */
export const hasCgroups: boolean = (() => {
  try {
    const plan = planCgroup({ name: uniqueParent() }, { memory: '64M', cpus: 1, pids: 10 });
    return isPossible(plan);
  } catch {
    return false;
  }
})();

/** Is version 2 in charge of all controllers, as it is where there is no version 1? */
export const isUnified: boolean = hasCgroups && readLayout().mode === 'v2';

/** A name for a cgroup above those of a test. No other test has it, in any process. */
export function uniqueParent(): string {
  return `ts-c-test-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** All cgroups whose path holds a text. Those of a moment ago may be there a moment longer. */
export async function cgroupsWith(text: string): Promise<string[]> {
  let found: string[] = [];
  for (let tries = 0; tries < 100; tries += 1) {
    found = cgroupsNow(text);
    if (found.length === 0) break;
    await delay(50);
  }
  return found;
}

/** All cgroups whose path holds a text, at this moment. */
export function cgroupsNow(text: string): string[] {
  const mountPoints = readLayout().hierarchies.map(({ mountPoint }) => mountPoint);
  return mountPoints
    .flatMap((directory) => beneath(directory))
    .filter((path) => path.includes(text));
}

/** Removes cgroups that were made above others: who came when they were there leaves them alone. */
export function removeParents(parent: string): void {
  for (const path of cgroupsNow(parent).toReversed()) rmdirSync(path);
}

function beneath(directory: string): string[] {
  const children = namesIn(directory).map((name) => `${directory}/${name}`);
  return children.flatMap((child) => [child, ...beneath(child)]);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    // It has just been removed.
    return [];
  }
}

/** The directory of a process's cgroup in the hierarchy of a controller. */
export function directoryOf(pid: number, controller: string): string {
  const memberships = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  const { hierarchies } = readLayout({ memberships });
  const found =
    hierarchies.find(
      ({ controllers, version }) => version === 1 && controllers.includes(controller),
    ) ?? hierarchies.find(({ version }) => version === 2);
  if (!found) throw new Error(`there is no controller ${controller}`);
  return found.own;
}

/** The text of a file of a cgroup, by its name in version 1 or in version 2. */
export function readFileOf(pid: number, controller: string, file1: string, file2: string): string {
  const directory = directoryOf(pid, controller);
  return readFileSync(`${directory}/${isUnified ? file2 : file1}`, 'utf8').trim();
}
