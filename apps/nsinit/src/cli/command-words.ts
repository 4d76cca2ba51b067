import { UsageError } from './usage-error.ts';

/** Refuses a command line without a command, and says why it has to have one. */
export function commandOf(name: string, words: readonly string[]): readonly string[] {
  if (words.length > 0 && words[0] !== '') return words;
  throw new UsageError(
    `${name}: there is no command; neither does a container.json have one`,
    `nsinit ${name} [options] [--] COMMAND [ARG...]`,
  );
}
