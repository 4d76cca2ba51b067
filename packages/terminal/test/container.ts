import { rmSync, mkdtempSync, readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import {
  AT_FDCWD,
  close,
  closeRange,
  CLOSE_RANGE,
  execve,
  flags,
  Memory,
  mkdirat,
  mknodat,
  OPEN,
  openat,
  path,
  Program,
  setsid,
  spawn,
  syscall,
  text,
  ulong,
  type Value,
} from '@ts-c/syscall';
import { onTestFinished } from 'vitest';
import {
  bindConsole,
  DescriptorChannel,
  openTerminal,
  sendDescriptor,
  takeTerminal,
  Terminal,
  type TerminalOptions,
} from '../src/index.ts';

export const isRoot = process.getuid?.() === 0;

const MS = { MS_NOSUID: 2, MS_NOEXEC: 8, MS_REC: 0x4000, MS_PRIVATE: 0x40000 } as const;
const mount = syscall('mount', [
  text('source'),
  path('target', 'dest'),
  text('filesystemtype'),
  flags('mountflags', MS),
  text('data'),
]);
const CLONE_NEWNS = 0x20000;
const unshare = syscall('unshare', [flags('flags', { CLONE_NEWNS })]);
const symlinkat = syscall('symlinkat', [text('target'), ulong('newdirfd'), path('linkpath')]);

/** A Program in a mount namespace of its own, with a /dev that has nothing but a devpts, null and tty. */
export function ownDev(program: Program): { dev: Value; devpts: Value } {
  program.call(unshare, CLONE_NEWNS);
  program.call(mount, null, '/', null, MS.MS_REC | MS.MS_PRIVATE, null);
  program.call(mount, 'tmpfs', '/dev', 'tmpfs', MS.MS_NOSUID, 'mode=755');
  program.call(mkdirat, AT_FDCWD, '/dev/pts', 0o755);
  program.call(mknodat, AT_FDCWD, '/dev/null', 0o020666, makedev(1, 3));
  program.call(mknodat, AT_FDCWD, '/dev/tty', 0o020666, makedev(5, 0));
  const data = 'newinstance,ptmxmode=0666,mode=0620,gid=5';
  program.call(mount, 'devpts', '/dev/pts', 'devpts', MS.MS_NOSUID | MS.MS_NOEXEC, data);
  return { dev: openDirectory(program, '/dev'), devpts: openDirectory(program, '/dev/pts') };
}

/** `O_PATH` of a directory. */
function openDirectory(program: Program, name: string): Value {
  return program.call(openat, AT_FDCWD, name, OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC, 0);
}

/** Makes a symbolic link. */
export function link(program: Program, target: string, directory: Value, name: string): void {
  program.call(symlinkat, target, directory, name);
}

export const makedev = (major: number, minor: number): number => (major << 8) | minor;

/** A command on a terminal of its own devpts. */
export interface OnTerminal {
  readonly terminal: Terminal;
  readonly process: ChildProcess;
  /** The exit status, once the process has ended. */
  readonly exited: Promise<number | null>;
}

/** Runs a command on a new terminal in a mount namespace of its own. */
export async function onTerminal(
  command: readonly string[],
  options: TerminalOptions = {},
): Promise<OnTerminal> {
  const program = new Program();
  const { dev, devpts } = ownDev(program);
  const { master, slave } = openTerminal(program, devpts, options);
  bindConsole(program, dev, slave);
  sendDescriptor(program, 4, master);
  program.call(close, master);
  program.call(setsid);
  takeTerminal(program, slave);
  program.call(closeRange, 3, 0xffff_ffff, CLOSE_RANGE.CLOEXEC);
  program.call(
    execve,
    command[0] as string,
    Memory.strings('argv', command),
    Memory.strings('envp', [
      'PATH=/usr/bin:/bin:/usr/sbin:/sbin',
      'LC_ALL=C',
      'PS1=$ ',
      'TERM=dumb',
    ]),
  );
  using channel = new DescriptorChannel();
  const { process: child } = spawn(program, {
    stdio: ['ignore', 'ignore', 'ignore', channel.childEnd],
    cwd: '/',
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  exited.catch(() => {});
  onTestFinished(() => void child.kill('SIGKILL'));
  const terminal = new Terminal(await Promise.race([channel.receive(), failed]));
  terminal.setEncoding('utf8');
  return { terminal, process: child, exited };
}

/** Runs a shell script on a terminal, and gives all that it prints, without carriage returns. */
export async function scriptOnTerminal(
  script: string,
  options: TerminalOptions = {},
): Promise<string> {
  const { terminal } = await onTerminal(['/bin/sh', '-c', script], options);
  return readAll(terminal);
}

/** All that is printed on a terminal, without carriage returns. */
export async function readAll(terminal: Terminal): Promise<string> {
  let all = '';
  for await (const chunk of terminal) all += String(chunk);
  return all.replaceAll('\r', '');
}

/** Waits until a terminal has printed something, and gives everything up to it. */
export async function readUntil(terminal: Terminal, expected: string | RegExp): Promise<string> {
  let all = '';
  return new Promise((resolve, reject) => {
    const onData = (chunk: unknown): void => {
      all += String(chunk).replaceAll('\r', '');
      if (typeof expected === 'string' ? !all.includes(expected) : !expected.test(all)) return;
      stop();
      resolve(all);
    };
    const onEnd = (): void => {
      stop();
      reject(new Error(`the terminal has ended after ${JSON.stringify(all)}`));
    };
    const stop = (): void => {
      terminal.off('data', onData);
      terminal.off('end', onEnd);
      terminal.pause();
    };
    terminal.on('end', onEnd);
    terminal.on('data', onData);
  });
}

/** The file descriptors of this process, with what they are open on. */
export function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      return target.startsWith('/proc/') ? [] : [`${name} ${target}`];
    } catch {
      return [];
    }
  });
}

/** A directory that is gone behind the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-terminal-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
