import { constants } from 'node:os';
import { sendSignal } from '@ts-c/state';
import { defineCommand } from '../command.ts';
import { openStore } from '../containers.ts';
import { rootOption } from '../root-option.ts';
import { parseSignal } from '../specs/signal.ts';
import { UsageError } from '../usage-error.ts';

export default defineCommand({
  usage: ['[options] ID [SIGNAL]'],
  description:
    'SIGNAL is a name, with or without SIG, or a number; TERM where none is given. The first process of a container does not get signals that it has no handler for, but KILL and STOP.',
  options: rootOption,
  examples: [
    { command: 'nsinit kill web', about: 'Ask it to end' },
    { command: 'nsinit kill web KILL', about: 'End it' },
    { command: 'nsinit kill web 0', about: 'Is it there? The exit status says so' },
  ],
  rest: 'words',
  words: { min: 1, max: 2 },
  async run({ values, words }) {
    const [prefix = '', name = 'TERM'] = words;
    const signal = parseSignal('SIGNAL', name);
    const store = openStore(values.root);
    const { id, status, record } = store.read(store.resolve(prefix));
    if (status === 'stopped')
      throw new UsageError(`container ${id} has ended`, `nsinit delete ${id} removes its record`);
    if (!record?.init)
      throw new UsageError(`container ${id} is only just being made: it has no process yet`);
    sendSignal(record.init, signal);
    // A paused one would only end once it goes on.
    if (signal === constants.signals.SIGKILL && record.cgroup !== undefined) {
      const { thaw } = await import('../grouped.ts');
      await thaw(record);
    }
  },
});
