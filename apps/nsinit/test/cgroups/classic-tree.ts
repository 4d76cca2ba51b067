/** The tree that 1.1.0 printed, from the kernel's files, read in another way than nsinit does. */

type Read = (controller: string, file: string) => string | undefined;

export function classicTree(read: Read, isUnified: boolean): object {
  return isUnified ? fromVersion2(read) : fromVersion1(read);
}

function fromVersion1(read: Read): object {
  const usage = number(read('cpuacct', 'cpuacct.usage'));
  const ticks = flat(read('cpuacct', 'cpuacct.stat'));
  const throttling = flat(read('cpu', 'cpu.stat'));
  const perCpu = (read('cpuacct', 'cpuacct.usage_percpu') ?? '').trim().split(' ');
  return {
    cpu_stats: {
      cpu_usage: {
        ...some({ total_usage: usage }),
        percpu_usage: perCpu.map((text) => number(text)),
        // A tick is a hundredth of a second.
        usage_in_kernelmode: Number(ticks['system'] ?? 0) * 10_000_000,
        usage_in_usermode: Number(ticks['user'] ?? 0) * 10_000_000,
      },
      throlling_data: some({
        periods: throttling['nr_periods'],
        throttled_periods: throttling['nr_throttled'],
        throttled_time: throttling['throttled_time'],
      }),
    },
    memory_stats: {
      ...some({
        usage: number(read('memory', 'memory.usage_in_bytes')),
        max_usage: number(read('memory', 'memory.max_usage_in_bytes')),
      }),
      stats: flat(read('memory', 'memory.stat')),
      failcnt: number(read('memory', 'memory.failcnt')),
    },
    blkio_stats: some({
      io_service_bytes_recursive: blkio(read, 'io_service_bytes'),
      io_serviced_recusrive: blkio(read, 'io_serviced'),
    }),
    freezer_stats: {
      parent_state: (read('freezer', 'freezer.parent_freezing') ?? '').trim(),
      self_state: (read('freezer', 'freezer.self_freezing') ?? '').trim(),
    },
  };
}

function fromVersion2(read: Read): object {
  const cpu = flat(read('cpu', 'cpu.stat'));
  const microseconds = (key: string): number => Number(cpu[key] ?? 0) * 1000;
  const frozen = flat(read('', 'cgroup.events'))['frozen'] === 1;
  const self = (read('', 'cgroup.freeze') ?? '').trim();
  const io = (read('io', 'io.stat') ?? '').split('\n').filter((line) => line.includes('='));
  return {
    cpu_stats: {
      cpu_usage: {
        ...some({ total_usage: microseconds('usage_usec') }),
        usage_in_kernelmode: microseconds('system_usec'),
        usage_in_usermode: microseconds('user_usec'),
      },
      throlling_data: some({
        periods: cpu['nr_periods'],
        throttled_periods: cpu['nr_throttled'],
        throttled_time: microseconds('throttled_usec'),
      }),
    },
    memory_stats: {
      ...some({
        usage: number(read('memory', 'memory.current')),
        max_usage: number(read('memory', 'memory.peak')),
      }),
      stats: flat(read('memory', 'memory.stat')),
      failcnt: flat(read('memory', 'memory.events'))['max'],
    },
    blkio_stats: some({
      io_service_bytes_recursive: io.flatMap((line) => device(line, 'rbytes', 'wbytes', 'dbytes')),
      io_serviced_recusrive: io.flatMap((line) => device(line, 'rios', 'wios', 'dios')),
    }),
    freezer_stats: { parent_state: frozen && self === '0' ? '1' : '0', self_state: self },
  };
}

type Count = number | bigint;

function number(text = '0'): Count {
  const value = BigInt(text.trim());
  return value > Number.MAX_SAFE_INTEGER ? value : Number(value);
}

function flat(text = ''): Record<string, Count> {
  return Object.fromEntries(
    [...text.matchAll(/^(\S+) (\d+)$/gm)].map(([, key = '', value]) => [key, number(value)]),
  );
}

function blkio(read: Read, name: string): object[] {
  const own = read('blkio', `blkio.${name}_recursive`) ?? '';
  const text = own.includes(':') ? own : (read('blkio', `blkio.throttle.${name}_recursive`) ?? '');
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, value]) =>
    some({ major: Number(major), minor: Number(minor), op, value: Number(value) }),
  );
}

function device(line: string, ...keys: readonly string[]): object[] {
  const [, major, minor] = /^(\d+):(\d+)/.exec(line) ?? [];
  const values = keys.map((key) => Number(new RegExp(`${key}=(\\d+)`).exec(line)?.[1] ?? 0));
  const total = values.reduce((sum, value) => sum + value, 0);
  return ['Read', 'Write', 'Discard', 'Total'].map((op, index) =>
    some({ major: Number(major), minor: Number(minor), op, value: values[index] ?? total }),
  );
}

/** Without what Go's `omitempty` leaves out. */
function some(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => isThere(value)));
}

function isThere(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
