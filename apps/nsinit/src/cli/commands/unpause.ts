import { defineCommand } from '../command.ts';
import { rootOption } from '../root-option.ts';

export default defineCommand({
  usage: ['[options] ID...'],
  options: rootOption,
  examples: [{ command: 'nsinit unpause web', about: 'Let a paused container go on' }],
  rest: 'words',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ values, words }) {
    const { findGrouped, openTidyStore } = await import('../grouped.ts');
    const store = openTidyStore(values.root);
    for (const word of words) await findGrouped(store, word).cgroup.thaw();
  },
});
