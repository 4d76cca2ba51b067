import { parseArgs } from 'node:util';
import { suggest } from '../suggest.ts';
import { unexpected, UsageError } from './usage-error.ts';

/** An option of a command, as its help page and the parser read it. */
export interface Option {
  /** `optional` may have a value, which then follows an equals sign: `--userns`, `--userns=auto`. */
  readonly type: 'boolean' | 'string' | 'optional';
  /** Its letter. */
  readonly short?: string;
  /** May it be given several times? Else the last one counts. */
  readonly multiple?: boolean;
  /** What its value is called: `DIR`. */
  readonly value?: string;
  /** Words that its value may be, if it may be no others. */
  readonly choices?: readonly string[];
  readonly description: string;
}

/** The options of a command by their long names. */
export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends { readonly type: 'boolean' }
  ? boolean
  : O extends { readonly multiple: true }
    ? readonly string[]
    : string;

/** What was given for each option; an `optional` one without a value is `''`. */
export type Values<T extends Options> = { readonly [K in keyof T]?: ValueOf<T[K]> };

/** A command line, taken apart. */
export interface Parsed<T extends Options> {
  readonly values: Values<T>;
  /** The words that are no options. */
  readonly words: readonly string[];
  /** Did `--` end the options, so that the first word is a command and nothing else? */
  readonly terminated: boolean;
}

/** Every command has this one. */
export const helpOption = {
  help: { type: 'boolean', short: 'h', description: 'Show this help' },
} as const satisfies Options;

/**
 * Takes a command line apart.
 *
 * @param rest Where the options end: at the first word that is none, which with all that follows belongs to somebody else's command;
 *   or anywhere, so that options and words can be mixed.
 * @throws {UsageError} for options that there are not, and for values that are missing, not wanted, or not among the choices.
 */
export function parseOptions<T extends Options>(
  args: readonly string[],
  options: T,
  rest: 'command' | 'words',
): Parsed<T> {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type, short }]) => [
        name,
        { type: type === 'string' ? type : 'boolean', ...(short === undefined ? {} : { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, boolean | string | string[]> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') {
      return {
        values: values as Values<T>,
        words: [...words, ...args.slice(token.index + 1)],
        terminated: true,
      };
    }
    if (token.kind === 'positional') {
      if (rest === 'command') {
        return { values: values as Values<T>, words: args.slice(token.index), terminated: false };
      }
      words.push(token.value);
      continue;
    }
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) throw unknownOption(token.rawName, options);
    const value = valueOf(token, option, args);
    if (option.multiple)
      values[token.name] = [
        ...((values[token.name] as string[] | undefined) ?? []),
        value as string,
      ];
    else values[token.name] = value;
  }
  return { values: values as Values<T>, words, terminated: false };
}

/** As {@link parseOptions}, saying of which command's options an error speaks. */
export function parseOptionsOf<T extends Options>(
  name: string,
  args: readonly string[],
  options: T,
  rest: 'command' | 'words',
): Parsed<T> {
  try {
    return parseOptions(args, options, rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const [command = name] = name.split(' ');
    const hint = error.hint ?? `nsinit help ${command} lists its options`;
    throw new UsageError(`${name}: ${error.message}`, hint);
  }
}

interface OptionToken {
  readonly rawName: string;
  readonly index: number;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function valueOf(
  { rawName, value, inlineValue }: OptionToken,
  option: Option,
  args: readonly string[],
): boolean | string {
  if (option.type === 'boolean') {
    if (value === undefined) return true;
    throw new UsageError(`${rawName} takes no value, got ${JSON.stringify(value)}`);
  }
  if (value === undefined) {
    if (option.type === 'optional') return '';
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value ?? 'VALUE'}`);
  }
  // An option where a value should be is more likely a value that was forgotten. Numbers are no options.
  if (!inlineValue && /^-[^\d.]/.test(value)) {
    const joined = rawName.startsWith('--') ? `${rawName}=${value}` : `${rawName}${value}`;
    const hint = args.length > 0 ? `if ${value} is meant as the value, write ${joined}` : undefined;
    throw new UsageError(`${rawName} needs a value, and is followed by the option ${value}`, hint);
  }
  if (
    option.choices &&
    !option.choices.includes(value) &&
    !(value === '' && option.type === 'optional')
  ) {
    throw unexpected(rawName, listOf(option.choices), value, suggest(value, option.choices));
  }
  return value;
}

function unknownOption(rawName: string, options: Options): UsageError {
  const names = Object.keys({ ...options, ...helpOption }).map((name) => `--${name}`);
  const meant = rawName.startsWith('--') ? suggest(rawName, names) : undefined;
  return new UsageError(`there is no option ${rawName}`, meant && `did you mean ${meant}?`);
}

/** Writes words as an enumeration: `a, b or c`. */
export function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
