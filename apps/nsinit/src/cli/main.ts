import type { Environment } from './command.ts';
import { entries, load, type Entry } from './commands.ts';
import { helpOption, parseOptions, parseOptionsOf, type Parsed } from './options.ts';
import { UsageError } from './usage-error.ts';
import { suggest } from '../suggest.ts';

const ownOptions = {
  ...helpOption,
  version: { type: 'boolean', short: 'v', description: 'Print the version' },
} as const;

/**
 * Does what a command line says.
 *
 * @param args Without the names of node and of the program.
 * @param version Gives that of nsinit.
 * @returns the exit status.
 * @throws whatever went wrong; {@link report} says it.
 */
export async function main(
  args: readonly string[],
  environment: Environment,
  version: () => string,
): Promise<number> {
  const { values, words } = parseOwnOptions(args);
  if (values.version) {
    environment.stdout.write(`nsinit ${version()}\n`);
    return 0;
  }
  const [name, ...rest] = words;
  if (values.help || name === undefined) {
    const { mainHelp } = await import('./help.ts');
    if (values.help) environment.stdout.write(mainHelp(environment.stdout));
    else environment.stderr.write(mainHelp(environment.stderr));
    return values.help ? 0 : 125;
  }
  if (name === 'help') return help(rest, environment);
  return call(find(name), rest, environment);
}

function parseOwnOptions(args: readonly string[]): Parsed<typeof ownOptions> {
  try {
    return parseOptions(args, ownOptions, 'command');
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint !== undefined) throw error;
    throw new UsageError(
      error.message,
      'options of a command follow its name: nsinit COMMAND [options]',
    );
  }
}

async function call(
  entry: Entry,
  args: readonly string[],
  environment: Environment,
): Promise<number> {
  const command = await load(entry);
  const options = { ...command.options, ...helpOption };
  const parsed = parseOptionsOf(entry.name, args, options, command.rest);
  if (parsed.values['help']) return help([entry.name], environment);
  const { min, max } = command.words;
  const usage = command.usage.map((line) => `nsinit ${entry.name} ${line}`.trimEnd()).join(', or ');
  if (parsed.words.length < min)
    throw new UsageError(`${entry.name}: something is missing: ${usage}`);
  if (parsed.words.length > max) {
    throw new UsageError(
      `${entry.name}: there is no place for ${JSON.stringify(parsed.words[max])}: ${usage}`,
    );
  }
  return (await command.run({ ...environment, ...parsed })) ?? 0;
}

async function help(words: readonly string[], { stdout }: Environment): Promise<number> {
  const { commandHelp, mainHelp } = await import('./help.ts');
  const name = words[0];
  if (name === undefined) {
    stdout.write(mainHelp(stdout));
  } else {
    const entry = find(name);
    stdout.write(commandHelp(entry, await load(entry), stdout));
  }
  return 0;
}

function find(name: string): Entry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry) return entry;
  const meant = suggest(name, ['help', ...entries.map((candidate) => candidate.name)]);
  throw new UsageError(
    `there is no command ${JSON.stringify(name)}`,
    meant === undefined ? 'nsinit --help lists all commands' : `did you mean nsinit ${meant}?`,
  );
}
