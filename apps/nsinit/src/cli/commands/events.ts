import { defineCommand } from '../command.ts';
import { rootOption } from '../root-option.ts';
import { parseDuration } from '../specs/duration.ts';

export default defineCommand({
  usage: ['[options] ID'],
  description:
    'One JSON object to a line, with the time, the id and the type: oom (it ran out of memory; killed counts its processes that the kernel has killed so far), freezer (it was paused, or goes on), pressure (its processes wait too long, where cgroup version 2 counts that), stats with --stats, and exit at its end.',
  options: {
    stats: { type: 'boolean', description: 'Statistics too, again and again' },
    interval: {
      type: 'string',
      value: 'DURATION',
      description: 'How often; 5s by default',
    },
    ...rootOption,
  },
  examples: [
    { command: 'nsinit events web', about: 'What happens to it, until it ends' },
    { command: 'nsinit events --stats --interval 1s web', about: 'And what it uses' },
  ],
  rest: 'words',
  words: { min: 1, max: 1 },
  async run({ values, words, stdout }) {
    const interval =
      values.interval === undefined ? 5000 : parseDuration('--interval', values.interval);
    const [{ findGrouped, openTidyStore }, { followEvents }] = await Promise.all([
      import('../grouped.ts'),
      import('../follow-events.ts'),
    ]);
    const grouped = findGrouped(openTidyStore(values.root), words[0] ?? '');
    for await (const event of followEvents(grouped, values.stats ? interval : undefined)) {
      stdout.write(`${event}\n`);
      // A reader that has gone away ends this.
      await stdout.flush();
    }
  },
});
