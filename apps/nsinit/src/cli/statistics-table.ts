import { cpuUsageBetween, type CgroupStatistics, type Limit, type Quantity } from '@ts-c/cgroups';
import { columns, type Output } from './output.ts';
import { formatSize } from './quantities.ts';

const bars = '▁▂▃▄▅▆▇█';
/** How many samples a sparkline shows. */
const length = 24;

/** What is known of one container, sample by sample. */
export class History {
  readonly id: string;
  /** Percent of one CPU, in each interval. */
  readonly cpu: number[] = [];
  /** Bytes, at each sample. */
  readonly memory: number[] = [];
  last: CgroupStatistics | undefined;
  hasEnded = false;

  constructor(id: string) {
    this.id = id;
  }

  add(sample: CgroupStatistics): void {
    if (this.last) push(this.cpu, cpuUsageBetween(this.last, sample).percent);
    push(this.memory, Number(sample.memory?.usage ?? 0));
    this.last = sample;
  }

  end(): void {
    this.hasEnded = true;
  }
}

function push(list: number[], value: number): void {
  list.push(value);
  if (list.length > length) list.shift();
}

/** A table of containers: a row for each, with what it used of late drawn as sparklines on a terminal. */
export function statisticsTable(histories: readonly History[], output: Output): string {
  const { isTerminal, style } = output;
  const graphs = isTerminal && histories.some(({ memory }) => memory.length > 2);
  const graph = graphs ? [''] : [];
  const usage = ['ID', 'CPU', ...graph, 'MEMORY', 'LIMIT', ...graph];
  const head = [...usage, 'PIDS', 'READ', 'WRITTEN', 'STATE'].map(style.bold);
  return columns([head, ...histories.map((history) => rowOf(history, graphs, output))]);
}

function rowOf(history: History, graphs: boolean, { style }: Output): string[] {
  const { id, cpu, memory, last, hasEnded } = history;
  const state = hasEnded ? 'ended' : last?.frozen ? 'paused' : 'running';
  const sum = (key: 'readBytes' | 'writeBytes'): number =>
    (last?.io ?? []).reduce((total, device) => total + Number(device[key]), 0);
  const percent = cpu.at(-1);
  return [
    id,
    percent === undefined ? '-' : `${percent.toFixed(1)}%`,
    ...(graphs ? [style.green(sparkline(cpu, 100))] : []),
    last?.memory ? formatSize(last.memory.usage) : '-',
    limitText(last?.memory?.limit),
    ...(graphs ? [style.yellow(sparkline(memory, numberOf(last?.memory?.limit)))] : []),
    pidsText(last),
    last?.io ? formatSize(sum('readBytes')) : '-',
    last?.io ? formatSize(sum('writeBytes')) : '-',
    state === 'running' ? state : style.dim(state),
  ];
}

function pidsText(last: CgroupStatistics | undefined): string {
  if (!last?.pids) return '-';
  const { current, limit } = last.pids;
  return limit === undefined || limit === 'max' ? String(current) : `${current}/${limit}`;
}

function limitText(limit: Limit | undefined): string {
  return limit === undefined || limit === 'max' ? '-' : formatSize(limit);
}

function numberOf(limit: Limit | undefined): number {
  return limit === undefined || limit === 'max' ? 0 : Number(limit satisfies Quantity);
}

/** Values as bars, of which the highest stands for the largest value, or for `full` where that is more. */
export function sparkline(values: readonly number[], full: number): string {
  const top = Math.max(full, ...values);
  return values
    .map((value) => {
      const share = top > 0 ? value / top : 0;
      return bars[Math.min(bars.length - 1, Math.floor(share * bars.length))];
    })
    .join('');
}
