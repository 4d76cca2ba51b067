import { DescriptionError } from '../runtime/check.ts';
import type { NetworkValues } from './network-options.ts';
import { UsageError } from './usage-error.ts';

/** Fields of a network's description, and the options that they come from; the first that fits counts. */
const sources: readonly (readonly [RegExp, keyof NetworkValues])[] = [
  [/^networks\[\d+\]\.address(es)?\b/, 'ip'],
  [/^networks\b/, 'network'],
  [/^routes\b/, 'route'],
  [/^publish(ed)?\b/, 'publish'],
];

/** An error, or what it says of the network as one about what was typed: the option, or the key of the configuration. */
export function namedByOption(error: unknown, values: NetworkValues): unknown {
  if (!(error instanceof DescriptionError) || !error.field.startsWith('network.')) return error;
  const field = error.field.slice('network.'.length);
  const text = error.message.slice(error.field.length + ': '.length);
  const [, option] = sources.find(([pattern, name]) => values[name] && pattern.test(field)) ?? [];
  const name = option ? `--${option}` : asKey(field);
  return new UsageError(`${name}: ${text}`, undefined, { cause: error });
}

/** As `container.json` has it. */
function asKey(field: string): string {
  return field.replace(/^publish(?:ed)?\b/, 'published_ports');
}
