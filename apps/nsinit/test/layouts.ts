import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '@ts-c/cgroups';
import { temporaryDirectory } from './rootfs.ts';

/** Where cgroups are mounted in what a test compares, whatever machine it runs on. */
const usualMount = '/sys/fs/cgroup';
const controllers = {
  1: ['cpu', 'cpuacct', 'memory', 'devices', 'freezer', 'blkio', 'pids'],
  2: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
} as const;

/** Cgroups that are always laid out alike: directories for them that are gone after the test. */
export function fixedLayout(version: 1 | 2): {
  readonly layout: Layout;
  /** A listing that names them as they are mounted usually. */
  readonly normalize: (listing: string) => string;
} {
  const directory = temporaryDirectory('layout');
  const normalize = (listing: string): string => listing.replaceAll(directory, usualMount);
  if (version === 2) {
    const unified = { version, mountPoint: directory, own: directory, controllers: controllers[2] };
    return { layout: { mode: 'v2', hierarchies: [unified] }, normalize };
  }
  const hierarchies = controllers[1].map((name) => {
    const mountPoint = join(directory, name);
    mkdirSync(mountPoint);
    return { version, mountPoint, own: mountPoint, controllers: [name] };
  });
  return { layout: { mode: 'v1', hierarchies }, normalize };
}
