import { fileURLToPath } from 'node:url';
import { describe as describeContainer, loadConfig } from '../src/config/index.ts';
import type { ContainerDescription } from '../src/description.ts';

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
