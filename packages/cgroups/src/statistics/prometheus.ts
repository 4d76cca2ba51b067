import type { Quantity } from './scanner.ts';
import type { CgroupStatistics, PressureResource } from './statistics.ts';

/** The statistics of one cgroup, with the name that it goes by. */
export interface PrometheusEntry {
  readonly id: string;
  readonly statistics: CgroupStatistics;
}

type Labels = Readonly<Record<string, string>>;
type Value = readonly [labels: Labels, value: Quantity | undefined];

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: (statistics: CgroupStatistics) => readonly Value[];
}

/**
 * The text format of Prometheus, version 0.0.4, with the names that cAdvisor uses and the label `id`. Times are seconds. What an
 * entry does not have is left out, a limit of `max` among it.
 */
export function formatPrometheus(entries: readonly PrometheusEntry[]): string {
  return metrics.map((metric) => formatMetric(metric, entries)).join('');
}

function formatMetric(metric: Metric, entries: readonly PrometheusEntry[]): string {
  const { name, type, help, values } = metric;
  let lines = '';
  for (const { id, statistics } of entries) {
    for (const [labels, value] of values(statistics)) {
      if (value === undefined) continue;
      lines += `${name}{${formatLabels({ id, ...labels })}} ${value}\n`;
    }
  }
  return lines === '' ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
}

function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',');
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

type Single = (statistics: CgroupStatistics) => Quantity | 'max' | undefined;

function gauge(name: string, help: string, value: Single): Metric {
  return { name, help, type: 'gauge', values: (statistics) => [[{}, finite(value(statistics))]] };
}

function counter(name: string, help: string, value: Single): Metric {
  return { ...gauge(name, help, value), type: 'counter' };
}

function finite(value: Quantity | 'max' | undefined): Quantity | undefined {
  return value === 'max' ? undefined : value;
}

function seconds(nanoseconds: Quantity | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e9;
}

/** What can't be given back at once is in use: all but file pages that were not used lately. */
function workingSet({ memory }: CgroupStatistics): Quantity | undefined {
  if (memory === undefined) return undefined;
  const inactive = memory.stat['total_inactive_file'] ?? memory.stat['inactive_file'] ?? 0;
  const used = BigInt(memory.usage) - BigInt(inactive);
  return used > 0n ? used : 0;
}

function usageByCpu({ cpu }: CgroupStatistics): readonly Value[] {
  if (cpu === undefined) return [];
  if (cpu.perCpu === undefined) return [[{ cpu: 'total' }, seconds(cpu.usage)]];
  return cpu.perCpu.map((usage, index): Value => [
    { cpu: `cpu${String(index).padStart(2, '0')}` },
    seconds(usage),
  ]);
}

type IoAmount = 'readBytes' | 'writeBytes' | 'reads' | 'writes' | 'discardBytes' | 'discards';

function io(name: string, help: string, amount: IoAmount): Metric {
  return {
    name,
    help,
    type: 'counter',
    values: (statistics) =>
      (statistics.io ?? []).map((device): Value => {
        const [major = '', minor = ''] = device.device.split(':');
        return [{ device: device.device, major, minor }, device[amount]];
      }),
  };
}

function hugetlb(name: string, help: string, of: 'usage' | 'peak' | 'refused'): Metric {
  return {
    name,
    help,
    type: of === 'refused' ? 'counter' : 'gauge',
    values: (statistics) =>
      Object.entries(statistics.hugetlb ?? {}).map(([pagesize, used]): Value => [
        { pagesize },
        used[of],
      ]),
  };
}

function pressure(resource: PressureResource, name: string, kind: 'some' | 'full'): Metric {
  const what = kind === 'some' ? 'at least one process' : 'all processes';
  return counter(
    `container_pressure_${name}_seconds_total`,
    `Time that ${what} waited for ${resource}, in seconds.`,
    (statistics) => {
      const total = statistics.pressure?.[resource]?.[kind]?.total;
      return total === undefined ? undefined : total / 1e6;
    },
  );
}

const metrics: readonly Metric[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'CPU time, in seconds.',
    type: 'counter',
    values: usageByCpu,
  },
  counter('container_cpu_user_seconds_total', 'CPU time in user mode, in seconds.', ({ cpu }) =>
    seconds(cpu?.user),
  ),
  counter('container_cpu_system_seconds_total', 'CPU time in the kernel, in seconds.', ({ cpu }) =>
    seconds(cpu?.system),
  ),
  counter('container_cpu_cfs_periods_total', 'Periods of the quota.', ({ cpu }) => cpu?.periods),
  counter(
    'container_cpu_cfs_throttled_periods_total',
    'Periods in which the quota was used up.',
    ({ cpu }) => cpu?.throttledPeriods,
  ),
  counter(
    'container_cpu_cfs_throttled_seconds_total',
    'Time that the quota did not let it run, in seconds.',
    ({ cpu }) => seconds(cpu?.throttledTime),
  ),
  gauge('container_memory_usage_bytes', 'Memory in use, in bytes.', ({ memory }) => memory?.usage),
  gauge(
    'container_memory_max_usage_bytes',
    'The most memory that was in use, in bytes.',
    ({ memory }) => memory?.peak,
  ),
  gauge(
    'container_memory_working_set_bytes',
    'Memory in use without inactive file pages, in bytes.',
    workingSet,
  ),
  gauge(
    'container_spec_memory_limit_bytes',
    'The limit on memory, in bytes.',
    ({ memory }) => memory?.limit,
  ),
  gauge(
    'container_memory_cache',
    'Memory with file pages, in bytes.',
    ({ memory }) => memory?.stat['total_cache'] ?? memory?.stat['file'],
  ),
  gauge(
    'container_memory_rss',
    'Anonymous memory, in bytes.',
    ({ memory }) => memory?.stat['total_rss'] ?? memory?.stat['anon'],
  ),
  gauge('container_memory_swap', 'Swap in use, in bytes.', ({ memory }) => memory?.swap?.usage),
  counter(
    'container_memory_failcnt',
    'How often the limit on memory was met.',
    ({ memory }) => memory?.events.max,
  ),
  counter(
    'container_oom_events_total',
    'Processes killed for want of memory.',
    ({ memory }) => memory?.events.oomKill,
  ),
  io('container_fs_reads_bytes_total', 'Bytes read.', 'readBytes'),
  io('container_fs_writes_bytes_total', 'Bytes written.', 'writeBytes'),
  io('container_fs_reads_total', 'Read operations.', 'reads'),
  io('container_fs_writes_total', 'Write operations.', 'writes'),
  io('container_fs_discards_bytes_total', 'Bytes discarded.', 'discardBytes'),
  io('container_fs_discards_total', 'Discard operations.', 'discards'),
  gauge('container_threads', 'Processes and threads.', ({ pids }) => pids?.current),
  gauge('container_threads_max', 'The limit on processes and threads.', ({ pids }) => pids?.limit),
  hugetlb('container_hugetlb_usage_bytes', 'Huge pages in use, in bytes.', 'usage'),
  hugetlb('container_hugetlb_max_usage_bytes', 'The most huge pages in use, in bytes.', 'peak'),
  hugetlb('container_hugetlb_failcnt', 'How often the limit on huge pages was met.', 'refused'),
  pressure('cpu', 'cpu_waiting', 'some'),
  pressure('cpu', 'cpu_stalled', 'full'),
  pressure('memory', 'memory_waiting', 'some'),
  pressure('memory', 'memory_stalled', 'full'),
  pressure('io', 'io_waiting', 'some'),
  pressure('io', 'io_stalled', 'full'),
  gauge('container_frozen', '1 while its processes are stopped.', ({ frozen }) =>
    frozen === undefined ? undefined : Number(frozen),
  ),
];
