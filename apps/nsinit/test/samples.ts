import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe as describeContainer, loadConfig } from '../src/config/index.ts';
import type { ContainerDescription } from '../src/description.ts';
import { uniqueParent } from './cgroups.ts';

/** The configurations that libcontainer 1.1.0 comes with. */
export const samples = ['minimal', 'attach_to_bridge', 'apparmor', 'selinux'] as const;

/** The description of a sample configuration's container. */
export function describeSample(
  name: string,
  rootfs: string,
  command: readonly string[],
): ContainerDescription {
  const path = fileURLToPath(new URL(`fixtures/${name}.json`, import.meta.url));
  const { config } = loadConfig(path);
  return describeContainer(config, { rootfs, command });
}

/** The same, in a cgroup that no other test has: two containers of one configuration can't run at once. */
export function describeOwnSample(
  name: string,
  rootfs: string,
  command: readonly string[],
): ContainerDescription {
  const { cgroup, ...description } = describeSample(name, rootfs, command);
  return { ...description, cgroup: { ...cgroup, parent: uniqueParent() } };
}

/** Puts a sample configuration into a directory as its `container.json`, with a cgroup of its own. */
export function writeSample(name: string, directory: string): string {
  const text = readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8');
  const config = JSON.parse(text) as { cgroups: object };
  const path = join(directory, 'container.json');
  const cgroups = { ...config.cgroups, parent: uniqueParent() };
  writeFileSync(path, JSON.stringify({ ...config, cgroups }));
  return path;
}
