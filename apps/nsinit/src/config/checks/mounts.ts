import { checkMount as checkMountEntry, MountError } from '@ts-c/mount';
import { suggest } from '../../suggest.ts';
import type { Issues } from '../issues.ts';
import { mountTypes, propagations } from '../known.ts';
import type { Config, DeviceEntry, MountEntry } from '../types.ts';

/** Types of device nodes in `container.json`: character devices, block devices. */
const deviceTypes = { 99: 0o020000, 98: 0o060000 } as const;

/** Checks `mount_config`, and the paths that are to be masked or read-only. */
export function checkMounts(config: Config, issues: Issues): void {
  const { mounts = [], device_nodes = [], mount_propagation } = config.mount_config ?? {};
  mounts.forEach((mount, index) => checkMount(mount, `mount_config.mounts[${index}]`, issues));
  device_nodes.forEach((device, index) =>
    checkDevice(device, `mount_config.device_nodes[${index}]`, issues),
  );
  if (mount_propagation && !(propagations as readonly string[]).includes(mount_propagation)) {
    const message = `expected one of ${propagations.join(', ')}, got ${JSON.stringify(mount_propagation)}`;
    issues.error(
      'mount_config.mount_propagation',
      message,
      suggest(mount_propagation, propagations),
    );
  }
  for (const key of ['masked_paths', 'readonly_paths'] as const) {
    config[key]?.forEach((path, index) => checkAbsolute(path, `${key}[${index}]`, issues));
  }
}

function checkMount(mount: MountEntry, path: string, issues: Issues): void {
  const { type = '', source = '', destination = '' } = mount;
  if (!mountTypes.includes(type)) {
    const known = suggest(type, mountTypes);
    issues.ignore(
      `${path}.type`,
      `${JSON.stringify(type)} is no type that is known: it is not mounted`,
      known,
    );
    return;
  }
  const needed = type === 'bind' ? { source, destination } : { destination };
  for (const [key, value] of Object.entries(needed)) {
    if (value === '') issues.error(`${path}.${key}`, 'is missing');
  }
  if (Object.values(needed).includes('')) return;
  try {
    checkMountEntry(path, { ...mount, type, destination });
  } catch (error) {
    if (!(error instanceof MountError)) throw error;
    issues.error(error.field, error.message.slice(`${error.field}: `.length));
  }
}

function checkDevice(device: DeviceEntry, path: string, issues: Issues): void {
  const {
    type = 0,
    major_number: major = 0,
    minor_number: minor = 0,
    file_mode: mode = 0,
  } = device;
  checkAbsolute(device.path ?? '', `${path}.path`, issues);
  const format = deviceTypes[type as keyof typeof deviceTypes];
  if (format === undefined) {
    const message = `expected 99 (a character device) or 98 (a block device), got ${type}`;
    issues.error(`${path}.type`, message);
  } else if ((mode & ~0o7777) !== 0 && (mode & ~0o7777) !== format) {
    issues.error(`${path}.file_mode`, `expected permissions such as 438 (0666), got ${mode}`);
  }
  // The sizes that both have in the kernel.
  if (major < 0 || major >= 2 ** 12)
    issues.error(`${path}.major_number`, `expected 0 to 4095, got ${major}`);
  if (minor < 0 || minor >= 2 ** 20)
    issues.error(`${path}.minor_number`, `expected 0 to 1048575, got ${minor}`);
}

function checkAbsolute(text: string, path: string, issues: Issues): void {
  if (text.startsWith('/')) return;
  issues.error(
    path,
    text === '' ? 'is missing' : `expected an absolute path, got ${JSON.stringify(text)}`,
  );
}
