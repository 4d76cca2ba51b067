import { median, ratio, type Measurement } from './measure.ts';
import type { CompileCost } from './cost.ts';
import type { CgroupFigures } from './cgroups.ts';
import type { ManyResult } from './many.ts';
import type { NetworkFigures } from './network.ts';

/** Everything that is measured beside the start. */
export interface Figures {
  readonly many: ManyResult;
  /** Bytes. */
  readonly memory: number;
  readonly compile: CompileCost;
}

/** What the project promises: the library's time over that of others. */
const promises: Readonly<Record<string, number>> = { 'plain spawn': 2.2, bwrap: 1, crun: 0.6 };

/** The figures for people. */
export function formatTable(
  measurements: readonly Measurement[],
  { many, memory, compile }: Figures,
): string {
  const library = measurements.find(({ name }) => name === 'library');
  const cli = measurements.find(({ name }) => name === 'nsinit run');
  const rows = measurements.map((measurement) => [
    measurement.name,
    measurement.failure === undefined
      ? `${median(measurement.times).toFixed(2)} ms`
      : `failed: ${measurement.failure}`,
    times(ratio(library, measurement)),
    promises[measurement.name] === undefined ? '' : `at most ${promises[measurement.name]}`,
    times(ratio(cli, measurement)),
  ]);
  const lines = [
    'Start to exit of /bin/true, all in turn in one run',
    ...align([['', 'median', 'library takes', 'promise', 'nsinit run takes'], ...rows]),
    '',
    ...align([
      ['and', 'is', 'promise'],
      [`${many.containers} in a row: last hundred over first`, times(many.slowdown), 'at most 1.1'],
      ['  file descriptors left', String(many.fdsLeft), '0'],
      ['  processes left', String(many.processesLeft), '0'],
      ['  mounts left', String(many.mountsLeft), '0'],
      [
        '  resident memory grown by',
        `${(many.residentGrowth / 2 ** 20).toFixed(1)} MiB`,
        'less than 10 MB',
      ],
      ['    of that in use by JavaScript', `${(many.liveGrowth / 2 ** 20).toFixed(1)} MiB`, ''],
      ['supervisor, private memory', `${memory / 1024} KiB`, 'at most 64 KiB'],
      ['minimal.json, compiled', `${(compile.bytes / 1024).toFixed(1)} KiB`, 'at most 32 KiB'],
      ['  compiled in', `${compile.compile.toFixed(2)} ms`, 'at most 1 ms'],
      ['  looked up and written down in', `${compile.write.toFixed(2)} ms`, ''],
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What cgroups cost, for people. */
export function formatCgroups({ life, statistics, cloneInto, loop }: CgroupFigures): string {
  const { count, sweep, cpu, share, runc } = statistics;
  return `\n${align([
    ['Cgroups', 'is', 'promise'],
    ['made, eight limits, entered, left, removed', ms(life?.ours), ''],
    ['  the same writes alone', ms(life?.raw), ''],
    ['  ours over that', times(life?.ratio), 'at most 1.5'],
    [`statistics of ${count}, one sweep`, ms(sweep), 'at most 20 ms'],
    ['  CPU time of it', ms(cpu), ''],
    ['  of one core, at one sweep a second', `${share.toFixed(1)} %`, 'at most 5 %'],
    ['  runc events --stats, for one', ms(runc), ''],
    ['begun in a cgroup of version 2, more than without', ms(cloneInto), 'at most 0.3 ms'],
    [`${loop.count} made and removed: cgroups left`, String(loop.cgroupsLeft), '0'],
    ['  file descriptors left', String(loop.fdsLeft), '0'],
  ]).join('\n')}\n`;
}

function ms(value: number | undefined): string {
  return value === undefined ? 'not measured' : `${value.toFixed(2)} ms`;
}

/** What the network costs, for people. */
export function formatNetwork({ container, pairs, list, decode }: NetworkFigures): string {
  return `\n${align([
    ['Network', 'is', 'promise'],
    ['a container with a veth, more than without', ms(container), 'at most 3 ms'],
    [`${pairs.count} veth pairs made and deleted`, ms(pairs.ours), ''],
    ['  ip -batch', ms(pairs.ip), ''],
    ['  ours over that', times(pairs.ratio), 'at most 1.2'],
    [`${list.count} links listed`, ms(list.ours), ''],
    ['  ip -j -d link, the whole process', ms(list.ip), ''],
    ['  ours over that', times(list.ratio), 'less than 1'],
    ['routes decoded', `${Math.round(decode.rate / 1000)} 000 a second`, 'at least 100 000'],
    ['  memory grown by', `${(decode.growth / 2 ** 20).toFixed(1)} MiB`, 'nothing'],
  ]).join('\n')}\n`;
}

function times(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(2)} x`;
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (found, row) => row.map((cell, index) => Math.max(found[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
