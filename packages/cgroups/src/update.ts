import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { live } from '@ts-c/syscall';
import { applySteps } from './apply.ts';
import { choose } from './choose.ts';
import { checkResources } from './controllers/index.ts';
import { replaceDevices } from './devices/attach.ts';
import type { DeviceRule } from './devices/rule.ts';
import { parseRule } from './devices/rules.ts';
import { deviceSettings } from './devices/v1.ts';
import { explainFailure, withCleanup } from './failure.ts';
import type { Member } from './plan.ts';
import { previousValue } from './previous.ts';
import type { Resources } from './resources.ts';
import { writeStep, type WriteStep } from './step.ts';

/** Steps that undo a change, worked out when they are needed. */
type Undo = () => readonly WriteStep[];

/**
 * Changes the limits of a cgroup that exists. When one of them is refused, those before it get back what they were.
 *
 * Rules about devices come last: those of version 2 are replaced as a whole, or not at all. Of version 1 the kernel tells what is
 * allowed, but not what is excepted where all the rest is: such exceptions are not brought back.
 *
 * @throws {CgroupError} which names the key, file and value, and why. An AggregateError of two, where not all could be undone.
 */
export function updateMembers(members: readonly Member[], resources: Resources): void {
  checkResources(resources);
  const choices = choose(resources, members, ({ path }) => ({
    read: (file) => readFile(`${path}/${file}`),
  }));
  const undos: Undo[] = [];
  try {
    for (const { candidate, controller, settings, devices } of choices) {
      const { path } = candidate;
      if (controller === 'devices') undos.push(devicesBefore(path));
      for (const setting of settings) change(writeStep(path, setting), undos);
      if (devices) changeDevices(path, devices);
    }
  } catch (error) {
    undo(error, undos);
  }
}

function change(step: WriteStep, undos: Undo[]): void {
  const before = readFile(step.path);
  write(step);
  const value = before === undefined ? undefined : previousValue(step, before);
  if (value !== undefined) undos.push(() => [{ ...step, value }]);
}

function write(step: WriteStep): void {
  try {
    applySteps(live, [step]);
  } catch (error) {
    throw explainFailure(error, [step]);
  }
}

/** The way back to the list of devices as it is now. */
function devicesBefore(path: string): Undo {
  const read = (): string | undefined => readFile(`${path}/devices.list`);
  const rules = (read() ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => parseRule(line));
  return () => deviceSettings(rules, { read }).map((setting) => writeStep(path, setting));
}

function changeDevices(path: string, rules: readonly DeviceRule[]): void {
  const cgroup = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    replaceDevices(cgroup, rules);
  } finally {
    closeSync(cgroup);
  }
}

/** Undoes as much as can be, the last first, and throws the error. */
function undo(error: unknown, undos: readonly Undo[]): never {
  const failures: unknown[] = [];
  for (const steps of undos.toReversed()) {
    try {
      for (const step of steps()) write(step);
    } catch (failure) {
      failures.push(failure);
    }
  }
  throw failures.length > 0 ? withCleanup(error, failures[0]) : error;
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
