import { defineCommand } from '../command.ts';
import { hasMore, openStore } from '../containers.ts';
import { rootOption } from '../root-option.ts';
import { stateOf } from '../state-json.ts';

export default defineCommand({
  usage: ['[options] ID'],
  description:
    'ID may be the beginning of an id that no other container has. The members of the OCI runtime specification’s state come first.',
  options: {
    json: { type: 'boolean', description: 'Print JSON, as without this option' },
    ...rootOption,
  },
  examples: [
    {
      command: 'nsinit state web',
      about: 'All that is known of the container whose id begins with web',
    },
  ],
  rest: 'words',
  words: { min: 1, max: 1 },
  async run({ values, words, stdout }) {
    const store = openStore(values.root);
    const found = store.read(store.resolve(words[0] ?? ''));
    const state = hasMore(found) ? await (await import('../grouped.ts')).withPaused(found) : found;
    stdout.write(`${JSON.stringify(stateOf(state), null, 2)}\n`);
  },
});
