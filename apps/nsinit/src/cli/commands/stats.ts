import { defineCommand } from '../command.ts';
import { parseDuration } from '../specs/duration.ts';
import { rootOption } from '../root-option.ts';
import { UsageError } from '../usage-error.ts';

export default defineCommand({
  usage: ['[options] [ID...]'],
  description:
    'Without an ID it is the container of the current directory, that of nsinit exec. --json prints what libcontainer 1.1.0 did, under its very keys; --format full is all that the kernel counts. With --watch and several samples there is a history to see.',
  options: {
    json: { type: 'boolean', description: 'The same as --format json' },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['table', 'json', 'full', 'prometheus'],
      description: 'table, json, full or prometheus',
    },
    watch: { type: 'boolean', short: 'w', description: 'Again and again, until they have ended' },
    interval: { type: 'string', value: 'DURATION', description: 'How often; 1s by default' },
    ...rootOption,
  },
  examples: [
    { command: 'nsinit stats web', about: 'What it uses' },
    { command: 'nsinit stats --watch web db', about: 'A table that is kept up to date' },
    { command: 'nsinit stats --format prometheus web', about: 'For a scraper' },
  ],
  rest: 'words',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(call) {
    const { values, words, stdout } = call;
    const format = values.json ? 'json' : (values.format ?? 'table');
    if (values.json && values.format !== undefined && values.format !== 'json')
      throw new UsageError('--json and --format contradict each other');
    const interval =
      values.interval === undefined ? 1000 : parseDuration('--interval', values.interval);
    const [{ findGrouped, groupedHere, openTidyStore }, { showStatistics }] = await Promise.all([
      import('../grouped.ts'),
      import('../show-statistics.ts'),
    ]);
    const store = openTidyStore(values.root);
    const groups =
      words.length === 0 ? [groupedHere(call)] : words.map((word) => findGrouped(store, word));
    await showStatistics(groups, {
      stdout,
      format: format as 'table' | 'json' | 'full' | 'prometheus',
      interval,
      watch: values.watch === true,
    });
  },
});
