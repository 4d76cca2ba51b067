import { defineCommand } from '../command.ts';
import { resourceOptions } from '../resource-options.ts';
import { rootOption } from '../root-option.ts';
import { UsageError } from '../usage-error.ts';

export default defineCommand({
  usage: ['[options] ID'],
  description:
    'Limits that are not named stay as they are. All of them are changed, or none: when the kernel refuses one, those before it get back what they were. Rules about devices are added to those that it was started with.',
  options: { ...resourceOptions, ...rootOption },
  examples: [
    { command: 'nsinit update --memory 256M web', about: 'Give it more, or less' },
    { command: 'nsinit update --cpus 0.5 --pids-limit 100 web', about: 'Several at once' },
  ],
  rest: 'words',
  words: { min: 1, max: 1 },
  async run({ values, words }) {
    const [{ findGrouped, openTidyStore }, { parseResources }] = await Promise.all([
      import('../grouped.ts'),
      import('../specs/resources.ts'),
    ]);
    const { root, ...limits } = values;
    if (Object.keys(parseResources(limits)).length === 0)
      throw new UsageError(
        'update: nothing is to be changed',
        'give at least one limit: --memory 256M',
      );
    const { cgroup, devices } = findGrouped(openTidyStore(root), words[0] ?? '');
    await cgroup.update(parseResources(limits, devices));
  },
});
