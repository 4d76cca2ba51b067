import type { Program } from '@ts-c/syscall';
import type { ContainerDescription } from '../description.ts';
import { checkDescription } from '../runtime/check.ts';
import { writeContainer } from '../runtime/container-program.ts';
import { lookUp, type Facts } from '../runtime/facts.ts';
import type { Keeper } from '../runtime/keeper.ts';
import type { Environment } from './command.ts';
import { commandOf } from './command-words.ts';
import { execOptions } from './exec-options.ts';
import { execRequest } from './exec-request.ts';
import { namedByOption } from './network-errors.ts';
import { parseOptionsOf } from './options.ts';
import { planOptions } from './plan-options.ts';
import { requestOf } from './request.ts';
import { runOptions, type RunValues } from './run-options.ts';
import { UsageError } from './usage-error.ts';

/** What a container is called whose id would be a random one, so that two plans can be compared. */
const plannedId = 'container';

/** A container, written down. */
export interface Planned {
  readonly facts: Facts;
  readonly program: Program;
  readonly json?: boolean;
}

/** A plan whose command was named: that command's own options follow, and `--json` among them. */
export function planOf(
  name: 'run' | 'exec',
  args: readonly string[],
  before: RunValues,
  environment: Environment,
): Planned {
  if (name === 'run') {
    const { values, words } = parseOptionsOf(
      `plan ${name}`,
      args,
      { ...planOptions, ...runOptions },
      'command',
    );
    const { json = false, ...after } = values;
    return { ...planRun({ ...before, ...after }, words, environment), json };
  }
  const [option] = Object.keys(before).filter((key) => key !== 'strict');
  if (option !== undefined)
    throw new UsageError(`plan exec: there is no option --${option}`, 'container.json says it');
  const { values, words } = parseOptionsOf(
    `plan ${name}`,
    args,
    { ...planOptions, ...execOptions },
    'command',
  );
  const strict = before.strict === true || values.strict === true;
  const { description, keeper } = execRequest(commandOf('plan exec', words), strict, environment);
  return { ...write(description, keeper, false), json: values.json ?? false };
}

export function planRun(
  values: RunValues,
  words: readonly string[],
  environment: Environment,
): Planned {
  const request = requestOf(values, commandOf('plan', words), environment, () => plannedId);
  try {
    return write(request.description, request.keeper, request.detach);
  } catch (error) {
    throw namedByOption(error, values);
  }
}

/** Writes the container down exactly as it would be run. */
function write(
  description: ContainerDescription,
  { reservation }: Keeper,
  outlives: boolean,
): Planned {
  checkDescription(description);
  const facts = lookUp(description);
  const { program } = writeContainer({ description, facts, reservation, hold: true, outlives });
  return { facts, program };
}
