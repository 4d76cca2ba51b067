import type { StatFiles } from './files.ts';
import { limitOf } from './quantity.ts';
import { parseLimits, parseNested } from './parse.ts';
import type {
  HugetlbStatistics,
  MiscStatistics,
  PidsStatistics,
  RdmaStatistics,
} from './statistics.ts';

// What is much the same in both versions. A controller may be used through version 2 on a machine that has the others in
// version 1, so the names of the files decide.

const sizes = new WeakMap<ReadonlySet<string>, readonly string[]>();

/** Huge pages by size, in the order of the kernel's names. */
export function readHugetlb(files: StatFiles): Record<string, HugetlbStatistics> | undefined {
  const pageSizes = pageSizesOf(files.names('hugetlb'));
  if (pageSizes.length === 0) return undefined;
  const found: Record<string, HugetlbStatistics> = {};
  for (const size of pageSizes) {
    const name = `hugetlb.${size}`;
    const usage =
      files.integer('hugetlb', `${name}.current`) ??
      files.integer('hugetlb', `${name}.usage_in_bytes`);
    if (usage === undefined) continue;
    found[size] = {
      usage,
      limit:
        files.limit('hugetlb', `${name}.max`) ??
        limitOf(files.integer('hugetlb', `${name}.limit_in_bytes`)),
      peak: files.integer('hugetlb', `${name}.max_usage_in_bytes`),
      refused:
        files.flat('hugetlb', `${name}.events`)?.['max'] ??
        files.integer('hugetlb', `${name}.failcnt`),
    };
  }
  return found;
}

function pageSizesOf(names: ReadonlySet<string>): readonly string[] {
  const known = sizes.get(names);
  if (known !== undefined) return known;
  const found = [...names]
    .flatMap((name) => /^hugetlb\.([^.]+)\.(?:current|usage_in_bytes)$/.exec(name)?.[1] ?? [])
    .toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true }));
  sizes.set(names, found);
  return found;
}

/** What is in use of each RDMA device. */
export function readRdma(files: StatFiles): Record<string, RdmaStatistics> | undefined {
  const text = files.read('rdma', 'rdma.current');
  if (text === undefined) return undefined;
  const found: Record<string, RdmaStatistics> = {};
  for (const [device, { hca_handle = 0, hca_object = 0 }] of parseNested(text)) {
    found[device] = { hcaHandles: hca_handle, hcaObjects: hca_object };
  }
  return found;
}

/** Resources of which a machine has a certain number. */
export function readMisc(files: StatFiles): Record<string, MiscStatistics> | undefined {
  const current = files.flat('misc', 'misc.current');
  if (current === undefined) return undefined;
  const text = files.read('misc', 'misc.max');
  const limits = text === undefined ? undefined : parseLimits(text);
  const found: Record<string, MiscStatistics> = {};
  for (const [name, value] of Object.entries(current)) {
    found[name] = { current: value, limit: limits?.get(name) };
  }
  return found;
}

/** Processes and threads. */
export function readPids(files: StatFiles): PidsStatistics | undefined {
  const current = files.integer('pids', 'pids.current');
  if (current === undefined) return undefined;
  return {
    current,
    limit: files.limit('pids', 'pids.max'),
    peak: files.integer('pids', 'pids.peak'),
    refused: files.flat('pids', 'pids.events')?.['max'],
  };
}
