import { defineCommand } from '../command.ts';
import { columns, printableLine } from '../output.ts';
import { readProcess, type ProcessInfo } from '../processes.ts';
import { formatSize, formatTime } from '../quantities.ts';
import { rootOption } from '../root-option.ts';

export default defineCommand({
  usage: ['[options] ID'],
  description:
    'PID is the number of the process on this machine, INSIDE the one that it has in the container. Times are CPU times.',
  options: {
    json: { type: 'boolean', description: 'Print a JSON array' },
    quiet: { type: 'boolean', short: 'q', description: 'Print pids alone' },
    ...rootOption,
  },
  examples: [{ command: 'nsinit ps web', about: 'What runs in it?' }],
  rest: 'words',
  words: { min: 1, max: 1 },
  async run({ values, words, stdout }) {
    const { findGrouped, openTidyStore } = await import('../grouped.ts');
    const { cgroup } = findGrouped(openTidyStore(values.root), words[0] ?? '');
    const pids = await cgroup.processes();
    const processes = pids.flatMap((pid) => readProcess(pid) ?? []);
    if (values.json) stdout.write(`${JSON.stringify(processes, null, 2)}\n`);
    else if (values.quiet) stdout.write(processes.map(({ pid }) => `${pid}\n`).join(''));
    else {
      const head = ['PID', 'INSIDE', 'PPID', 'UID', 'STATE', 'TIME', 'MEMORY', 'COMMAND'];
      stdout.write(columns([head.map(stdout.style.bold), ...processes.map(rowOf)]));
    }
  },
});

function rowOf(process: ProcessInfo): string[] {
  const { pid, insidePid, parentPid, uid, state, cpuTimeMs, memory, command } = process;
  return [
    ...[pid, insidePid, parentPid, uid, state].map(String),
    formatTime(cpuTimeMs),
    formatSize(memory),
    printableLine(command),
  ];
}
