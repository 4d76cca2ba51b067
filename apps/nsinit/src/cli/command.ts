import type { Options, Values } from './options.ts';
import type { Output } from './output.ts';

/** Where a command's output goes, and where it is called. */
export interface Environment {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** An absolute path. */
  readonly directory: string;
}

/** What a command is called with. */
interface Call<T extends Options> extends Environment {
  readonly values: Values<T>;
  readonly words: readonly string[];
  /** Did `--` end the options? */
  readonly terminated: boolean;
}

/** An example of a help page. */
interface Example {
  readonly command: string;
  readonly about: string;
}

/** A command of the command line. Its name and summary are in the table of all, so that they are known without loading it. */
export interface Command<T extends Options = Options> {
  /** What may follow its name: `[options] [--] COMMAND [ARG...]`. */
  readonly usage: readonly string[];
  /** More than its summary says. */
  readonly description?: string;
  readonly options: T;
  readonly examples: readonly Example[];
  /** Where its options end, see {@link parseOptions}. */
  readonly rest: 'command' | 'words';
  /** How many words it takes. */
  readonly words: { readonly min: number; readonly max: number };
  /** @returns the exit status; 0 if it says nothing. */
  run(call: Call<T>): Promise<number | void> | number | void;
}

/** Gives a command the types of its own options. */
export function defineCommand<const T extends Options>(command: Command<T>): Command<T> {
  return command;
}
