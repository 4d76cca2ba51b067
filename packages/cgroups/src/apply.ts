import {
  AT,
  AT_FDCWD,
  Memory,
  mkdirat,
  openat,
  OPEN,
  unlinkat,
  SystemError,
  write,
  withDescriptor,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { attachDevices } from './devices/attach.ts';
import type { Member } from './plan.ts';
import type { MakeStep, Step, WriteStep } from './step.ts';

const owner = '@ts-c/cgroups';
const directoryFlags = OPEN.RDONLY | OPEN.DIRECTORY | OPEN.NOFOLLOW | OPEN.CLOEXEC;
const fileFlags = OPEN.WRONLY | OPEN.NOFOLLOW | OPEN.CLOEXEC;

/** Which step a call made live was for, by the error that it ended in. */
const refused = new WeakMap<SystemError, Step>();

/**
 * Does what a plan says, step by step, with `live` now or as a part of a Program. What has been done before a step that the kernel
 * refuses is not undone here.
 *
 * @param onMade Told of each directory that is there now.
 * @throws {SystemError} of which {@link stepOf} tells the step.
 */
export function applySteps(
  kernel: Kernel,
  steps: readonly Step[],
  onMade?: (step: MakeStep) => void,
): void {
  kernel.section(owner, 'the cgroup', () => {
    for (let index = 0; index < steps.length;) {
      const same = sameFile(steps, index);
      writeAll(kernel, same);
      const step = steps[index + same.length];
      if (step && step.kind !== 'write') {
        attributed(step, () => applyOther(kernel, step));
        if (step.kind === 'make') onMade?.(step);
        index += 1;
      }
      index += same.length;
    }
  });
}

/** The step that an error of `applySteps` is about, or of a Program that it was written into. */
export function stepOf(error: unknown, steps: readonly Step[]): Step | undefined {
  if (!(error instanceof SystemError) || error.owner !== owner) return undefined;
  const known = refused.get(error);
  if (known) return known;
  // Its arguments are descriptors and memory, and tell of no path.
  if (error.syscall === 'bpf') return steps.find(({ kind }) => kind === 'devices');
  const candidates = steps.filter(({ path }) => path === error.path);
  // What is written into one file in a row is told apart by what that is.
  const exact = candidates.find(
    (step) => step.kind === 'write' && error.step?.call.includes(JSON.stringify(step.value)),
  );
  return exact ?? candidates[0];
}

/** Remembers which step it was that failed. */
function attributed(step: Step, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (error instanceof SystemError && !refused.has(error)) refused.set(error, step);
    throw error;
  }
}

function applyOther(kernel: Kernel, step: Exclude<Step, WriteStep>): void {
  switch (step.kind) {
    case 'make': {
      const make = (): void => void kernel.call(mkdirat, AT_FDCWD, step.path, 0o755);
      if (!step.exclusive) kernel.attempt(['EEXIST'], make);
      else if (step.parent === undefined) make();
      else makeBeneath(kernel, step.parent, make);
      return;
    }
    case 'replace':
      kernel.attempt(
        ['ENOENT'],
        () => void kernel.call(unlinkat, AT_FDCWD, step.path, AT.REMOVEDIR),
      );
      return;
    case 'devices':
      withOpen(kernel, step.path, directoryFlags, (cgroup) =>
        attachDevices(kernel, cgroup, step.rules),
      );
  }
}

/** Makes a cgroup beneath one that goes as its last child does: it may just have gone. */
function makeBeneath(kernel: Kernel, parent: string, make: () => void): void {
  kernel.attempt(['ENOENT'], make, () => {
    kernel.attempt(['EEXIST'], () => kernel.call(mkdirat, AT_FDCWD, parent, 0o755));
    make();
  });
}

/** The file is opened once for all that is written into it in a row: each write(2) is one order to the kernel. */
function writeAll(kernel: Kernel, steps: readonly WriteStep[]): void {
  const [first] = steps;
  if (!first) return;
  const write1 = (file: Value, step: WriteStep): void => {
    const text = Memory.text('value', step.value);
    const order = (): void => void kernel.call(write, file, text, Buffer.byteLength(step.value));
    attributed(step, () => (step.tolerate ? kernel.attempt(step.tolerate, order) : order()));
  };
  const body = (): void =>
    withOpen(kernel, first.path, fileFlags, (file) => {
      for (const step of steps) write1(file, step);
    });
  const { tolerate } = first;
  attributed(first, () =>
    tolerate && steps.every((step) => step.tolerate) ? kernel.attempt(tolerate, body) : body(),
  );
}

/** The writes from there on that go into one file. */
function sameFile(steps: readonly Step[], from: number): WriteStep[] {
  const same: WriteStep[] = [];
  for (const step of steps.slice(from)) {
    if (step.kind !== 'write' || (same[0] && same[0].path !== step.path)) break;
    same.push(step);
  }
  return same;
}

function withOpen(kernel: Kernel, path: string, flags: number, body: (file: Value) => void): void {
  withDescriptor(kernel, kernel.call(openat, AT_FDCWD, path, flags, 0), body);
}

/** Opens the files through which processes enter a cgroup, one for each of its hierarchies. */
export function openEntrances(kernel: Kernel, members: readonly Member[]): Value[] {
  return kernel.section(owner, 'the way into the cgroup', () =>
    members.map(({ path }) => kernel.call(openat, AT_FDCWD, `${path}/cgroup.procs`, fileFlags, 0)),
  );
}

/** Moves the calling process into a cgroup, all its threads with it. */
export function enter(kernel: Kernel, entrances: readonly Value[]): void {
  kernel.section(owner, 'into the cgroup', () => {
    // 0 is whoever writes.
    const self = Memory.text('pid', '0');
    for (const entrance of entrances) kernel.call(write, entrance, self, 1);
  });
}
