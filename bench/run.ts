/**
 * `pnpm bench`: how long a container takes from start to exit, next to others, and what it leaves behind. All run in turn in one go,
 * in the same root file system with the same isolation. Prints a table; `--json FILE` writes the figures too.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { find, versionOf, writeBundle } from './competitors.ts';
import { compileCost, memoryOfSupervisor } from './cost.ts';
import { runMany } from './many.ts';
import { interleave, median, ratio, type Measurement } from './measure.ts';
import { canMakeCgroups, cgroupFigures, type CgroupFigures } from './cgroups.ts';
import { networkFigures } from './network.ts';
import { formatCgroups, formatNetwork, formatTable } from './report.ts';
import { competitorsFor, containerIn, minimalContainer, moveWhereCrunWorks } from './start.ts';

const cgroupsKey = 'TS_C_BENCH_CGROUPS';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    containers: { type: 'string', default: '1000' },
    veths: { type: 'string', default: '1000' },
    json: { type: 'string' },
  },
});

// Here, where the cgroups of this machine are; crun works elsewhere. Handed on as text.
process.env[cgroupsKey] ??= JSON.stringify(await measureCgroups());
if (!moveWhereCrunWorks()) await main();

async function measureCgroups(): Promise<CgroupFigures | undefined> {
  if (!canMakeCgroups()) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-bench-'));
  try {
    const rootfs = makeRootfs(directory, busyboxPath());
    return await cgroupFigures(writeBundle(directory, rootfs, [], ['/bin/sleep', '600']));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-bench-'));
  try {
    const rootfs = makeRootfs(directory, busyboxPath());
    const cli = join(import.meta.dirname, '../apps/nsinit/dist/bin.js');
    const competitors = competitorsFor(directory, rootfs, cli);
    const measurements = await interleave(competitors, Number(values.rounds), 5);
    const request = containerIn(rootfs);
    const plain = competitors.find(({ name }) => name === 'plain spawn');
    if (!plain) throw new Error('there is nobody to compare with');
    const many = await runMany(request, () => plain.run(), Number(values.containers), median);
    const memory = await memoryOfSupervisor(request);
    const compile = compileCost(minimalContainer(rootfs), median);
    const cgroups = JSON.parse(process.env[cgroupsKey] ?? 'null') as CgroupFigures | null;
    const network = await networkFigures(request, Number(values.veths));
    const start = summarize(measurements);
    const figures = { versions: versions(), start, many, memory, compile, cgroups, network };
    process.stdout.write(formatTable(measurements, figures));
    if (cgroups) process.stdout.write(formatCgroups(cgroups));
    process.stdout.write(formatNetwork(network));
    if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function busyboxPath(): string {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path));
  if (busybox) return busybox;
  throw new Error('the benchmark needs a static busybox (Debian: busybox-static)');
}

function makeRootfs(directory: string, busybox: string): string {
  const rootfs = join(directory, 'rootfs');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'etc', 'tmp'])
    mkdirSync(join(rootfs, name), { recursive: true });
  cpSync(busybox, join(rootfs, 'bin/busybox'));
  for (const applet of ['true', 'sh', 'sleep']) symlinkSync('busybox', join(rootfs, 'bin', applet));
  writeFileSync(
    join(rootfs, 'etc/passwd'),
    'root:x:0:0:root:/:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/sh\n',
  );
  return rootfs;
}

function versions(): Record<string, string> {
  const peers = ['unshare', 'bwrap', 'crun', 'runc'].filter((name) => find(name));
  return {
    node: process.version,
    ...Object.fromEntries(peers.map((name) => [name, versionOf(name)])),
  };
}

/** Medians, and what the library and the CLI take in relation to each other competitor. */
function summarize(measurements: readonly Measurement[]): object[] {
  const library = measurements.find(({ name }) => name === 'library');
  const cli = measurements.find(({ name }) => name === 'nsinit run');
  return measurements.map((measurement) => ({
    name: measurement.name,
    ...(measurement.failure === undefined ? {} : { failed: measurement.failure }),
    medianMs: median(measurement.times),
    library: ratio(library, measurement),
    cli: ratio(cli, measurement),
  }));
}
