import { setTimeout as delay } from 'node:timers/promises';
import {
  isSameProcess,
  sendSignal,
  type ContainerRecord,
  type ContainerStore,
  type ProcessIdentity,
} from '@ts-c/state';
import { defineCommand } from '../command.ts';
import { mayHaveLeases } from '../containers.ts';
import { rootOption } from '../root-option.ts';

/** Milliseconds that a killed container is waited for. */
const patience = 10_000;

export default defineCommand({
  usage: ['[options] ID...'],
  options: {
    force: {
      type: 'boolean',
      short: 'f',
      description: 'Kill it first if it runs; it is fine if there is none',
    },
    ...rootOption,
  },
  examples: [
    {
      command: 'nsinit delete web',
      about: 'Remove the record of a container that ended and was to be kept',
    },
    { command: 'nsinit delete --force web', about: 'End it, too' },
  ],
  rest: 'words',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ values, words }) {
    const { openTidyStore, sweepNetworksOf } = await import('../grouped.ts');
    const store = openTidyStore(values.root);
    for (const word of words) await remove(store, word, values.force === true);
    // One that was killed before it was written down says nothing of its network.
    if (mayHaveLeases()) sweepNetworksOf(store);
  },
});

async function remove(store: ContainerStore, word: string, force: boolean): Promise<void> {
  try {
    const id = store.resolve(word);
    if (force) await end(store, id);
    store.remove(id, { force });
  } catch (error) {
    const code = codeOf(error);
    if (force && code === 'ERR_NO_SUCH_CONTAINER') return;
    if (code === 'ERR_CONTAINER_RUNNING' || code === 'ERR_CGROUP_NOT_EMPTY')
      Object.assign(error as Error, { hint: `nsinit delete --force ${word} ends it first` });
    throw error;
  }
}

/** Kills a container, and waits until neither it nor its supervisor is there: the latter may remove the record itself. */
async function end(store: ContainerStore, id: string): Promise<void> {
  let record: ContainerRecord | undefined;
  try {
    ({ record } = store.read(id));
  } catch (error) {
    // What can't be read may still be removed.
    if (codeOf(error) === 'ERR_STATE_CORRUPT') return;
    throw error;
  }
  // All of it, whatever it has started and wherever that has gone, also if the first process has ended before; then that one, should
  // it be elsewhere.
  const { cgroupOf } = await import('../grouped.ts');
  await cgroupOf(record)?.kill();
  kill(record?.init);
  const deadline = Date.now() + patience;
  while ((isThere(record?.init) || isThere(record?.supervisor)) && Date.now() < deadline)
    await delay(5);
}

function kill(identity: ProcessIdentity | undefined): void {
  if (!isThere(identity)) return;
  try {
    sendSignal(identity, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

function isThere(identity: ProcessIdentity | undefined): identity is ProcessIdentity {
  return identity !== undefined && isSameProcess(identity.pid, identity.startTime);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
