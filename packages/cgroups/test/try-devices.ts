/** What a process in a cgroup may do with devices, tried on the real kernel: mknod(2) and open(2) on a tmpfs of its own. */
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makedev } from '@ts-c/mount';
import {
  AT_FDCWD,
  chdir,
  close,
  exitGroup,
  flags,
  Memory,
  mknodat,
  OPEN,
  openat,
  path,
  Program,
  spawn,
  syscall,
  text as string,
  write,
} from '@ts-c/syscall';
import { onTestFinished } from 'vitest';
import type { DeviceRule } from '../src/devices/rule.ts';
import { isAllowed, requestsFor, type DeviceRequest } from './device-rules.ts';

/** Where the list of devices of version 1 is, and where version 2 is mounted, if it is. */
export const devicesV1 = ['/sys/fs/cgroup/devices'].find((directory) =>
  existsSync(join(directory, 'devices.list')),
);
export const unified = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((directory) =>
  existsSync(join(directory, 'cgroup.subtree_control')),
);

/** A cgroup of our own beneath a directory, which goes when the test is over. */
export function makeDeviceGroup(parent = ''): string {
  const random = Math.random().toString(36).slice(2, 8);
  const directory = join(parent, `ts-c-test-devices-${process.pid}-${random}`);
  mkdirSync(directory);
  onTestFinished(() => rmdirSync(directory));
  return directory;
}

const CLONE_NEWNS = 0x20000;
const unshare = syscall('unshare', [flags('flags', { CLONE_NEWNS })]);
const MS = { REC: 0x4000, PRIVATE: 0x40000 };
const mount = syscall('mount', [
  string('source'),
  path('target', 'dest'),
  string('filesystemtype'),
  flags('mountflags', MS),
  string('data'),
]);

const formats = { b: 0o060000, c: 0o020000 } as const;
const openModes: Readonly<Record<string, number>> = {
  r: OPEN.RDONLY,
  w: OPEN.WRONLY,
  rw: OPEN.RDWR,
};
/** These the driver of the device says: the cgroup has allowed it by then. */
const driver = ['ENXIO', 'ENODEV', 'EIO', 'EBUSY', 'EINVAL'] as const;

/** What rules turned out to allow, and what they should allow. */
export interface Verdict {
  readonly answers: readonly boolean[];
  readonly expected: readonly boolean[];
}

/** Tries what rules come to in a cgroup. */
export async function tryRules(
  rules: readonly DeviceRule[],
  enter: (program: Program) => void,
): Promise<Verdict> {
  const requests = requestsFor(rules);
  const answers = await tryDevices(requests, enter);
  return { answers, expected: requests.map((request) => isAllowed(rules, request)) };
}

/**
 * Makes device nodes, then enters the cgroup, and there tries all requests.
 *
 * @param enter Writes down how the cgroup is entered.
 * @returns for each request whether it was allowed.
 */
async function tryDevices(
  requests: readonly DeviceRequest[],
  enter: (program: Program) => void,
): Promise<boolean[]> {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-devices-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const program = new Program();
  program.call(unshare, CLONE_NEWNS);
  program.call(mount, null, '/', null, MS.REC | MS.PRIVATE, null);
  program.call(mount, 'tmpfs', directory, 'tmpfs', 0, null);
  program.call(chdir, directory);
  requests.forEach((request, index) => makeNode(program, request, `made${index}`));
  enter(program);
  requests.forEach((request, index) => {
    const answer = (letter: string): void => {
      program.call(write, 1, Memory.text('answer', letter), 1);
    };
    program.attempt(
      ['EPERM'],
      () => {
        program.attempt(driver, () => attemptAt(program, request, index));
        answer('y');
      },
      () => answer('n'),
    );
  });
  program.call(exitGroup, 0);
  const { process: child } = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const answers = child.stdout ? await Promise.race([text(child.stdout), failed]) : '';
  await Promise.race([ended, failed]);
  return [...answers].map((letter) => letter === 'y');
}

function attemptAt(program: Program, request: DeviceRequest, index: number): void {
  if (request.access === 'm') return makeNode(program, request, `new${index}`);
  const how = (openModes[request.access] ?? 0) | OPEN.NONBLOCK | OPEN.NOCTTY | OPEN.CLOEXEC;
  program.call(close, program.call(openat, AT_FDCWD, `made${index}`, how, 0));
}

function makeNode(program: Program, { type, major, minor }: DeviceRequest, name: string): void {
  program.call(mknodat, AT_FDCWD, name, formats[type] | 0o600, makedev(major, minor));
}

/** Writes down how the process that runs it enters a cgroup. */
export const entering =
  (directory: string) =>
  (program: Program): void => {
    const procs = program.call(openat, AT_FDCWD, `${directory}/cgroup.procs`, OPEN.WRONLY, 0);
    program.call(write, procs, Memory.text('self', '0'), 1);
    program.call(close, procs);
  };
