import { execve, flags, Memory, Program, spawn, syscall } from '@ts-c/syscall';
import { afterEach, beforeEach, expect } from 'vitest';
import {
  readMountInfo,
  setUpMountNamespace,
  type MountInfo,
  type MountSetup,
} from '../src/index.ts';

const CLONE = { CLONE_NEWNS: 0x20000, CLONE_NEWUSER: 0x10000000 } as const;
const unshare = syscall('unshare', [flags('flags', CLONE)]);

/** How a Program has ended. */
export interface Outcome {
  readonly output: string;
  readonly errors: string;
  readonly status: number | null;
  /** The step that failed, if one did. */
  readonly error: Error | undefined;
}

/** What {@link inNamespace} does beside its body. */
export interface NamespaceOptions {
  /** Is there a user namespace too, in which only this user is known, as root? */
  readonly userNamespace?: boolean;
  /** A shell; `/bin/sh` by default. */
  readonly shell?: readonly [file: string, ...argv: string[]];
}

/** Does something in a mount namespace of its own, then runs a shell script there. */
export function inNamespace(
  body: (program: Program) => void,
  script = '',
  { userNamespace = false, shell = ['/bin/sh', 'sh'] }: NamespaceOptions = {},
): Promise<Outcome> {
  const program = new Program();
  program.call(unshare, CLONE.CLONE_NEWNS | (userNamespace ? CLONE.CLONE_NEWUSER : 0));
  body(program);
  const [file, ...argv] = shell;
  const environment = Memory.strings('envp', ['PATH=/bin:/usr/bin:/sbin']);
  program.call(execve, file, Memory.strings('argv', [...argv, '-c', script]), environment);
  return outcomeOf(program);
}

/** Sets up a container's mount namespace, then runs a shell script in it. */
export function inContainer(
  setup: Partial<MountSetup> & Pick<MountSetup, 'rootfs'>,
  script = '',
  options: NamespaceOptions = {},
): Promise<Outcome> {
  const whole: MountSetup = { mounts: [], deviceNodes: [], ...setup };
  return inNamespace((program) => setUpMountNamespace(program, whole), script, options);
}

async function outcomeOf(program: Program): Promise<Outcome> {
  const { process: child } = spawn(program);
  let output = '';
  let errors = '';
  let error: Error | undefined;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.on('error', (reason) => (error = reason));
  child.stdin?.end();
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { output, errors, status, error };
}

/** Sees to it that no test of a file changes what is mounted on the host. */
export function guardHost(): void {
  let before: readonly MountInfo[] = [];
  beforeEach(() => {
    before = readMountInfo();
  });
  afterEach(() => {
    expect(readMountInfo()).toEqual(before);
  });
}
