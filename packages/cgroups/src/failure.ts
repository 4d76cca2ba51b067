import { SystemError } from '@ts-c/syscall';
import { explainBpf } from './devices/refusal.ts';
import { CgroupError } from './error.ts';
import { reasonOf } from './explain.ts';
import { stepOf } from './apply.ts';
import type { Step } from './step.ts';

/**
 * Turns the refusal of a step into an error that a user can act on: which of the resources, which file, which value, and why. What is
 * no refusal of one of the steps comes back as it is.
 *
 * @param error What `applySteps` has thrown, or the `error` event of a Program that it was written into.
 */
export function explainFailure(error: unknown, steps: readonly Step[]): unknown {
  if (!(error instanceof SystemError)) return error;
  const step = stepOf(error, steps);
  if (!step) return error;
  const place = error.step
    ? ` (step ${error.step.number} of ${error.step.of}, ${error.owner})`
    : '';
  const { path } = step;
  if (error.syscall === 'bpf') return explainBpf(error, { path });
  if (step.kind === 'write') {
    const { key, value } = step;
    return new CgroupError(
      error.code,
      `${key}: ${JSON.stringify(value)} can’t be written to ${path}: ${error.code}: ${reasonOf(error.code, step)}${place}`,
      { key, path, value, cause: error },
    );
  }
  const what =
    step.kind === 'devices'
      ? `devices: the rules can’t be attached to ${path}`
      : `the cgroup ${path} can’t be made`;
  return new CgroupError(error.code, `${what}: ${error.code}: ${reasonFor(error, path)}${place}`, {
    path,
    cause: error,
    ...(step.kind === 'devices' ? { key: 'devices' } : {}),
  });
}

function reasonFor({ code }: SystemError, path: string): string {
  switch (code) {
    case 'EROFS':
      return 'the cgroup file system is mounted read-only here';
    case 'EACCES':
    case 'EPERM':
      return 'that cgroup is not delegated to this user (systemd: Delegate=yes), and this is not root';
    case 'EEXIST':
      return 'there is one of that name already';
    case 'ENOENT':
      return 'the one above it is gone: somebody has removed it meanwhile';
    case 'EBUSY':
      return `it is in use: there are processes or other cgroups in ${path}`;
    case 'EAGAIN':
      return 'the limit on cgroups beneath the one above is reached (cgroup.max.descendants, cgroup.max.depth)';
    default:
      return 'the kernel refuses';
  }
}

/** Two errors of which the second happened while the first was cleaned up after. */
export function withCleanup(error: unknown, cleanup: unknown): Error {
  const first = error as Error & { code?: unknown };
  return Object.assign(
    new AggregateError(
      [error, cleanup],
      `${first.message}; and what had been made could not all be undone: ${(cleanup as Error).message}`,
      { cause: error },
    ),
    first.code === undefined ? {} : { code: first.code },
  );
}
