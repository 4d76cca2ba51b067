import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  close,
  defineStruct,
  execve,
  exitGroup,
  flags,
  int,
  memory,
  Memory,
  OPEN,
  openat,
  AT_FDCWD,
  Program,
  spawn,
  syscall,
  ulong,
  write,
  type SystemError,
} from '@ts-c/syscall';
import { onTestFinished } from 'vitest';

/** Where a static busybox is, if there is one (Debian: busybox-static). */
export const busybox: string | undefined = ['/bin/busybox', '/usr/bin/busybox'].find((path) =>
  existsSync(path),
);

const applets = 'cat echo id ls mkdir mknod readlink rm sh sort stat touch umount mount chmod test';

/** An empty directory, which goes when the test is over. */
export function temporaryDirectory(name = 'mount'): string {
  const directory = mkdtempSync(join(tmpdir(), `ts-c-${name}-`));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A small root file system of busybox, which goes when the test is over. */
export function makeRootfs(): string {
  const rootfs = temporaryDirectory('rootfs');
  mkdirSync(join(rootfs, 'bin'));
  cpSync(busybox as string, join(rootfs, 'bin/busybox'));
  for (const applet of applets.split(' ')) symlinkSync('busybox', join(rootfs, 'bin', applet));
  return rootfs;
}

export const CLONE = {
  NEWNS: 0x20000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;

const cloneArgs = defineStruct('clone_args', {
  flags: { type: 'u64', flags: CLONE },
  pidfd: { type: 'u64' },
  child_tid: { type: 'u64' },
  parent_tid: { type: 'u64' },
  exit_signal: { type: 'u64' },
  stack: { type: 'u64' },
  stack_size: { type: 'u64' },
  tls: { type: 'u64' },
});
const clone3 = syscall('clone3', [memory('cl_args'), ulong('size')], 'pid');
const unshare = syscall('unshare', [flags('flags', CLONE)]);
const wait4 = syscall(
  'wait4',
  [int('pid'), memory('status'), int('options'), memory('rusage')],
  'pid',
);

/** What came of a container. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** What failed on the way to the command, if something did. */
  readonly error?: SystemError;
}

/** How a container of a test is made. */
export interface Isolation {
  readonly namespaces?: number;
  /** In a user namespace of its own, as its root. */
  readonly userNamespace?: boolean;
}

/**
 * Runs a command of the shell as pid 1 of new namespaces, in which `body` has set things up, and waits for it.
 */
export async function contain(
  body: (program: Program) => void,
  script: string,
  { namespaces, userNamespace = false }: Isolation = {},
): Promise<Outcome> {
  const { NEWIPC, NEWNET, NEWNS, NEWPID, NEWUSER, NEWUTS } = CLONE;
  const program = new Program();
  if (userNamespace) enterUserNamespace(program, NEWUSER);
  program.call(unshare, namespaces ?? NEWNS | NEWPID | NEWIPC | NEWNET | NEWUTS);
  const child = program.call(clone3, cloneArgs.make({ exit_signal: 17 }), cloneArgs.size);
  program.child(child, () => {
    body(program);
    const argv = Memory.strings('argv', ['busybox', 'sh', '-c', script]);
    program.call(execve, '/bin/busybox', argv, Memory.strings('envp', ['PATH=/bin']));
  });
  program.call(wait4, child, null, 0, null);
  program.call(exitGroup, 0);
  return run(program);
}

function enterUserNamespace(program: Program, flag: number): void {
  program.call(unshare, flag);
  const maps = { setgroups: 'deny', uid_map: '0 0 1', gid_map: '0 0 1' };
  for (const [name, line] of Object.entries(maps)) {
    const file = program.call(openat, AT_FDCWD, `/proc/self/${name}`, OPEN.WRONLY, 0);
    program.call(write, file, Memory.text('map', line), line.length);
    program.call(close, file);
  }
}

async function run(program: Program): Promise<Outcome> {
  const { process } = spawn(program, { stdio: ['ignore', 'pipe', 'pipe'] });
  let error: SystemError | undefined;
  process.on('error', (failure) => {
    error = failure as SystemError;
  });
  const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr)]);
  if (process.exitCode === null && process.signalCode === null)
    await new Promise((resolve) => {
      process.once('close', resolve);
    });
  return { stdout, stderr, ...(error ? { error } : {}) };
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let all = '';
  for await (const chunk of stream ?? []) all += String(chunk);
  return all;
}
