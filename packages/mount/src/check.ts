import type { Device, Mount } from './config.ts';
import { blockDevice, characterDevice, wildcard } from './devices.ts';
import { parseMountOptions } from './options.ts';

/** A mount or a device that can't be: which field, and why. */
export class MountError extends Error {
  override readonly name = 'MountError';
  readonly code: 'ERR_INVALID_MOUNT' | 'ERR_INVALID_DEVICE';
  /** Where it is in the configuration: `mounts[2].source`. */
  readonly field: string;

  constructor(
    field: string,
    message: string,
    options: ErrorOptions & { readonly code?: MountError['code'] } = {},
  ) {
    const { code = 'ERR_INVALID_MOUNT', ...rest } = options;
    super(`${field}: ${message}`, rest);
    this.field = field;
    this.code = code;
  }
}

// Files of /proc that may be covered: by what lxcfs and its like provide.
const coverable = new Set(
  ['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'net/dev', 'slabinfo', 'stat', 'swaps']
    .concat(['sys/kernel/ns_last_pid', 'uptime'])
    .map((name) => `/proc/${name}`),
);

/** May a file of /proc be mounted over? By name; what the name leads to is looked at when it is done. */
export function isCoverable(destination: string): boolean {
  return coverable.has(normalize(destination));
}

/**
 * Checks a mount of the configuration: what can be said about it without looking at the machine.
 *
 * @param field What to call it in an error: `mounts[2]`.
 * @throws {MountError} which names the field.
 */
export function checkMount(field: string, mount: Mount): void {
  const { type, source, destination, options = [] } = mount;
  for (const [key, value] of Object.entries({ type, source, destination })) {
    if (value?.includes('\0')) throw new MountError(`${field}.${key}`, 'holds a NUL byte');
  }
  if (type === '') throw new MountError(`${field}.type`, 'expected bind or a type of file system');
  if (!destination.startsWith('/')) {
    const got = JSON.stringify(destination);
    throw new MountError(`${field}.destination`, `expected an absolute path, got ${got}`);
  }
  checkDestination(field, mount);
  options.forEach((option, index) => {
    if (option === '' || option.includes('\0')) {
      const got = JSON.stringify(option);
      throw new MountError(`${field}.options[${index}]`, `expected an option, got ${got}`);
    }
  });
  if (type === 'bind') checkBind(field, mount);
}

function checkDestination(field: string, { type, destination }: Mount): void {
  const target = normalize(destination);
  if (target === '/') {
    throw new MountError(`${field}.destination`, 'the root itself can’t be mounted over');
  }
  const inProc = target === '/proc' || target.startsWith('/proc/');
  const allowed = coverable.has(target) || (type === 'proc' && target === '/proc');
  if (inProc && !allowed) {
    const message = `${target} is in /proc, which has to stay what it is`;
    throw new MountError(`${field}.destination`, message);
  }
}

function checkBind(field: string, { source, options = [] }: Mount): void {
  if (!source?.startsWith('/')) {
    const got = JSON.stringify(source ?? '');
    throw new MountError(`${field}.source`, `expected an absolute path, got ${got}`);
  }
  const { data, idmap } = parseMountOptions(options);
  const [unknown] = data;
  if (unknown !== undefined) {
    const index = options.indexOf(unknown);
    const message = `${JSON.stringify(unknown)} means nothing to a bind mount`;
    throw new MountError(`${field}.options[${index}]`, message);
  }
  if (idmap && !idmap.userNamespace?.startsWith('/')) {
    const message = 'an id-mapped mount needs a user namespace: idmap=/proc/PID/ns/user';
    throw new MountError(`${field}.options`, message);
  }
}

/** Checks all mounts of a configuration; see {@link checkMount}. */
export function checkMounts(mounts: readonly Mount[], field = 'mounts'): void {
  mounts.forEach((mount, index) => checkMount(`${field}[${index}]`, mount));
}

/** What a device in a configuration is for: a node to make, or a rule, which may be about many. */
export type DeviceUse = 'node' | 'rule';

/**
 * Checks a device of the configuration.
 *
 * @throws {MountError} (`ERR_INVALID_DEVICE`) which names the field.
 */
export function checkDevice(field: string, device: Device, use: DeviceUse = 'node'): void {
  const { type, path, major_number = 0, minor_number = 0, cgroup_permissions = '' } = device;
  const refuse = (key: keyof Device, message: string): never => {
    throw new MountError(`${field}.${key}`, message, { code: 'ERR_INVALID_DEVICE' });
  };
  const format = formats.get(type);
  if (format === undefined) {
    return refuse('type', `expected 99 (a character device) or 98 (a block device), got ${type}`);
  }
  if (path === undefined ? use === 'node' : !/^\/[^\0]*$/s.test(path)) {
    refuse('path', `expected an absolute path, got ${JSON.stringify(path ?? '')}`);
  }
  const least = use === 'node' ? 0 : wildcard;
  // The sizes that both have in the kernel.
  if (!isWhole(major_number, least, 2 ** 12 - 1))
    refuse('major_number', `expected ${least} to 4095, got ${major_number}`);
  if (!isWhole(minor_number, least, 2 ** 20 - 1))
    refuse('minor_number', `expected ${least} to 1048575, got ${minor_number}`);
  if (!/^(?!.*(.).*\1)[rwm]*$/.test(cgroup_permissions))
    refuse(
      'cgroup_permissions',
      `expected some of r, w and m, got ${JSON.stringify(cgroup_permissions)}`,
    );
  const { file_mode = 0, uid = 0, gid = 0 } = device;
  const fileType = file_mode & ~0o7777;
  if (!isWhole(file_mode, 0, 0o177777) || (fileType !== 0 && fileType !== format))
    refuse('file_mode', `expected permissions such as 438 (0666), got ${file_mode}`);
  for (const [key, id] of Object.entries({ uid, gid })) {
    if (!isWhole(id, 0, 2 ** 32 - 2)) refuse(key as 'uid' | 'gid', `expected an id, got ${id}`);
  }
}

/** Checks all devices of a configuration; see {@link checkDevice}. */
export function checkDevices(
  devices: readonly Device[],
  field = 'device_nodes',
  use: DeviceUse = 'node',
): void {
  devices.forEach((device, index) => checkDevice(`${field}[${index}]`, device, use));
}

/** The `S_IF*` bits of each type of device. */
export const formats: ReadonlyMap<number, number> = new Map([
  [characterDevice, 0o020000],
  [blockDevice, 0o060000],
]);

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

/** A path of the container without `.`, `..` and doubled slashes, by name alone. */
export function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
