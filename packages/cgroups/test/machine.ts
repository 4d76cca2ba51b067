/** What the tests of whole cgroups need to know of the machine, and of what is left on it. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { Cgroup, type CgroupOptions } from '../src/cgroup.ts';
import { readLayout, type Layout } from '../src/layout.ts';
import type { Member } from '../src/plan.ts';
import { processesIn } from '../src/remove.ts';
import { until } from './hierarchy.ts';

const none: Layout = { mode: 'v1', hierarchies: [] };

/** The hierarchies of this machine. */
export const layout: Layout = existsSync('/proc/self/cgroup') ? readLayout() : none;

const may = (directory: string): boolean => {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** May cgroups be limited here by a controller, whatever its version? */
export const has = (controller: string): boolean =>
  layout.hierarchies.some(({ controllers, own }) => controllers.includes(controller) && may(own));

/** Version 1 alone, or version 2 alone, of what this machine has. */
export const only = (version: 1 | 2): Layout => ({
  mode: version === 1 ? 'v1' : 'v2',
  hierarchies: layout.hierarchies.filter((one) => one.version === version),
});

export const hasVersion = (version: 1 | 2): boolean =>
  only(version).hierarchies.some(({ own }) => may(own));

/** A name that no other test has. */
export const testName = (): string => `ts-c-test-${process.pid}-${randomBytes(4).toString('hex')}`;

/** A cgroup that is gone after the test, with all that is in it. */
export async function testCgroup(options: CgroupOptions = {}, where?: Layout): Promise<Cgroup> {
  const group = await Cgroup.create({ name: testName(), ...options }, where);
  onTestFinished(() => group[Symbol.asyncDispose]());
  return group;
}

/** Which directories of a name there are in the hierarchies, right beneath the own cgroup or the root. */
export const leftOf = (name: string): string[] => {
  const places = layout.hierarchies.flatMap(({ own, mountPoint }) => [own, mountPoint]);
  return [...new Set(places)].map((place) => `${place}/${name}`).filter((path) => existsSync(path));
};

/** The paths of members. */
export const pathsOf = (members: readonly Member[]): string[] => members.map(({ path }) => path);

/** Waits until a process is in a cgroup, in all of its hierarchies. */
export async function whenIn(group: Cgroup, { pid }: ChildProcess): Promise<void> {
  await until(() => pathsOf(group.members).every((path) => processesIn(path).includes(pid ?? 0)));
}
