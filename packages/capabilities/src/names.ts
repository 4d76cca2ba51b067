import { checkInteger } from '@ts-c/syscall';
import { problem } from './error.ts';

/**
 * Every capability of capabilities(7) that has a name, with its number, in the order of the numbers.
 *
 * libcontainer 1.1.0 knew those up to `BLOCK_SUSPEND`.
 */
export const capabilities = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  LINUX_IMMUTABLE: 9,
  NET_BIND_SERVICE: 10,
  NET_BROADCAST: 11,
  NET_ADMIN: 12,
  NET_RAW: 13,
  IPC_LOCK: 14,
  IPC_OWNER: 15,
  SYS_MODULE: 16,
  SYS_RAWIO: 17,
  SYS_CHROOT: 18,
  SYS_PTRACE: 19,
  SYS_PACCT: 20,
  SYS_ADMIN: 21,
  SYS_BOOT: 22,
  SYS_NICE: 23,
  SYS_RESOURCE: 24,
  SYS_TIME: 25,
  SYS_TTY_CONFIG: 26,
  MKNOD: 27,
  LEASE: 28,
  AUDIT_WRITE: 29,
  AUDIT_CONTROL: 30,
  SETFCAP: 31,
  MAC_OVERRIDE: 32,
  MAC_ADMIN: 33,
  SYSLOG: 34,
  WAKE_ALARM: 35,
  BLOCK_SUSPEND: 36,
  AUDIT_READ: 37,
  PERFMON: 38,
  BPF: 39,
  CHECKPOINT_RESTORE: 40,
} as const;

/** A capability that has a name here, written as in `container.json`: upper case, without `CAP_`. */
export type KnownCapability = keyof typeof capabilities;

/** A capability: one with a name, or `CAP_41` for number 41 of a kernel newer than this table. */
export type CapabilityName = KnownCapability | `CAP_${number}`;

/** The highest number in {@link capabilities}. */
export const lastKnown: number = capabilities.CHECKPOINT_RESTORE;
/** The highest number that a capability can ever have: a set is 64 bits. */
export const lastPossible = 63;

/**
 * The capabilities that libcontainer 1.1.0 knew, in the order of its list. That list named SETUID and SETGID twice, the second
 * time behind KILL; here each stands once, at its first place.
 */
export const allCapabilities: readonly KnownCapability[] = [
  'SETPCAP',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'NET_ADMIN',
  'SYSLOG',
  'SETUID',
  'SETGID',
  'CHOWN',
  'NET_RAW',
  'DAC_OVERRIDE',
  'FOWNER',
  'DAC_READ_SEARCH',
  'FSETID',
  'KILL',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_BOOT',
  'LEASE',
  'SETFCAP',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
];

/** Is this a name exactly as {@link capabilities} and `container.json` write it? */
export function isKnownCapability(name: string): name is KnownCapability {
  return Object.hasOwn(capabilities, name);
}

/**
 * The capability that somebody means: with or without `CAP_`, in any case, or `cap_41` by number where it has no name.
 *
 * @throws {Error} `ERR_UNKNOWN_CAPABILITY` where there is none.
 */
export function parseCapability(name: string): CapabilityName {
  const upper = name.toUpperCase();
  const bare = upper.replace(/^CAP_/, '');
  if (isKnownCapability(bare)) return bare;
  if (isNumbered(upper)) return upper;
  throw unknown(name);
}

/**
 * The number of a capability.
 *
 * @throws {Error} `ERR_UNKNOWN_CAPABILITY` where the name is not exactly one of a capability.
 */
export function capabilityNumber(name: CapabilityName): number {
  if (isKnownCapability(name)) return capabilities[name];
  if (isNumbered(name)) return Number(name.slice('CAP_'.length));
  throw unknown(name);
}

const names: readonly KnownCapability[] = Object.keys(capabilities) as KnownCapability[];

/** The name of a capability; `CAP_41` for number 41 and others that have none here. */
export function capabilityName(number: number): CapabilityName {
  checkInteger('capability', number, 0, lastPossible);
  return names[number] ?? `CAP_${number}`;
}

function isNumbered(name: string): name is `CAP_${number}` {
  const digits = /^CAP_([1-9]\d?)$/.exec(name)?.[1];
  return digits !== undefined && Number(digits) > lastKnown && Number(digits) <= lastPossible;
}

function unknown(name: string): Error {
  return problem(
    'ERR_UNKNOWN_CAPABILITY',
    `${JSON.stringify(name)} is no capability; capabilities(7) lists them all`,
    { capability: name },
  );
}
