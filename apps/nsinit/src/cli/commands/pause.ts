import { defineCommand } from '../command.ts';
import { rootOption } from '../root-option.ts';
import { parseDuration } from '../specs/duration.ts';

export default defineCommand({
  usage: ['[options] ID...'],
  description:
    'All processes of the container stop where they are, and go on with nsinit unpause. If they do not stop in time they are let go on.',
  options: {
    timeout: {
      type: 'string',
      value: 'DURATION',
      description: 'How long to wait until they stand still; 10s by default',
    },
    ...rootOption,
  },
  examples: [{ command: 'nsinit pause web', about: 'Stop it for a while' }],
  rest: 'words',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ values, words }) {
    const { findGrouped, openTidyStore } = await import('../grouped.ts');
    const store = openTidyStore(values.root);
    const timeout =
      values.timeout === undefined ? undefined : parseDuration('--timeout', values.timeout);
    for (const word of words) {
      const { cgroup } = findGrouped(store, word);
      await cgroup.freeze(timeout === undefined ? {} : { timeout });
    }
  },
});
