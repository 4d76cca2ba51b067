import type { Device } from './config.ts';

/** `type` of a character device. */
export const characterDevice = 99;
/** `type` of a block device. */
export const blockDevice = 98;
/** A number that stands for all. */
export const wildcard = -1;

const simple = (path: string, major_number: number, minor_number: number): Device => ({
  type: characterDevice,
  path,
  major_number,
  minor_number,
  cgroup_permissions: 'rwm',
  file_mode: 0o666,
});

/** Devices that every container gets: made, and allowed. */
export const defaultSimpleDevices: readonly Device[] = [
  simple('/dev/null', 1, 3),
  simple('/dev/zero', 1, 5),
  simple('/dev/full', 1, 7),
  simple('/dev/tty', 5, 0),
  simple('/dev/urandom', 1, 9),
  simple('/dev/random', 1, 8),
];

const rule = (
  type: number,
  major_number: number,
  minor_number: number,
  cgroup_permissions: string,
  path?: string,
): Device => ({
  type,
  ...(path === undefined ? {} : { path }),
  major_number,
  minor_number,
  cgroup_permissions,
});

/** Devices that a container may use, by the rules of its device cgroup. */
export const defaultAllowedDevices: readonly Device[] = [
  rule(characterDevice, wildcard, wildcard, 'm'),
  rule(blockDevice, wildcard, wildcard, 'm'),
  rule(characterDevice, 5, 1, 'rwm', '/dev/console'),
  rule(characterDevice, 4, 0, 'rwm', '/dev/tty0'),
  rule(characterDevice, 4, 1, 'rwm', '/dev/tty1'),
  rule(characterDevice, 136, wildcard, 'rwm'),
  rule(characterDevice, 5, 2, 'rwm'),
  rule(characterDevice, 10, 200, 'rwm'),
  ...defaultSimpleDevices,
];

/** Devices that libcontainer's users had made for them: the simple ones, and fuse with mode 0. */
export const defaultAutoCreatedDevices: readonly Device[] = [
  rule(characterDevice, 10, 229, 'rwm', '/dev/fuse'),
  ...defaultSimpleDevices,
];

/** The major number in a device number of user space: makedev(3). */
export function major(device: number): number {
  return (device >>> 8) & 0xfff;
}

/** The minor number in a device number of user space: makedev(3). */
export function minor(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}

/** A device number of user space, of 32 bits, as mknod(2) takes it: makedev(3). */
export function makedev(majorNumber: number, minorNumber: number): number {
  return ((majorNumber << 8) | (minorNumber & 0xff) | ((minorNumber & 0xfff00) << 12)) >>> 0;
}

/** The rule of a device cgroup: `c 1:3 rwm`, `c 136:* rwm`. */
export function deviceCgroupRule(device: Device): string {
  const { type, major_number = 0, minor_number = 0, cgroup_permissions = '' } = device;
  const numbers = [major_number, minor_number].map((number) =>
    number === wildcard ? '*' : String(number),
  );
  return `${String.fromCharCode(type)} ${numbers.join(':')} ${cgroup_permissions}`;
}
