import { expect, it } from 'vitest';
import { formatPrometheus } from './prometheus.ts';
import type { CgroupStatistics } from './statistics.ts';

const full: CgroupStatistics = {
  version: 1,
  timestamp: 1,
  memory: {
    usage: 5000,
    limit: 'max',
    peak: 9_007_199_254_740_993n,
    events: { max: 2, oomKill: 1 },
    stat: { total_inactive_file: 1000, total_cache: 3000, total_rss: 2000 },
  },
  cpu: { usage: 2_500_000_000, user: 1_500_000_000, system: 1e9, perCpu: [2e9, 5e8] },
  io: [
    {
      device: '8:16',
      readBytes: 1,
      writeBytes: 2,
      reads: 3,
      writes: 4,
      discardBytes: 5,
      discards: 6,
    },
  ],
  pids: { current: 3, limit: 32 },
  hugetlb: { '2MB': { usage: 2_097_152, limit: 'max' } },
  pressure: { io: { some: { avg10: 0, avg60: 0, avg300: 0, total: 1_500_000 } } },
  frozen: false,
};

it('writes what is known, each metric once', () => {
  const lines = formatPrometheus([{ id: 'demo', statistics: full }]).split('\n');
  expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
    'container_cpu_usage_seconds_total{id="demo",cpu="cpu00"} 2',
    'container_cpu_usage_seconds_total{id="demo",cpu="cpu01"} 0.5',
    'container_cpu_user_seconds_total{id="demo"} 1.5',
    'container_cpu_system_seconds_total{id="demo"} 1',
    'container_memory_usage_bytes{id="demo"} 5000',
    'container_memory_max_usage_bytes{id="demo"} 9007199254740993',
    'container_memory_working_set_bytes{id="demo"} 4000',
    'container_memory_cache{id="demo"} 3000',
    'container_memory_rss{id="demo"} 2000',
    'container_memory_failcnt{id="demo"} 2',
    'container_oom_events_total{id="demo"} 1',
    'container_fs_reads_bytes_total{id="demo",device="8:16",major="8",minor="16"} 1',
    'container_fs_writes_bytes_total{id="demo",device="8:16",major="8",minor="16"} 2',
    'container_fs_reads_total{id="demo",device="8:16",major="8",minor="16"} 3',
    'container_fs_writes_total{id="demo",device="8:16",major="8",minor="16"} 4',
    'container_fs_discards_bytes_total{id="demo",device="8:16",major="8",minor="16"} 5',
    'container_fs_discards_total{id="demo",device="8:16",major="8",minor="16"} 6',
    'container_threads{id="demo"} 3',
    'container_threads_max{id="demo"} 32',
    'container_hugetlb_usage_bytes{id="demo",pagesize="2MB"} 2097152',
    'container_pressure_io_waiting_seconds_total{id="demo"} 1.5',
    'container_frozen{id="demo"} 0',
    '',
  ]);
});

const pids = (current: number): CgroupStatistics => ({
  version: 2,
  timestamp: 1,
  pids: { current, limit: 'max' },
});

it('puts the samples of a metric together, after its help and type', () => {
  const entries = [
    { id: 'a', statistics: pids(1) },
    { id: 'b', statistics: pids(2) },
  ];
  expect(formatPrometheus(entries)).toBe(
    [
      '# HELP container_threads Processes and threads.',
      '# TYPE container_threads gauge',
      'container_threads{id="a"} 1',
      'container_threads{id="b"} 2',
      '',
    ].join('\n'),
  );
  expect(formatPrometheus([])).toBe('');
});

it('escapes labels', () => {
  const statistics: CgroupStatistics = { version: 2, timestamp: 1, pids: { current: 1 } };
  expect(formatPrometheus([{ id: 'a"b\\c\nd', statistics }])).toContain(
    'container_threads{id="a\\"b\\\\c\\nd"} 1\n',
  );
});

it('takes the sum for the CPU time where it is not known by CPU', () => {
  const statistics: CgroupStatistics = { version: 2, timestamp: 1, cpu: { usage: 1_250_000_000 } };
  expect(formatPrometheus([{ id: 'a', statistics }])).toContain(
    'container_cpu_usage_seconds_total{id="a",cpu="total"} 1.25\n',
  );
});

it('has valid names, one help and one type each', () => {
  const text = formatPrometheus([{ id: 'demo', statistics: full }]);
  const help = [...text.matchAll(/^# HELP ([a-z_]+) .+\.$/gm)].map(([, name]) => name);
  const type = [...text.matchAll(/^# TYPE ([a-z_]+) (?:counter|gauge)$/gm)].map(([, name]) => name);
  expect(help).toEqual(type);
  expect(new Set(help).size).toBe(help.length);
});
