import type { Listing } from '@ts-c/state';
import { defineCommand } from '../command.ts';
import { hasMore, mayHaveLeases, openStore } from '../containers.ts';
import { columns, printableLine } from '../output.ts';
import { warn } from '../report.ts';
import { rootOption } from '../root-option.ts';
import { stateOf, type ShownContainer } from '../state-json.ts';

export default defineCommand({
  usage: ['[options]'],
  description:
    'Containers that have ended are listed only if they were run with --keep. What a container that was killed has left behind is tidied up on the way.',
  options: {
    json: { type: 'boolean', description: 'Print a JSON array' },
    quiet: { type: 'boolean', short: 'q', description: 'Print ids alone' },
    ...rootOption,
  },
  examples: [
    { command: 'nsinit list', about: 'What runs?' },
    { command: 'nsinit list --quiet | xargs -r nsinit delete --force', about: 'End all of it' },
  ],
  rest: 'words',
  words: { min: 0, max: 0 },
  async run({ values, stdout, stderr }) {
    const { containers, problems } = await listAll(values.root);
    for (const { error } of problems) warn(error.message, stderr);
    if (values.json) {
      stdout.write(
        `${JSON.stringify(
          containers.map((container) => summaryOf(container)),
          null,
          2,
        )}\n`,
      );
    } else if (values.quiet) {
      stdout.write(containers.map(({ id }) => `${id}\n`).join(''));
    } else {
      const { bold } = stdout.style;
      const head = ['ID', 'PID', 'STATUS', 'CREATED', 'COMMAND'].map(bold);
      stdout.write(columns([head, ...containers.map((container) => rowOf(container, new Date()))]));
    }
  },
});

interface Shown extends Pick<Listing, 'problems'> {
  readonly containers: readonly ShownContainer[];
}

/** All containers. What is needed for those with a cgroup is loaded where there are any. */
async function listAll(root: string | undefined): Promise<Shown> {
  const listing = openStore(root).list();
  if (!listing.containers.some(hasMore) && !mayHaveLeases()) return listing;
  const { openTidyStore, sweepNetworksOf, withPaused } = await import('../grouped.ts');
  const store = openTidyStore(root);
  const { containers, problems } = store.list();
  if (mayHaveLeases()) sweepNetworksOf(store);
  return { containers: await Promise.all(containers.map(withPaused)), problems };
}

/** As {@link stateOf}, without what only one who asks for one container wants to read. */
function summaryOf(container: ShownContainer): object {
  const { config: _, ociVersion: __, annotations: ___, ...summary } = stateOf(container);
  return summary;
}

function rowOf(container: ShownContainer, now: Date): string[] {
  const { id, status, pid, created, command = [] } = stateOf(container);
  return [
    id,
    pid === 0 ? '-' : String(pid),
    statusOf(container, status),
    created === undefined ? '-' : ago(new Date(created), now),
    printableLine(command.map(quote).join(' ')),
  ];
}

function statusOf({ exitCode, signal }: ShownContainer, status: string): string {
  if (exitCode !== undefined) return `${status} (${exitCode})`;
  return signal === undefined ? status : `${status} (${signal})`;
}

/** How long ago, in its largest unit: `5 minutes ago`. */
function ago(then: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - then.getTime()) / 1000));
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  const [name, length] = units.find(([, size]) => seconds >= size) ?? ['second', 1];
  const count = Math.floor(seconds / length);
  return `${count} ${name}${count === 1 ? '' : 's'} ago`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
