import { resolve } from 'node:path';
import { checkId, generateId } from '@ts-c/state';
import type { ContainerDescription } from '../description.ts';
import { recordKeeper, type Keeper } from '../runtime/keeper.ts';
import type { Environment } from './command.ts';
import { openTidyStore } from './grouped.ts';
import { describeRun } from './describe-run.ts';
import { thisMachine } from './machine.ts';
import { warn } from './report.ts';
import { readConfig } from './read-config.ts';
import type { RunValues } from './run-options.ts';
import { parseDuration } from './specs/duration.ts';
import { UsageError } from './usage-error.ts';

/** A container as `nsinit run` or `nsinit plan` is asked for it. */
export interface Request {
  readonly id: string;
  readonly description: ContainerDescription;
  readonly keeper: Keeper;
  readonly detach: boolean;
  /** Milliseconds. */
  readonly timeout: number | undefined;
}

/**
 * Puts together what the options of `nsinit run` ask for. Nothing is made.
 *
 * @throws {UsageError} for options that can't be understood, or not together.
 */
export function requestOf(
  values: RunValues,
  command: readonly string[],
  environment: Environment,
  newId: () => string = generateId,
): Request {
  const { directory, variables, stderr } = environment;
  const id = values.id ?? newId();
  checkId(id);
  const detach = values.detach === true;
  const timeout =
    values.timeout === undefined ? undefined : parseDuration('--timeout', values.timeout);
  if (detach && values.tty)
    throw new UsageError('--detach and --tty: nobody would be there to hold the terminal');
  if (detach && timeout !== undefined)
    throw new UsageError('--detach and --timeout: nobody would be there to end it');
  const file = values.config === undefined ? undefined : resolve(directory, values.config);
  const config =
    file === undefined
      ? undefined
      : readConfig(file, values.strict === true, (text) => warn(text, stderr));
  const asked = describeRun({
    values,
    command,
    config,
    id,
    variables,
    directory,
    machine: thisMachine,
  });
  const { tty, ...description } = asked;
  if (detach && tty)
    warn(
      'a container in the background has no terminal: tty of the configuration has no effect',
      stderr,
    );
  const store = openTidyStore(
    values.root === undefined ? undefined : resolve(directory, values.root),
  );
  return {
    id,
    description: tty && !detach ? asked : description,
    keeper: recordKeeper(store, {
      id,
      description: asked,
      keep: values.keep === true,
      ...(file === undefined ? {} : { bundle: resolve(file, '..') }),
    }),
    detach,
    timeout,
  };
}
