import { lstatSync, readFileSync } from 'node:fs';
import { release, userInfo } from 'node:os';
import process from 'node:process';
import { capabilities } from '@ts-c/capabilities';

/** What is known of the host without trying anything. */
export interface Host {
  readonly release: string;
  readonly uid: number;
  readonly name: string | undefined;
  /** The effective set. */
  has(capability: keyof typeof capabilities): boolean;
  /** Text of a file, without white space around it; nothing where it can't be read. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** A sysctl by its name: `kernel.unprivileged_userns_clone`. */
  sysctl(name: string): string | undefined;
  /** A field of /proc/self/status. */
  status(field: string): string | undefined;
}

/** Looks at this machine, as this process sees it. */
export function lookAtHost(read: (path: string) => string | undefined = readIfThere): Host {
  const status = read('/proc/self/status') ?? '';
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];
  const effective = BigInt(`0x${field('CapEff') ?? '0'}`);
  return {
    release: release(),
    uid: process.geteuid?.() ?? 0,
    name: nameOfUser(),
    has: (capability) => ((effective >> BigInt(capabilities[capability])) & 1n) === 1n,
    read,
    exists: (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
    sysctl: (name) => read(`/proc/sys/${name.replaceAll('.', '/')}`),
    status: field,
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function nameOfUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
