import { features, type Feature, type Features } from '../../features/index.ts';
import { defineCommand } from '../command.ts';
import { columns, printableLine, wrap, type Output } from '../output.ts';

export default defineCommand({
  usage: ['[options]'],
  description:
    'Namespaces, mounts and system calls are tried for real, in processes that leave no trace. Behind each no is the sysctl, security module, capability or kernel option that says so.',
  options: { json: { type: 'boolean', description: 'Print a JSON object' } },
  examples: [
    { command: 'nsinit features', about: 'Why do containers not work here?' },
    {
      command: 'nsinit features --json | jq -r ".features[] | select(.available | not) | .id"',
      about: 'All that is missing',
    },
  ],
  rest: 'words',
  words: { min: 0, max: 0 },
  async run({ values, stdout }) {
    const found = await features();
    if (values.json) stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    else stdout.write(formatFeatures(found, stdout));
  },
});

const headings: Readonly<Record<string, string>> = {
  kernel: 'Kernel',
  namespaces: 'Namespaces',
  users: 'Ids in a user namespace',
  mounts: 'Mounts',
  calls: 'System calls',
  cgroups: 'Control groups',
  security: 'Security',
  terminal: 'Terminals',
};

/** Writes what was found as a table. */
function formatFeatures({ kernel, user, features: found }: Features, output: Output): string {
  const { bold } = output.style;
  const who = `user ${user.name ?? user.uid}, ${capabilitiesOf(user)}`;
  const parts = [`Linux ${kernel.release} on ${kernel.architecture}, ${who}\n`];
  for (const [name, list] of group(found)) {
    parts.push(
      `\n${bold(headings[name] ?? name)}\n`,
      columns(list.map((feature) => rowOf(feature, output))),
    );
  }
  return parts.join('');
}

function group(found: readonly Feature[]): Map<string, Feature[]> {
  const groups = new Map<string, Feature[]>();
  for (const feature of found) {
    const [name = ''] = feature.id.split('.');
    groups.set(name, [...(groups.get(name) ?? []), feature]);
  }
  return groups;
}

function rowOf(
  { title, available, detail, reason }: Feature,
  { isTerminal, columns: width, style }: Output,
): string[] {
  const yes = isTerminal ? '✓' : 'yes';
  const no = isTerminal ? '✗' : 'no';
  const text = printableLine([detail, reason].filter((part) => part !== undefined).join('; '));
  const indent = 30;
  return [
    `  ${available ? style.green(yes) : style.red(no)}`,
    title.padEnd(24),
    width === undefined ? text : wrap(text, Math.max(30, width - indent - 1), ' '.repeat(indent)),
  ];
}

function capabilitiesOf({ capabilities, missingCapabilities: missing }: Features['user']): string {
  if (missing.length === 0) return 'all capabilities';
  if (capabilities.length === 0) return 'no capabilities';
  return missing.length < capabilities.length
    ? `all capabilities but ${missing.join(', ')}`
    : `capabilities ${capabilities.join(', ')}`;
}
