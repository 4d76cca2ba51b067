import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { live } from '@ts-c/syscall';
import { applySteps } from './apply.ts';
import { choose, type Choice } from './choose.ts';
import { checkResources } from './controllers/index.ts';
import { replaceDevices } from './devices/attach.ts';
import { explainFailure, withCleanup } from './failure.ts';
import type { Member } from './plan.ts';
import type { Resources } from './resources.ts';
import { writeStep, type WriteStep } from './step.ts';

/**
 * Changes the limits of a cgroup that exists. When one of them is refused, those before it get back what they were.
 *
 * @throws {CgroupError} which names the key, file and value, and why.
 */
export function updateMembers(members: readonly Member[], resources: Resources): void {
  checkResources(resources);
  const choices = choose(resources, members, ({ path }) => ({
    read: (file) => readFile(`${path}/${file}`),
  }));
  const done: WriteStep[] = [];
  for (const { candidate, settings, devices } of choices) {
    for (const setting of settings) change(writeStep(candidate.path, setting), done);
    if (devices) changeDevices(candidate, devices, done);
  }
}

function change(step: WriteStep, done: WriteStep[]): void {
  const before = readFile(step.path)?.trim();
  try {
    applySteps(live, [step]);
  } catch (error) {
    undo(explainFailure(error, [step]), done);
  }
  // Lists of several lines, as of limits on devices, are not written as they are read.
  if (before !== undefined && before !== '' && !before.includes('\n'))
    done.push({ ...step, value: before });
}

function changeDevices(
  { path }: Member,
  rules: NonNullable<Choice<Member>['devices']>,
  done: readonly WriteStep[],
): void {
  const cgroup = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    replaceDevices(cgroup, rules);
  } catch (error) {
    undo(error, done);
  } finally {
    closeSync(cgroup);
  }
}

/** Writes back what had been changed, the last first, and throws the error. */
function undo(error: unknown, done: readonly WriteStep[]): never {
  try {
    applySteps(live, done.toReversed());
  } catch (failure) {
    throw withCleanup(error, explainFailure(failure, done));
  }
  throw error;
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
